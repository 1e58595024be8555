"""Every message once: which `seq` of each start of each device have come, as ranges."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Connection, Insert, Select, String, Text, Update, and_, literal, select, update

from edgeguard.fleet.store import bulk
from edgeguard.fleet.store.tables import boots

MOST_RANGES: Final = 1000


class Novelty(Enum):
    """What a number is to a set."""

    NEW = auto()
    KNOWN = auto()
    TOO_SCATTERED = auto()  # not taken in: the set would have more than `MOST_RANGES` ranges


class Received:
    """A set of numbers, few in ranges: ``1-40,42-57``."""

    def __init__(self, text: str = "") -> None:
        ends = [part.split("-") for part in text.split(",") if part]
        self._lows = [int(end[0]) for end in ends]
        self._highs = [int(end[-1]) for end in ends]

    def __str__(self) -> str:
        pairs = zip(self._lows, self._highs, strict=True)
        return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in pairs)

    @property
    def missing(self) -> int:
        """Numbers between the first and the last that are not in it."""
        return sum(self._lows[1:]) - sum(self._highs[:-1]) - max(len(self._lows) - 1, 0)

    def add(self, number: int) -> Novelty:
        """Take a number in."""
        lows, highs = self._lows, self._highs
        k = bisect_right(lows, number)  # the first range beyond it
        if k and number <= highs[k - 1]:
            return Novelty.KNOWN
        after = k > 0 and highs[k - 1] == number - 1
        before = k < len(lows) and lows[k] == number + 1
        if after and before:
            highs[k - 1] = highs.pop(k)
            del lows[k]
        elif after:
            highs[k - 1] = number
        elif before:
            lows[k] = number
        elif len(lows) >= MOST_RANGES:
            return Novelty.TOO_SCATTERED
        else:
            lows.insert(k, number)
            highs.insert(k, number)
        return Novelty.NEW


class Entry(NamedTuple):
    """A message of a device, to be entered."""

    device_id: int
    boot: str
    seq: int
    at_ms: int


@dataclass
class _Page:
    """What the ledger knows of one start of one device."""

    id: int
    first_ms: int
    last_ms: int
    received: Received
    missing_before: int
    messages: int = 0  # new ones


@dataclass(frozen=True)
class Entered:
    """What came of entries.

    Attributes:
        found: The id of its start, and whether it was new, of each entry.
        missing: By how much the gaps of each device grew or shrank.
    """

    found: list[tuple[int, Novelty]]
    missing: dict[int, int]


def enter(connection: Connection, entries: Sequence[Entry]) -> Entered:
    """Enter messages of devices whose rows this transaction has locked."""
    if not entries:
        return Entered([], {})
    pages = _pages(connection, entries)
    found = [((page := pages[entry.device_id, entry.boot]).id, _turn(page, entry)) for entry in entries]
    missing: dict[int, int] = {}
    for (device_id, _), page in pages.items():
        missing[device_id] = missing.get(device_id, 0) + page.received.missing - page.missing_before
    changed = [
        {
            "id": page.id,
            "first_ms": page.first_ms,
            "last_ms": page.last_ms,
            "received": str(page.received),
            "new": page.messages,
            "missing": page.received.missing,
        }
        for page in pages.values()
        if page.messages
    ]
    if changed:
        connection.execute(_write(connection.dialect.name), {"changed": bulk.rows(changed)})
    return Entered(found, missing)


def _turn(page: _Page, entry: Entry) -> Novelty:
    novelty = page.received.add(entry.seq)
    if novelty is Novelty.NEW:
        page.messages += 1
        page.first_ms = min(page.first_ms, entry.at_ms)
        page.last_ms = max(page.last_ms, entry.at_ms)
    return novelty


def _pages(connection: Connection, entries: Sequence[Entry]) -> dict[tuple[int, str], _Page]:
    """The pages of all entries; new ones are begun."""
    wanted = {(entry.device_id, entry.boot): entry for entry in reversed(entries)}
    pages = _read(connection, wanted)
    if len(pages) < len(wanted):
        new = [
            {"device_id": device_id, "boot": boot, "at_ms": entry.at_ms}
            for (device_id, boot), entry in wanted.items()
            if (device_id, boot) not in pages
        ]
        connection.execute(_begin(connection.dialect.name), {"new": bulk.rows(new)})
        pages = _read(connection, wanted)
    return pages


def _read(connection: Connection, wanted: dict[tuple[int, str], Entry]) -> dict[tuple[int, str], _Page]:
    keys = bulk.rows({"device_id": device_id, "boot": boot} for device_id, boot in wanted)
    found = connection.execute(_select(connection.dialect.name), {"wanted": keys})
    return {
        (row.device_id, row.boot): _Page(row.id, row.first_ms, row.last_ms, Received(row.received), row.missing)
        for row in found
    }


@cache
def _select(dialect: str) -> Select[Any]:
    wanted = bulk.given(dialect, "wanted", device_id=BigInteger(), boot=String())
    same = and_(boots.c.device_id == wanted.c.device_id, boots.c.boot == wanted.c.boot)
    return select(boots).join(wanted, same)


@cache
def _begin(dialect: str) -> Insert:
    new = bulk.given(dialect, "new", device_id=BigInteger(), boot=String(), at_ms=BigInteger())
    nothing = (literal("").label("received"), literal(0).label("messages"), literal(0).label("missing"))
    columns = ["device_id", "boot", "first_ms", "last_ms", "received", "messages", "missing"]
    values = select(new.c.device_id, new.c.boot, new.c.at_ms, new.c.at_ms.label("last_ms"), *nothing)
    return boots.insert().from_select(columns, values)


@cache
def _write(dialect: str) -> Update:
    numbers = dict.fromkeys(("id", "first_ms", "last_ms", "new", "missing"), BigInteger())
    changed = bulk.given(dialect, "changed", received=Text(), **numbers)
    return (
        update(boots)
        .where(boots.c.id == changed.c.id)
        .values(
            first_ms=changed.c.first_ms,
            last_ms=changed.c.last_ms,
            received=changed.c.received,
            messages=boots.c.messages + changed.c.new,
            missing=changed.c.missing,
        )
    )
