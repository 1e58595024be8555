"""What people do with alarms: several at once, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeguard.errors import DataError, NotFound
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.store import alarm_work, audit
from edgeguard.fleet.store.database import Database

MOST_AT_ONCE: Final = 500
LONGEST_COMMENT: Final = 4000


def acknowledge(database: Database, actor: Actor, alarm_ids: Sequence[int], now_ms: int) -> None:
    """Somebody looks after them; Forbidden, NotFound."""
    _change(database, actor, "acknowledge", alarm_ids, {"status": "acknowledged"}, now_ms)


def close(database: Database, actor: Actor, alarm_ids: Sequence[int], now_ms: int) -> None:
    """They need nobody any more; Forbidden, NotFound."""
    _change(database, actor, "close", alarm_ids, {"status": "closed"}, now_ms)


def reopen(database: Database, actor: Actor, alarm_ids: Sequence[int], now_ms: int) -> None:
    """They need somebody again; Forbidden, NotFound."""
    _change(database, actor, "reopen", alarm_ids, {"status": "open"}, now_ms)


def assign(database: Database, actor: Actor, alarm_ids: Sequence[int], user_id: int | None, now_ms: int) -> None:
    """Make them a user's, or nobody's; Forbidden, NotFound."""
    if user_id is not None:
        with database.reading() as connection:
            if not alarm_work.may_be_assigned(connection, user_id):
                raise NotFound(f"there is no user number {user_id} that alarms can be assigned to")
    _change(database, actor, "assign", alarm_ids, {"assignee_id": user_id}, now_ms)


def comment(database: Database, actor: Actor, alarm_id: int, text: str, now_ms: int) -> int:
    """Write a comment on an alarm; its number. Forbidden, NotFound, DataError where it is empty or too long."""
    actor.must("label")
    text = text.strip()
    if not 0 < len(text) <= LONGEST_COMMENT:
        raise DataError(f"a comment of {len(text)} letters: write 1 to {LONGEST_COMMENT}")
    if "\x00" in text:
        raise DataError("a comment with a NUL in it cannot be kept: take it out")
    with database.writing() as connection:
        number = alarm_work.add_comment(connection, alarm_id, actor.user_id, text, now_ms)
        audit.record(connection, actor, "alarm.comment", f"alarm {alarm_id}", {"comment": number}, now_ms)
    return number


def _change(
    database: Database,
    actor: Actor,
    action: str,
    alarm_ids: Sequence[int],
    values: dict[str, str | int | None],
    now_ms: int,
) -> None:
    actor.must("label")
    ids = sorted(set(alarm_ids))
    if not 0 < len(ids) <= MOST_AT_ONCE:
        raise DataError(f"{len(ids)} alarms at once: name 1 to {MOST_AT_ONCE}")
    with database.writing() as connection:
        alarm_work.change(connection, ids, values, now_ms)
        for alarm_id in ids:
            audit.record(connection, actor, f"alarm.{action}", f"alarm {alarm_id}", values, now_ms)
