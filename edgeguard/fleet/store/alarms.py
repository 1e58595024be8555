"""The alarm queue, and one alarm with what people said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Join, Row, Select, func, select

from edgeguard.errors import NotFound
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.tables import alarms as table
from edgeguard.fleet.store.tables import boots, bundles, comments, devices, labels, users

STATUSES: Final = ("open", "acknowledged", "closed")
NONE: Final = "none"  # as a filter: alarms without a label

_NAME: Final = devices.c.fleet + "/" + devices.c.device
_EXCESS: Final = table.c.value / func.nullif(table.c.threshold, 0)
SORTS: Final[dict[str, ColumnElement[Any]]] = {
    "began": table.c.began_ms,
    "changed": table.c.changed_ms,
    "device": _NAME,
    "kind": table.c.kind,
    "windows": table.c.windows,
    "excess": _EXCESS,
    "confidence": table.c.confidence,
    "predicted": table.c.predicted,
    "status": table.c.status,
    "assignee": users.c.name,
}


@dataclass(frozen=True)
class AlarmRow:
    """An alarm as its row in the queue.

    Attributes:
        kind: window, drift or slowdown.
        windows: Windows over the threshold, as far as is known.
        window_start: Index of the first window's first sample.
        score: Name of the disagreement score.
        value: What it was when the alarm began.
        threshold: What it went over.
        excess: `value` in thresholds; None where the threshold is 0.
        predicted: The class that the ensemble predicted.
        confidence: The ensemble's probability of it.
        status: open, acknowledged or closed.
        assignee: Name of whose it is, or None.
        label: What a person said that the window really was, or None.
        comments: How many.
    """

    id: int
    device_id: int
    fleet: str
    device: str
    source: str
    kind: str
    began_ms: int
    ended_ms: int | None
    windows: int
    window_start: int
    score: str
    value: float
    threshold: float
    excess: float | None
    predicted: str
    confidence: float
    bundle_id: int
    model: str
    version: str
    status: str
    assignee_id: int | None
    assignee: str | None
    label: str | None
    comments: int
    changed_ms: int


@dataclass(frozen=True)
class Comment:
    """What a person wrote; `user` is None where the account is gone."""

    id: int
    at_ms: int
    user: str | None
    text: str


@dataclass(frozen=True)
class Label:
    """What a person said that the window really was."""

    label: str
    user: str | None
    labelled_ms: int


@dataclass(frozen=True)
class Alarm:
    """One alarm in full.

    Attributes:
        boot: The device's start that it belongs to.
        seq: Number of the message that began it.
        probabilities: The ensemble's, by class: the classes that a label can choose from.
        exit_probabilities: Each exit's probability of the predicted class, in order of depth.
    """

    row: AlarmRow
    boot: str
    seq: int
    probabilities: dict[str, float]
    exit_probabilities: list[float]
    label: Label | None
    comments: list[Comment]


_OWN: Final = (
    "id",
    "device_id",
    "source",
    "kind",
    "began_ms",
    "ended_ms",
    "windows",
    "window_start",
    "score",
    "value",
    "threshold",
    "predicted",
    "confidence",
    "bundle_id",
    "status",
    "assignee_id",
    "changed_ms",
)
_JOINED: Final = (
    table.join(devices, devices.c.id == table.c.device_id)
    .join(bundles, bundles.c.id == table.c.bundle_id)
    .outerjoin(users, users.c.id == table.c.assignee_id)
)
_SORT_JOINS: Final[dict[str, Join]] = {
    "device": table.join(devices, devices.c.id == table.c.device_id),
    "assignee": table.outerjoin(users, users.c.id == table.c.assignee_id),
}
_LABEL: Final = (
    select(labels.c.label)
    .where(labels.c.alarm_id == table.c.id)
    .order_by(labels.c.labelled_ms.desc())
    .limit(1)
    .scalar_subquery()
)
_COMMENTS: Final = select(func.count()).where(comments.c.alarm_id == table.c.id).scalar_subquery()


def _select() -> Select[Any]:
    return select(
        *(table.c[name] for name in _OWN),
        devices.c.fleet,
        devices.c.device,
        bundles.c.name.label("model"),
        bundles.c.version,
        users.c.name.label("assignee"),
        _EXCESS.label("excess"),
        _LABEL.label("label"),
        _COMMENTS.label("comments"),
    ).select_from(_JOINED)


def alarms(  # noqa: PLR0913 - the filters of one list
    connection: Connection,
    *,
    status: str = "",
    kind: str = "",
    device_id: int | None = None,
    assignee_id: int | None = None,
    label: str = "",
    bundle_id: int | None = None,
    search: str = "",
    from_ms: int | None = None,
    to_ms: int | None = None,
    sort: str = "began",
    descending: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> Listing[AlarmRow]:
    """Part of the alarm queue, the newest first unless said.

    Args:
        connection: Of the database.
        status: Of `STATUSES`, or all.
        kind: window, drift or slowdown, or all.
        device_id: Of one device.
        assignee_id: Of one person; 0: of nobody.
        label: Labelled so; ``none``: not labelled.
        bundle_id: Of one model.
        search: Part of ``fleet/device``; case does not count.
        from_ms: Begun then or later.
        to_ms: Begun before.
        sort: A key of `SORTS`. Empty values come last either way.
        descending: Turn the order around.
        limit: Most rows.
        offset: Rows to leave out before them.
    """
    filters = {"status": status, "kind": kind, "device_id": device_id, "bundle_id": bundle_id}
    wanted = _wanted(filters, assignee_id, label, search, (from_ms, to_ms))
    total = connection.execute(select(func.count()).select_from(table).where(*wanted)).scalar_one()
    chosen = select(table.c.id).select_from(_SORT_JOINS.get(sort, table)).where(*wanted)
    chosen = chosen.order_by(*_order(sort, descending)).limit(limit).offset(offset)
    ids = list(connection.execute(chosen).scalars())  # first these alone: whole rows are slow to sort
    rows = {row.id: _row(row) for row in connection.execute(_select().where(table.c.id.in_(ids)))}
    return Listing([rows[number] for number in ids], total, offset)


def each_alarm(  # noqa: PLR0913 - the filters of one list
    connection: Connection,
    *,
    status: str = "",
    kind: str = "",
    device_id: int | None = None,
    assignee_id: int | None = None,
    label: str = "",
    bundle_id: int | None = None,
    search: str = "",
    from_ms: int | None = None,
    to_ms: int | None = None,
) -> Iterator[AlarmRow]:
    """All that `alarms` would list, oldest first, read bit by bit."""
    filters = {"status": status, "kind": kind, "device_id": device_id, "bundle_id": bundle_id}
    query = _select().where(*_wanted(filters, assignee_id, label, search, (from_ms, to_ms)))
    query = query.order_by(table.c.began_ms, table.c.id).execution_options(yield_per=1000)
    return map(_row, connection.execute(query))


def _order(sort: str, descending: bool) -> tuple[ColumnElement[Any], ColumnElement[int]]:
    """Where the index of `began_ms` can give the order, ties turn with it and nothing is said of empty values."""
    key, number = SORTS[sort], table.c.id
    turned = key.desc() if descending else key.asc()
    return turned if sort == "began" else turned.nulls_last(), number.desc() if descending else number.asc()


def _wanted(
    equal: Mapping[str, str | int | None],
    assignee_id: int | None,
    label: str,
    search: str,
    span: tuple[int | None, int | None],
) -> list[ColumnElement[bool]]:
    wanted = [table.c[name] == value for name, value in equal.items() if value not in (None, "")]
    wanted += _of_people(assignee_id, label)
    if search:
        found = select(devices.c.id).where(_NAME.icontains(search, autoescape=True))
        wanted.append(table.c.device_id.in_(found))
    if span[0] is not None:
        wanted.append(table.c.began_ms >= span[0])
    if span[1] is not None:
        wanted.append(table.c.began_ms < span[1])
    return wanted


def _of_people(assignee_id: int | None, label: str) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if assignee_id is not None:
        wanted.append(table.c.assignee_id == assignee_id if assignee_id else table.c.assignee_id.is_(None))
    if label:
        of_alarm = select(labels.c.id).where(labels.c.alarm_id == table.c.id)
        wanted.append(~of_alarm.exists() if label == NONE else of_alarm.where(labels.c.label == label).exists())
    return wanted


def _row(row: Row[Any]) -> AlarmRow:
    return AlarmRow(**row._mapping)


def alarm(connection: Connection, alarm_id: int) -> Alarm:
    """One alarm with what people said of it; NotFound."""
    row = connection.execute(_select().where(table.c.id == alarm_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no alarm number {alarm_id}")
    more = (boots.c.boot, table.c.seq, table.c.probabilities, table.c.exit_probabilities)
    details = connection.execute(select(*more).join(boots, boots.c.id == table.c.boot_id).where(table.c.id == alarm_id))
    return Alarm(_row(row), *details.one(), _label(connection, alarm_id), _comments(connection, alarm_id))


def _label(connection: Connection, alarm_id: int) -> Label | None:
    query = select(labels.c.label, users.c.name, labels.c.labelled_ms).outerjoin(users, users.c.id == labels.c.user_id)
    query = query.where(labels.c.alarm_id == alarm_id).order_by(labels.c.labelled_ms.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else Label(*row)


def _comments(connection: Connection, alarm_id: int) -> list[Comment]:
    query = select(comments.c.id, comments.c.at_ms, users.c.name, comments.c.text)
    query = query.outerjoin(users, users.c.id == comments.c.user_id).where(comments.c.alarm_id == alarm_id)
    return [Comment(*row) for row in connection.execute(query.order_by(comments.c.id))]
