"""What each wearer's devices gave while they wore them: a row for each wearer, from the sums over days and hours.

Days count that lie wholly in the range and in the wearing, hours for the rest of both. An hour that lies only partly in
a wearing belongs to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Table,
    and_,
    case,
    func,
    or_,
    select,
    text,
    union_all,
)

from edgeguard.errors import ConfigError
from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store.tables import (
    attributes,
    bundles,
    class_days,
    class_hours,
    days,
    devices,
    hours,
    labels,
    wearings,
)
from edgeguard.registry import near_match

SUMS: Final = ("windows", "rejected", "alarms", "disagreement_sum", "margin_sum")
CLASS_SUMS: Final = ("predictions", "confidence_sum", "probability_sum")
_ROWS: Final = 2000  # fetched at once

Ms = ColumnElement[int]


@dataclass(frozen=True)
class Range:
    """Which windows: in [from_ms, to_ms), both full hours, of one model and one fleet where they are given."""

    from_ms: int
    to_ms: int
    bundle_id: int | None = None
    fleet: str = ""


@dataclass(frozen=True)
class LabelledWindow:
    """One label, and whose window it was."""

    wearer_id: int
    predicted: str
    label: str
    probabilities: dict[str, float]
    origin: str


def attribute_names(connection: Connection) -> list[str]:
    """All attributes that any wearer has."""
    return list(connection.execute(select(attributes.c.attribute).distinct().order_by("attribute")).scalars())


def attribute_values(connection: Connection, attribute: str) -> dict[int, str]:
    """The attribute's value of every wearer that has one; ConfigError where none has."""
    columns = attributes.c.wearer_id, attributes.c.value
    rows = connection.execute(select(*columns).where(attributes.c.attribute == attribute))
    found = {wearer_id: value for wearer_id, value in rows}  # noqa: C416 - a Row is no pair to mypy
    if not found:
        near = near_match(attribute, attribute_names(connection))
        raise ConfigError(f"no wearer has the attribute {attribute[:64]!r}{near}")
    return found


def bundles_of(connection: Connection, window: Range) -> list[int]:
    """Ids of the models that ran in the range."""
    in_range = days.c.bucket_ms >= window.from_ms - DAY_MS, days.c.bucket_ms < window.to_ms
    return list(
        connection.execute(select(days.c.bundle_id).distinct().where(*in_range).order_by("bundle_id")).scalars()
    )


def has_bundle(connection: Connection, bundle_id: int) -> bool:
    """Whether any device ever ran it."""
    return connection.execute(select(bundles.c.id).where(bundles.c.id == bundle_id)).first() is not None


