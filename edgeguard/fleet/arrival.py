"""Whether a model's arrival changed the rates of alarms and rejected windows, on the same devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.models import Change, changes

_RESAMPLES: Final = 1000
_FEWEST: Final = 2  # devices that an interval can be drawn from


@dataclass(frozen=True)
class RateChange:
    """A rate over all devices before and after, and the interval of the difference.

    Attributes:
        low: 95 % bootstrap interval of `after` - `before`, over devices; None with fewer than 2.
        high: Its other end.
    """

    before: float
    after: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Arrival:
    """What changed when a model came.

    Attributes:
        devices: That were compared.
        windows_before: Of them, in equal time on both sides.
        alarms: Windows over the threshold, as a share of those given to the model; None without any.
        rejected: Windows not given to the model, as a share of all.
    """

    devices: int
    windows_before: int
    windows_after: int
    alarms: RateChange | None
    rejected: RateChange | None


def arrival(database: Database, bundle_id: int, now_ms: int) -> Arrival:
    """Compare a model with what the same devices ran before; NotFound."""
    with database.reading() as connection:
        rows = changes(connection, bundle_id, now_ms)
    return of(rows)


def of(rows: Sequence[Change]) -> Arrival:
    """The comparison over these devices."""
    windows, rejected, alarms = (
        np.array([[getattr(row, f"{name}_before"), getattr(row, f"{name}_after")] for row in rows], float).reshape(
            -1, 2
        )
        for name in ("windows", "rejected", "alarms")
    )
    before, after = windows.sum(axis=0)
    return Arrival(len(rows), int(before), int(after), _change(alarms, windows - rejected), _change(rejected, windows))


def _change(hits: NDArray[np.float64], totals: NDArray[np.float64]) -> RateChange | None:
    """Ratio of sums on each side; devices are drawn with both of their sides, for windows of one device are alike."""
    if not (totals.sum(axis=0) > 0).all():
        return None
    before, after = hits.sum(axis=0) / totals.sum(axis=0)
    if len(hits) < _FEWEST:
        return RateChange(float(before), float(after), None, None)
    weights = np.random.default_rng(0).multinomial(len(hits), np.full(len(hits), 1 / len(hits)), _RESAMPLES)
    drawn = weights @ totals
    filled = (drawn > 0).all(axis=1)
    rates = (weights @ hits)[filled] / drawn[filled]
    low, high = np.quantile(rates[:, 1] - rates[:, 0], (0.025, 0.975))
    return RateChange(float(before), float(after), float(low), float(high))
