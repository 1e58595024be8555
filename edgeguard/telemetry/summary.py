"""Verdicts into a tally, cheaply: a window costs a few microseconds and leaves nothing behind but counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from operator import add

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.exits.one_window import mean_row, tempered
from edgeguard.telemetry.histogram import DisagreementHistogram, GrowingHistogram, LatencyHistogram, ShareHistogram
from edgeguard.telemetry.tally import NOTHING, Tally


class SummaryBuilder:
    """Counts the windows of one source judged by one model, until `take`.

    Args:
        classes: Of the model.
        temperature: Of its ensemble.
    """

    def __init__(self, classes: Sequence[str], temperature: float) -> None:
        self._classes = classes
        self._temperature = temperature
        self._begin()

    def _begin(self) -> None:
        self._rejected: Counter[str] = Counter()
        self._alarms = 0
        self._stages: Counter[int] = Counter()
        self._confidence: defaultdict[str, GrowingHistogram[ShareHistogram]]
        self._confidence = defaultdict(lambda: GrowingHistogram(ShareHistogram))
        self._probability = [0.0] * len(self._classes)
        self._disagreement = GrowingHistogram(DisagreementHistogram)
        self._margin = GrowingHistogram(ShareHistogram)
        self._latency_ms = GrowingHistogram(LatencyHistogram)

    def add(
        self,
        *,
        predicted: int,
        confidence: float,
        exit_probabilities: NDArray[np.float64],
        disagreement: float,
        alarm: bool,
        latency_ms: float,
    ) -> None:
        """Count one window given to the model.

        Args:
            predicted: Class index.
            confidence: The ensemble's probability of it.
            exit_probabilities: (stages, classes) of the stages that were run.
            disagreement: The bundle's score.
            alarm: Whether it is over the threshold.
            latency_ms: From the last sample to the verdict.
        """
        exits = exit_probabilities.tolist()
        mean = mean_row(exits)
        *_, second, first = sorted(mean)
        self._alarms += alarm
        self._stages[len(exits)] += 1
        self._confidence[self._classes[predicted]].add(confidence)
        self._probability = list(map(add, self._probability, tempered(mean, self._temperature)))
        self._disagreement.add(disagreement)
        self._margin.add(first - second)
        self._latency_ms.add(latency_ms)

    def reject(self, reason: str) -> None:
        """Count one window not given to the model."""
        self._rejected[reason] += 1

    def take(
        self,
        *,
        gaps: int = 0,
        missing_samples: int = 0,
        repeated_samples: int = 0,
        faults: Mapping[str, int] | None = None,
        suppressed: int = 0,
    ) -> Tally:
        """The tally since the last `take`, with what was wrong with the source; counting begins anew."""
        confidence = {name: histogram.frozen() for name, histogram in self._confidence.items()}
        predictions = {name: histogram.total for name, histogram in confidence.items()}
        tally = msgspec.structs.replace(
            NOTHING,
            windows=sum(self._rejected.values()) + sum(predictions.values()),
            rejected=dict(self._rejected),
            gaps=gaps,
            missing_samples=missing_samples,
            repeated_samples=repeated_samples,
            faults=dict(faults or {}),
            alarms=self._alarms,
            suppressed=suppressed,
            stages=tuple(self._stages[k] for k in range(1, 1 + max(self._stages, default=0))),
            predictions=predictions,
            confidence=confidence,
            probability={name: total for name, total in zip(self._classes, self._probability, strict=True) if total},
            disagreement=self._disagreement.frozen(),
            margin=self._margin.frozen(),
            latency_ms=self._latency_ms.frozen(),
        )
        self._begin()
        return tally
