"""Wearers and their groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from edgeguard.errors import ConfigError, NotFound
from edgeguard.fleet.store import wearings as store_wearings
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.tables import attributes as groups
from edgeguard.fleet.store.tables import devices, wearings
from edgeguard.fleet.store.tables import wearers as table
from edgeguard.fleet.store.wearings import WearingRow

IN_ONE: Final = 1000  # ids in one statement


@dataclass(frozen=True)
class WearerRow:
    """One wearer with attributes by name, and what they wore, the newest first."""

    id: int
    pseudonym: str
    created_ms: int
    attributes: dict[str, str] = field(default_factory=dict)
    wearings: list[WearingRow] = field(default_factory=list)


@dataclass(frozen=True)
class AttributeRow:
    """One attribute, its values, and how many wearers have each."""

    attribute: str
    values: dict[str, int]


def wearers(  # noqa: PLR0913 - each is one filter of the view
    connection: Connection,
    *,
    search: str = "",
    attribute: str = "",
    value: str = "",
    fleet: str = "",
    device: str = "",
    descending: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> Listing[WearerRow]:
    """Those whose pseudonym holds `search`, who are in the group, and have worn the device; by pseudonym."""
    tests = _tests(search, attribute, value, fleet, device)
    order = table.c.pseudonym.desc() if descending else table.c.pseudonym
    chosen = select(table).where(*tests).order_by(order).limit(limit).offset(offset)
    total = connection.execute(select(func.count()).select_from(table).where(*tests)).scalar_one()
    return Listing(_filled(connection, connection.execute(chosen).mappings().all()), total, offset)


def wearer(connection: Connection, wearer_id: int) -> WearerRow:
    """The wearer of this number; NotFound."""
    rows = connection.execute(select(table).where(table.c.id == wearer_id)).mappings().all()
    if not rows:
        raise NotFound(f"there is no wearer {wearer_id}")
    return _filled(connection, rows)[0]


def every(connection: Connection) -> Iterator[WearerRow]:
    """All wearers, by pseudonym."""
    rows = connection.execute(select(table).order_by(table.c.pseudonym)).mappings().all()
    for begin in range(0, len(rows), IN_ONE):
        yield from _filled(connection, rows[begin : begin + IN_ONE])


def attributes(connection: Connection) -> list[AttributeRow]:
    """All attributes with the sizes of their groups, by name."""
    column = groups.c.attribute, groups.c.value
    counted = select(*column, func.count()).group_by(*column).order_by(*column)
    found: dict[str, dict[str, int]] = {}
    for name, value, count in connection.execute(counted):
        found.setdefault(name, {})[value] = count
    return [AttributeRow(name, values) for name, values in found.items()]


def numbers(connection: Connection, pseudonyms: Sequence[str]) -> dict[str, int]:
    """The ids of those of `pseudonyms` that are known."""
    found: dict[str, int] = {}
    for begin in range(0, len(pseudonyms), IN_ONE):
        some = pseudonyms[begin : begin + IN_ONE]
        rows = connection.execute(select(table.c.pseudonym, table.c.id).where(table.c.pseudonym.in_(some)))
        found.update((pseudonym, number) for pseudonym, number in rows)
    return found


def add(connection: Connection, pseudonyms: Sequence[str], now_ms: int) -> None:
    """New wearers, of no group yet."""
    if pseudonyms:
        connection.execute(insert(table), [{"pseudonym": name, "created_ms": now_ms} for name in pseudonyms])


def rename(connection: Connection, wearer_id: int, pseudonym: str) -> None:
    """Give a wearer another pseudonym; ConfigError where another has it."""
    if numbers(connection, [pseudonym]).get(pseudonym, wearer_id) != wearer_id:
        raise ConfigError(f"another wearer is called {pseudonym!r} already")
    connection.execute(update(table).where(table.c.id == wearer_id).values(pseudonym=pseudonym))


def put_attributes(connection: Connection, wearer_id: int, values: Mapping[str, str]) -> None:
    """Replace a wearer's attributes by `values`."""
    connection.execute(delete(groups).where(groups.c.wearer_id == wearer_id))
    if values:
        rows = [{"wearer_id": wearer_id, "attribute": name, "value": value} for name, value in values.items()]
        connection.execute(insert(groups), rows)


def remove(connection: Connection, wearer_id: int) -> None:
    """Forget a wearer with all groups and wearings; the devices' figures stay, of nobody."""
    connection.execute(delete(table).where(table.c.id == wearer_id))


def _tests(search: str, attribute: str, value: str, fleet: str, device: str) -> list[ColumnElement[bool]]:
    tests: list[ColumnElement[bool]] = []
    if search:
        tests.append(func.lower(table.c.pseudonym).contains(search.lower(), autoescape=True))
    if attribute:
        group = groups.c.attribute == attribute
        group = and_(group, groups.c.value == value) if value else group
        tests.append(table.c.id.in_(select(groups.c.wearer_id).where(group)))
    if fleet or device:
        worn = select(wearings.c.wearer_id).join(devices, devices.c.id == wearings.c.device_id)
        if fleet:
            worn = worn.where(devices.c.fleet == fleet)
        if device:
            worn = worn.where(devices.c.device == device)
        tests.append(table.c.id.in_(worn))
    return tests


def _filled(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> list[WearerRow]:
    found = {row["id"]: WearerRow(**row) for row in rows}
    if found:
        for number, name, value in connection.execute(
            select(groups).where(groups.c.wearer_id.in_(found)).order_by(groups.c.attribute)
        ):
            found[number].attributes[name] = value
        for wearer_id, worn in store_wearings.of_wearers(connection, list(found)):
            found[wearer_id].wearings.append(worn)
    return list(found.values())
