"""Who wore which device when: one source of a device is on one wearer at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, text, update

from edgeguard.errors import NotFound
from edgeguard.fleet.store.tables import devices, wearings

_IN_ONE = 1000  # ids in one statement


@dataclass(frozen=True)
class WearingRow:
    """A device, or one `source` of it (empty: all), in [from_ms, until_ms); until_ms None: still."""

    id: int
    fleet: str
    device: str
    source: str
    from_ms: int
    until_ms: int | None


class Span(NamedTuple):
    """What a wearing takes up; `wearer_id` and `id` say whose it is (0: not stored yet)."""

    device_id: int
    from_ms: int
    until_ms: int | None
    source: str
    wearer_id: int
    id: int = 0
    line: int = 0


def of_wearers(connection: Connection, wearer_ids: Sequence[int]) -> list[tuple[int, WearingRow]]:
    """(wearer id, wearing) of these wearers, the newest first."""
    columns = (
        wearings.c.id,
        devices.c.fleet,
        devices.c.device,
        wearings.c.source,
        wearings.c.from_ms,
        wearings.c.until_ms,
    )
    rows = connection.execute(
        select(wearings.c.wearer_id, *columns)
        .join(devices, devices.c.id == wearings.c.device_id)
        .where(wearings.c.wearer_id.in_(wearer_ids))
        .order_by(wearings.c.from_ms.desc(), wearings.c.id)
    )
    return [(wearer_id, WearingRow(*worn)) for wearer_id, *worn in rows]


def hold_others(connection: Connection) -> None:
    """Until the transaction ends nobody else changes wearings: two might overlap that did not know of each other."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        connection.execute(text("LOCK TABLE wearings IN SHARE ROW EXCLUSIVE MODE"))


def spans(connection: Connection, device_ids: Sequence[int]) -> list[Span]:
    """All that these devices were worn."""
    columns = [wearings.c[name] for name in ("device_id", "from_ms", "until_ms", "source", "wearer_id", "id")]
    found: list[Span] = []
    for begin in range(0, len(device_ids), _IN_ONE):
        some = device_ids[begin : begin + _IN_ONE]
        found += [Span(*row) for row in connection.execute(select(*columns).where(wearings.c.device_id.in_(some)))]
    return found


def span(connection: Connection, wearing_id: int) -> Span:
    """The wearing of this number; NotFound."""
    columns = [wearings.c[name] for name in ("device_id", "from_ms", "until_ms", "source", "wearer_id", "id")]
    row = connection.execute(select(*columns).where(wearings.c.id == wearing_id)).first()
    if row is None:
        raise NotFound(f"there is no wearing {wearing_id}")
    return Span(*row)


def overlaps(all_spans: Iterable[Span]) -> list[tuple[Span, Span]]:
    """Pairs of which the second begins before the first ends, on a source that both take up."""
    found: list[tuple[Span, Span]] = []
    last: dict[int, dict[str, Span]] = {}  # of each device's sources, the span that ends last
    for later in sorted(all_spans, key=lambda each: (each.device_id, each.from_ms, each.id == 0, each.line)):
        known = last.setdefault(later.device_id, {})
        against = known.values() if not later.source else [known[name] for name in ("", later.source) if name in known]
        found += [(earlier, later) for earlier in against if later.from_ms < _end(earlier)]
        if later.source not in known or _end(known[later.source]) < _end(later):
            known[later.source] = later
    return found


def add(connection: Connection, new: Iterable[Span]) -> None:
    """Store spans; that they overlap with none is for the caller to see to."""
    rows: list[dict[str, Any]] = [
        {name: getattr(each, name) for name in ("device_id", "from_ms", "until_ms", "source", "wearer_id")}
        for each in new
    ]
    if rows:
        connection.execute(insert(wearings), rows)


def end(connection: Connection, wearing_id: int, until_ms: int | None) -> None:
    """Let a wearing end then."""
    connection.execute(update(wearings).where(wearings.c.id == wearing_id).values(until_ms=until_ms))


def remove(connection: Connection, wearing_id: int) -> None:
    """Forget a wearing."""
    connection.execute(delete(wearings).where(wearings.c.id == wearing_id))


def _end(worn: Span) -> float:
    return math.inf if worn.until_ms is None else worn.until_ms
