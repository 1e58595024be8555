"""Watches the gaps between groups: an alert begins where a whole interval lies over its band."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from edgeguard.errors import ConfigError
from edgeguard.fleet import fairness_data
from edgeguard.fleet.actions.settings import bands
from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.config import Fairness
from edgeguard.fleet.fairness import answered
from edgeguard.fleet.fairness_report import FigureRow, Question
from edgeguard.fleet.store import fairness_alerts as store
from edgeguard.fleet.store import figures
from edgeguard.fleet.store import settings as store_settings
from edgeguard.fleet.store.advisory import Lock, take
from edgeguard.fleet.store.database import Connection, Database
from edgeguard.fleet.store.fairness_alerts import FairnessAlert
from edgeguard.fleet.store.figures import Range
from edgeguard.metrics.figures import Gap

SETTLED_MS: Final = DAY_MS  # so long a gap must touch its band before its alert ends: it may lie just at the edge
_WATCHED: Final = "fairness.watched_ms"
_MOST_MODELS: Final = 8  # the newest


class _Key(NamedTuple):
    figure: str
    attribute: str
    bundle_id: int | None


@dataclass(frozen=True)
class _Watched:
    """What is looked at: by which attributes, of which models (None: all), when, and how wide a gap may be."""

    attributes: list[str]
    models: list[int | None]
    window: Range
    bands: dict[str, float]

    def holds(self, alert: FairnessAlert) -> bool:
        """Whether `alert` is about something that is still looked at."""
        figure = alert.figure.partition(":")[0]
        return figure in self.bands and alert.attribute in self.attributes and alert.bundle_id in self.models


def watch(database: Database, settings: Fairness, now_ms: int) -> None:
    """Look at every attribute's gaps over the last days, of all models and of each, and note what changed.

    Once an hour at most: the sums that it reads change no more often.
    """
    hour_ms = now_ms // HOUR_MS * HOUR_MS
    with database.reading() as connection:
        if store_settings.get(connection, _WATCHED, 0) >= hour_ms:
            return
        watched = _watched(connection, settings, hour_ms)
    seen = {key: gap for bundle_id in watched.models for key, gap in _gaps(database, settings, watched, bundle_id)}
    with database.writing() as connection:
        take(connection, Lock.FAIRNESS)
        if store_settings.get(connection, _WATCHED, 0) < hour_ms:  # or another upkeep was faster
            _note(connection, watched, seen, now_ms)
            store_settings.put(connection, _WATCHED, hour_ms)


def _watched(connection: Connection, settings: Fairness, hour_ms: int) -> _Watched:
    window = Range(max(hour_ms - settings.days * DAY_MS, 0), hour_ms)
    models = figures.bundles_of(connection, window)[-_MOST_MODELS:]
    each = models if len(models) > 1 else []
    return _Watched(figures.attribute_names(connection), [None, *each], window, bands(connection, settings))


def _note(connection: Connection, watched: _Watched, seen: dict[_Key, Gap], now_ms: int) -> None:
    known = {_Key(alert.figure, alert.attribute, alert.bundle_id): alert for alert in store.open_alerts(connection)}
    for key, alert in known.items():
        if key not in seen and not watched.holds(alert):
            store.change(connection, alert.id, {"ended_ms": now_ms})
    for key, gap in seen.items():
        band = watched.bands[key.figure.partition(":")[0]]
        over = gap.low is not None and gap.low > band
        values = {"gap": gap.value, "low": gap.low, "high": gap.high, "band": band, "worst": _worst(gap)}
        if key in known:
            store.change(connection, known[key].id, values | _state(known[key], now_ms, over=over))
        elif over:
            store.begin(connection, {**key._asdict(), **values, "began_ms": now_ms})


def _gaps(
    database: Database, settings: Fairness, watched: _Watched, bundle_id: int | None
) -> Iterator[tuple[_Key, Gap]]:
    """Every gap that has a band and can be told."""
    window = replace(watched.window, bundle_id=bundle_id)
    data = fairness_data.read(database, window)
    for attribute in watched.attributes:
        question = Question(window.from_ms, window.to_ms, attribute, bundle_id=bundle_id)
        try:
            with database.reading() as connection:
                values = figures.attribute_values(connection, attribute)
            made = answered(data, [values], question, settings, watched.bands, window.to_ms)
        except ConfigError:  # too many groups to compare, or the last wearer with the attribute has just gone
            continue
        for row in made.figures:
            if row.band is not None and row.gap is not None and row.gap.value is not None:
                yield _Key(_name(row), attribute, bundle_id), row.gap


def _name(row: FigureRow) -> str:
    return f"{row.figure}:{row.of}"[:64] if row.of else row.figure


def _worst(gap: Gap) -> str:
    return f"{gap.highest} / {gap.lowest}"[:200]


def _state(alert: FairnessAlert, now_ms: int, *, over: bool) -> dict[str, Any]:
    """Whether an alert that is open goes on, touches its band, or has done so for long enough to end."""
    if over:
        return {"details": {}}
    touched_ms = alert.details.get("touched_ms", now_ms)
    return {"details": {"touched_ms": touched_ms}, "ended_ms": now_ms if now_ms - touched_ms >= SETTLED_MS else None}
