"""What admins set on the settings page, by key, as JSON."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from edgeguard.fleet.store.tables import settings
from edgeguard.fleet.store.upsert import insert


def get(connection: Connection, key: str, default: Any) -> Any:
    """The value under `key`, or `default` where nobody has set one."""
    row = connection.execute(select(settings.c.value).where(settings.c.key == key)).one_or_none()
    return default if row is None else row.value


def put(connection: Connection, key: str, value: Any) -> None:
    """Set `value` (JSON) under `key`."""
    row = insert(connection, settings).values(key=key, value=value)
    connection.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
