"""What a day of one wearable looks like: tallies made once, of which millions of rows are put together.

A day is worn 12 hours, with a summary every five minutes of a window a second. Hours and days are the sums of their
summaries, as `edgeguard.fleet.store.rollups` would have made them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec
import numpy as np

from edgeguard.telemetry.histogram import DisagreementHistogram, LatencyHistogram, ShareHistogram
from edgeguard.telemetry.tally import NOTHING, Tally
from edgeguard.telemetry.tally_total import total

CLASSES: Final = ("normal", "supraventricular", "ventricular")
HOURS: Final = 12
PER_HOUR: Final = 12
_WINDOWS: Final = 300  # in a summary
_SHARES: Final = (0.9, 0.06, 0.04)


@dataclass(frozen=True)
class Life:
    """How a wearable fares: its share of alarms and of rejected windows, and how sure the model is."""

    alarms: float
    rejected: float
    confidence: float


LIVES: Final = {
    "quiet": Life(0.01, 0.03, 0.93),
    "unfair": Life(0.03, 0.06, 0.84),  # the group that the model was trained too little for
    "noisy": Life(0.02, 0.25, 0.90),
    "attacked": Life(0.30, 0.03, 0.75),
}


@dataclass(frozen=True)
class Day:
    """The tallies of one day, in order of time: HOURS x PER_HOUR."""

    summaries: tuple[tuple[Tally, ...], ...]

    @cached_property
    def hours(self) -> tuple[Tally, ...]:
        """The sum of each hour."""
        return tuple(_sum(hour) for hour in self.summaries)

    def first(self, hours: int) -> Tally:
        """The sum of the first so many hours."""
        return _sum(self.hours[:hours])


def day_of(life: Life, rng: np.random.Generator) -> Day:
    """One random day."""
    return Day(tuple(tuple(_tally(life, rng) for _ in range(PER_HOUR)) for _ in range(HOURS)))


def _sum(tallies: tuple[Tally, ...]) -> Tally:
    return total(map(msgspec.json.encode, tallies))


def _tally(life: Life, rng: np.random.Generator) -> Tally:
    rejected = int(rng.binomial(_WINDOWS, life.rejected))
    n = _WINDOWS - rejected
    predicted = rng.choice(len(CLASSES), n, p=_SHARES)
    confidence = np.clip(rng.beta(20 * life.confidence, 20 * (1 - life.confidence), n), 1 / 3, 1)
    by_class = {CLASSES[k]: ShareHistogram.of(confidence[predicted == k]) for k in np.unique(predicted)}
    rest = (1 - confidence) / (len(CLASSES) - 1)
    probability = {name: float(np.where(predicted == k, confidence, rest).sum()) for k, name in enumerate(CLASSES)}
    return msgspec.structs.replace(
        NOTHING,
        windows=_WINDOWS,
        rejected={"flat": rejected} if rejected else {},
        gaps=int(rng.poisson(0.1)),
        alarms=int(rng.binomial(n, life.alarms)),
        stages=(n // 2, n - n // 2),
        predictions={name: histogram.total for name, histogram in by_class.items()},
        confidence=by_class,
        probability=probability,
        disagreement=DisagreementHistogram.of(rng.exponential((1 - life.confidence) / 5, n)),
        margin=ShareHistogram.of(confidence - rest),
        latency_ms=LatencyHistogram.of(rng.lognormal(1.5, 0.4, n)),
    )
