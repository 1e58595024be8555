"""Messages that were set aside: what they were, why, and letting go of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, select

from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.tables import quarantine as table

KINDS: Final = ("malformed", "rate limit", "unknown device")  # by the number in the column


@dataclass(frozen=True)
class QuarantineRow:
    """A message that was set aside, or many alike.

    Attributes:
        fleet: As far as the topic tells, as is `device`.
        kind: Of `KINDS`.
        size: Of the whole message, in bytes.
        payload: Its first 4 KiB; what is not UTF-8 is escaped.
        messages: How many this row stands for.
    """

    id: int
    received_ms: int
    topic: str
    fleet: str | None
    device: str | None
    kind: str
    reason: str
    size: int
    payload: str
    messages: int


@dataclass(frozen=True)
class ReasonCount:
    """How many messages were set aside for one reason, and when the last one."""

    kind: str
    reason: str
    messages: int
    last_ms: int


def quarantine(
    connection: Connection,
    *,
    kind: str = "",
    search: str = "",
    from_ms: int | None = None,
    to_ms: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Listing[QuarantineRow]:
    """The newest first; `kind` is one of `KINDS`, `search` part of topic or reason; received in [from_ms, to_ms)."""
    wanted = _wanted(kind, search, from_ms, to_ms)
    total = connection.execute(select(func.count()).select_from(table).where(*wanted)).scalar_one()
    query = select(table).where(*wanted).order_by(table.c.received_ms.desc(), table.c.id.desc())
    rows = connection.execute(query.limit(limit).offset(offset))
    return Listing([_row(dict(found._mapping)) for found in rows], total, offset)


def each_quarantined(
    connection: Connection, *, kind: str = "", search: str = "", from_ms: int | None = None, to_ms: int | None = None
) -> Iterator[QuarantineRow]:
    """All that `quarantine` would list, oldest first, read bit by bit."""
    query = select(table).where(*_wanted(kind, search, from_ms, to_ms)).order_by(table.c.received_ms, table.c.id)
    rows = connection.execute(query.execution_options(yield_per=1000))
    return (_row(dict(found._mapping)) for found in rows)


def _wanted(kind: str, search: str, from_ms: int | None, to_ms: int | None) -> list[ColumnElement[bool]]:
    wanted = [table.c.kind == KINDS.index(kind)] if kind else []
    if search:
        wanted.append((table.c.topic + " " + table.c.reason).icontains(search, autoescape=True))
    if from_ms is not None:
        wanted.append(table.c.received_ms >= from_ms)
    if to_ms is not None:
        wanted.append(table.c.received_ms < to_ms)
    return wanted


def _row(values: Mapping[str, Any]) -> QuarantineRow:
    payload = values["payload"].decode("utf-8", "backslashreplace")
    return QuarantineRow(**{**values, "kind": KINDS[values["kind"]], "payload": payload})


def reasons(connection: Connection, limit: int = 50) -> list[ReasonCount]:
    """The most frequent first."""
    messages = func.sum(table.c.messages)
    query = select(table.c.kind, table.c.reason, messages, func.max(table.c.received_ms))
    query = query.group_by(table.c.kind, table.c.reason).order_by(messages.desc()).limit(limit)
    return [
        ReasonCount(KINDS[kind], reason, int(count), last) for kind, reason, count, last in connection.execute(query)
    ]


def discard(connection: Connection, ids: Sequence[int] | None) -> int:
    """Let go of these rows, or of all; how many there were."""
    wanted = [] if ids is None else [table.c.id.in_(ids)]
    return connection.execute(delete(table).where(*wanted)).rowcount
