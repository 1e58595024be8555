"""Gaps between groups that have left their band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.tables import fairness_alerts as table


@dataclass(frozen=True)
class FairnessAlert:
    """One gap, as it was when it was last looked at.

    Attributes:
        ended_ms: None: it still lies over its band.
        figure: A figure of `fairness_report.FIGURES`, with ``:class`` where there is one for each class.
        bundle_id: None: over all models.
        worst: The groups with the highest and the lowest figure, ``a / b``.
        details: ``touched_ms`` where the interval touches the band since then.
    """

    id: int
    began_ms: int
    ended_ms: int | None
    figure: str
    attribute: str
    bundle_id: int | None
    gap: float
    low: float
    high: float
    band: float
    worst: str
    details: dict[str, Any]
    note: str


def alerts(
    connection: Connection, *, only_open: bool = False, limit: int = 50, offset: int = 0
) -> Listing[FairnessAlert]:
    """The newest first."""
    tests = [table.c.ended_ms.is_(None)] if only_open else []
    total = connection.execute(select(func.count()).select_from(table).where(*tests)).scalar_one()
    query = select(*_columns()).where(*tests).order_by(table.c.began_ms.desc(), table.c.id.desc())
    return Listing(
        [FairnessAlert(*row) for row in connection.execute(query.limit(limit).offset(offset))], total, offset
    )


def open_alerts(connection: Connection) -> list[FairnessAlert]:
    """All that have not ended."""
    return [FairnessAlert(*row) for row in connection.execute(select(*_columns()).where(table.c.ended_ms.is_(None)))]


def begin(connection: Connection, values: Mapping[str, Any]) -> None:
    """Add an alert."""
    connection.execute(insert(table).values(**values))


def change(connection: Connection, alert_id: int, values: Mapping[str, Any]) -> None:
    """Bring an alert up to date."""
    connection.execute(update(table).where(table.c.id == alert_id).values(**values))


def _columns() -> list[Any]:
    return [table.c[name] for name in FairnessAlert.__dataclass_fields__]
