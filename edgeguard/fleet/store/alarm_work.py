"""What people do with alarms, as it is written down."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from edgeguard.errors import NotFound
from edgeguard.fleet.store import open_alarms
from edgeguard.fleet.store.tables import alarms as table
from edgeguard.fleet.store.tables import comments, devices, users


def change(connection: Connection, alarm_ids: Sequence[int], values: dict[str, str | int | None], now_ms: int) -> None:
    """Set columns of alarms; NotFound, and nothing is set, where one of them is none."""
    found = connection.execute(select(table.c.id, table.c.device_id).where(table.c.id.in_(alarm_ids))).all()
    if missing := set(alarm_ids) - {row.id for row in found}:
        raise NotFound(f"there is no alarm number {min(missing)}")
    connection.execute(update(table).where(table.c.id.in_(alarm_ids)).values(**values, changed_ms=now_ms))
    if "status" in values:
        _count_open(connection, {row.device_id for row in found}, now_ms)


def _count_open(connection: Connection, device_ids: set[int], now_ms: int) -> None:
    """The fleet page shows at once what was closed; the upkeep counts the same later."""
    left = (table.c.device_id == devices.c.id, open_alarms.unclosed())
    values = {
        name: select(column).where(*left).scalar_subquery() for name, column in open_alarms.columns(now_ms).items()
    }
    connection.execute(update(devices).where(devices.c.id.in_(device_ids)).values(values))


def add_comment(connection: Connection, alarm_id: int, user_id: int | None, text: str, now_ms: int) -> int:
    """Write a comment; its number. NotFound."""
    change(connection, [alarm_id], {}, now_ms)
    values = {"alarm_id": alarm_id, "user_id": user_id, "at_ms": now_ms, "text": text}
    return int(connection.execute(insert(comments).values(**values).returning(comments.c.id)).scalar_one())


def may_be_assigned(connection: Connection, user_id: int) -> bool:
    """Whether there is such an account, and it is not disabled."""
    query = select(users.c.id).where(users.c.id == user_id, users.c.disabled.is_(False))
    return connection.execute(query).one_or_none() is not None