def walk_indexes(connection: Connection) -> None:
    """Let PostgreSQL go through each wearing's own rows until the transaction ends.

    It cannot know that the hours beside whole days are few, and would read all hours there are.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL enable_hashjoin = off"))
        connection.execute(text("SET LOCAL enable_mergejoin = off"))


def wearer_sums(connection: Connection, window: Range) -> list[tuple[Any, ...]]:
    """(wearer id, devices, *SUMS) of every wearer with windows in the range."""
    rows = _pieces(window, days, hours, lambda table: [table.c.device_id, *(table.c[name] for name in SUMS)])
    sums = [func.sum(rows.c[name]) for name in SUMS]
    query = select(rows.c.wearer_id, func.count(rows.c.device_id.distinct()), *sums).group_by(rows.c.wearer_id)
    return [tuple(row) for row in connection.execute(query)]


def class_sums(connection: Connection, window: Range) -> list[tuple[Any, ...]]:
    """(wearer id, class, *CLASS_SUMS) of every wearer with windows in the range."""
    rows = _pieces(window, class_days, class_hours, lambda table: [table.c[name] for name in ("class", *CLASS_SUMS)])
    keys = rows.c.wearer_id, rows.c["class"]
    query = select(*keys, *(func.sum(rows.c[name]) for name in CLASS_SUMS)).group_by(*keys)
    return [tuple(row) for row in connection.execute(query)]


def tallies(connection: Connection, window: Range, most: int) -> Iterator[tuple[int, bytes]]:
    """(wearer id, tally) of at most `most` rows."""
    rows = _pieces(window, days, hours, lambda table: [table.c.tally])
    query = select(rows.c.wearer_id, rows.c.tally).limit(most).execution_options(yield_per=_ROWS)
    return ((row.wearer_id, row.tally) for row in connection.execute(query))


def labelled(connection: Connection, window: Range) -> list[LabelledWindow]:
    """The labelled windows in the range that somebody wore."""
    columns = wearings.c.wearer_id, labels.c.predicted, labels.c.label, labels.c.probabilities, labels.c.origin
    worn = and_(
        wearings.c.device_id == labels.c.device_id,
        or_(wearings.c.source == "", wearings.c.source == labels.c.source),
        wearings.c.from_ms <= labels.c.at_ms,
        or_(wearings.c.until_ms.is_(None), wearings.c.until_ms > labels.c.at_ms),
    )
    query = select(*columns).join(wearings, worn).where(labels.c.at_ms >= window.from_ms, labels.c.at_ms < window.to_ms)
    return [LabelledWindow(*row) for row in connection.execute(_of(query, labels, window))]


def left_out(connection: Connection, window: Range) -> int:
    """Windows of the hours that lie only partly in a wearing."""
    columns = [hours.c[name] for name in ("device_id", "bucket_ms", "source", "bundle_id", "windows")]
    cut = [
        _of(select(*columns), hours, window)
        .join(wearings, and_(_same_source(wearings.c, hours), hours.c.bucket_ms == _floor(end, HOUR_MS)))
        .where(end % HOUR_MS != 0, end >= window.from_ms, end < window.to_ms)
        for end in (wearings.c.from_ms, wearings.c.until_ms)
    ]
    rows = union_all(*cut).subquery()
    once = select(rows).distinct().subquery()  # one wearing may end where the next begins
    return int(connection.execute(select(func.coalesce(func.sum(once.c.windows), 0))).scalar_one())


def _pieces(
    window: Range, by_day: Table, by_hour: Table, columns: Callable[[Table], list[ColumnElement[Any]]]
) -> Subquery:
    """Rows (wearer_id, *columns) of the whole days of each wearing, and of the hours before and after them."""
    worn = _worn(window)
    first_day, last_day = _ceiling(worn.c.begin, DAY_MS), _floor(worn.c.stop, DAY_MS)
    first_hour, last_hour = _ceiling(worn.c.begin, HOUR_MS), _floor(worn.c.stop, HOUR_MS)
    parts = [
        (by_day, first_day, last_day),
        (by_hour, first_hour, _least(first_day, last_hour)),
        (by_hour, _greatest(first_day, last_day), last_hour),
    ]
    queries = [
        _of(select(worn.c.wearer_id, *columns(table)), table, window)
        .join(worn, and_(_same_source(worn.c, table), table.c.bucket_ms >= begin, table.c.bucket_ms < stop))
        .where(table.c.bucket_ms >= window.from_ms, table.c.bucket_ms < window.to_ms)
        for table, begin, stop in parts
    ]
    return union_all(*queries).subquery()


def _worn(window: Range) -> Subquery:
    """The wearings in the range, cut to it."""
    until = func.coalesce(wearings.c.until_ms, window.to_ms)
    return (
        select(
            wearings.c.wearer_id,
            wearings.c.device_id,
            wearings.c.source,
            case((wearings.c.from_ms > window.from_ms, wearings.c.from_ms), else_=window.from_ms).label("begin"),
            case((until < window.to_ms, until), else_=window.to_ms).label("stop"),
        )
        .where(wearings.c.from_ms < window.to_ms, until > window.from_ms)
        .subquery()
    )


def _of(query: Select[Any], table: Table, window: Range) -> Select[Any]:
    """Only of the range's model and fleet."""
    if window.bundle_id is not None:
        query = query.where(table.c.bundle_id == window.bundle_id)
    if window.fleet:
        ours = select(devices.c.id).where(devices.c.fleet == window.fleet)
        query = query.where(table.c.device_id.in_(ours))
    return query


def _same_source(worn: Any, table: Table) -> ColumnElement[bool]:
    """`worn`: the columns of a wearing."""
    return and_(worn.device_id == table.c.device_id, or_(worn.source == "", worn.source == table.c.source))


def _floor(time: Ms, length_ms: int) -> Ms:
    return time // length_ms * length_ms


def _ceiling(time: Ms, length_ms: int) -> Ms:
    return _floor(time + (length_ms - 1), length_ms)


def _least(a: Ms, b: Ms) -> Ms:
    return case((a < b, a), else_=b)


def _greatest(a: Ms, b: Ms) -> Ms:
    return case((a > b, a), else_=b)
