"""API tokens: made and shown once, seen, revoked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from edgeguard.errors import ConfigError, Forbidden
from edgeguard.fleet.actor import Actor, Permission
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.secret import new_secret, sha256_of
from edgeguard.fleet.store import audit, tokens
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.tokens import Token

PREFIX: Final = "egt_"  # so that scanners find tokens that were published by mistake
MAX_DAYS: Final = 365


def listed(database: Database, actor: Actor) -> list[Token]:
    """The actor's tokens; of everybody's, where they may manage."""
    actor.must("read")
    everybody = "manage" in actor.may
    with database.reading() as connection:
        return tokens.listed(connection, None if everybody else actor.user_id)


def create(
    database: Database, actor: Actor, name: str, scopes: Collection[Permission], days: int, now_ms: int
) -> tuple[int, str]:
    """A token of the actor's: its number, and the token itself, which is kept nowhere.

    Args:
        database: Where its SHA-256 goes.
        actor: Whose it is; it never may more than they do.
        name: For the lists.
        scopes: What it is for.
        days: Until it expires, 1 to 365.
        now_ms: The time.
    """
    if actor.user_id is None:
        raise ConfigError("the program itself has no tokens")
    if not name.strip() or len(name) > 64 or not name.isprintable():
        raise ConfigError(f"{name[:80]!r} cannot be a token's name: 1 to 64 letters")
    if not 1 <= days <= MAX_DAYS:
        raise ConfigError(f"a token cannot hold for {days} days: 1 to {MAX_DAYS}")
    if not scopes:
        raise ConfigError("a token without a scope opens nothing: give read, label or manage")
    for scope in scopes:
        actor.must(scope)
    token, ordered = PREFIX + new_secret(), tuple(sorted(set(scopes)))
    expires_ms = now_ms + days * DAY_MS
    with database.writing() as connection:
        number = tokens.add(connection, actor.user_id, name, sha256_of(token), ordered, now_ms, expires_ms)
        details = {"name": name, "scopes": list(ordered), "expires_ms": expires_ms}
        audit.record(connection, actor, "token.create", str(number), details, now_ms)
    return number, token


def revoke(database: Database, actor: Actor, token_id: int, now_ms: int) -> None:
    """From now on the token opens nothing; one's own, or anybody's where one may manage."""
    with database.writing() as connection:
        if tokens.owner(connection, token_id) != actor.user_id and "manage" not in actor.may:
            raise Forbidden(f"token {token_id} is somebody else's: ask an admin")
        tokens.revoke(connection, token_id, now_ms)
        audit.record(connection, actor, "token.revoke", str(token_id), {}, now_ms)
