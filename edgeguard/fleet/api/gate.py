"""Who stands behind a request: its session cookie or its bearer token, looked up in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edgeguard.errors import Forbidden
from edgeguard.fleet.actor import PERMISSIONS, Actor
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.config import Web
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.secret import sha256_of
from edgeguard.fleet.store import sessions, tokens
from edgeguard.fleet.store.sessions import Session

TOKEN_PREFIX: Final = "egt_"  # noqa: S105 - what tokens begin with, so that scanners of leaks know them
_TOUCH_MS: Final = 60_000


class LoginNeeded(Forbidden):
    """Nobody is logged in here, or no longer: log in, or send a token that holds."""


@dataclass(frozen=True)
class Gate:
    """Opens for those who show a session or a token that holds; every call asks the database anew."""

    parts: Parts

    @property
    def idle_ms(self) -> int:
        """How long a session may rest."""
        return int(self.parts.config.web.session_hours * HOUR_MS)

    def session(self, cookie: str, *, used: bool = True) -> Session | None:
        """The session behind a cookie; `used` keeps it from expiring."""
        now_ms, sha256 = self.parts.now_ms(), sha256_of(cookie)
        with self.parts.database.reading() as connection:
            found = sessions.session(connection, sha256, now_ms, self.idle_ms)
        if found is not None and used and now_ms - found.used_ms > _TOUCH_MS:
            with self.parts.database.writing() as connection:
                sessions.touch(connection, sha256, now_ms)
        return found

    def actor(self, cookie: str, *, used: bool = True) -> Actor:
        """Who is logged in by a cookie; LoginNeeded."""
        found = self.session(cookie, used=used)
        if found is None:
            raise LoginNeeded("nobody is logged in, or no longer: log in")
        return actor_from(found)

    def bearer(self, token: str) -> Actor | None:
        """Whom a token stands for; never more than its user may."""
        now_ms = self.parts.now_ms()
        with self.parts.database.reading() as connection:
            found = tokens.bearer(connection, sha256_of(token), now_ms)
        if found is None:
            return None
        if found.used_ms is None or now_ms - found.used_ms > _TOUCH_MS:
            with self.parts.database.writing() as connection:
                tokens.touch(connection, found.id, now_ms)
        return Actor(found.user_id, found.user, PERMISSIONS[found.role] & frozenset(found.scopes))


def actor_from(session: Session) -> Actor:
    """The session's user."""
    return Actor(session.user_id, session.name, PERMISSIONS[session.role])


def is_https(web: Web) -> bool:
    """Whether browsers reach us over TLS."""
    return web.public_url.startswith("https://")


def cookie_name(web: Web) -> str:
    """Of the session; over TLS no other host, no subdomain and no plain connection can set it."""
    return "__Host-edgeguard" if is_https(web) else "edgeguard"
