"""Verdicts into a tally, cheaply: a window costs one append, the arithmetic is done a few hundred at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.telemetry.tally import NOTHING, Tally, tally_of

_BATCH: Final = 256


class SummaryBuilder:
    """Counts the windows judged by one model, until `take`."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = classes
        self._begin()

    def _begin(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._rejected: Counter[str] = Counter()
        self._tally = NOTHING

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
        """Count one window given to the model; the columns are those of `tally_of`."""
        self._rows.append(
            {
                "predicted": predicted,
                "confidence": confidence,
                "exit_probabilities": exit_probabilities,
                "disagreement": disagreement,
                "alarm": alarm,
                "latency_ms": latency_ms,
            }
        )
        if len(self._rows) == _BATCH:
            self._fold()

    def reject(self, reason: str) -> None:
        """Count one window not given to the model."""
        self._rejected[reason] += 1

    def take(self, *, gaps: int = 0, missing_samples: int = 0, repeated_samples: int = 0) -> Tally:
        """The tally since the last `take`, with what was wrong with the stream; counting begins anew."""
        self._fold()
        outside = msgspec.structs.replace(
            NOTHING,
            windows=sum(self._rejected.values()),
            rejected=dict(self._rejected),
            gaps=gaps,
            missing_samples=missing_samples,
            repeated_samples=repeated_samples,
        )
        tally = self._tally + outside
        self._begin()
        return tally

    def _fold(self) -> None:
        if self._rows:
            columns = {name: np.array([row[name] for row in self._rows]) for name in self._rows[0]}
            self._tally += tally_of(self._classes, **columns)
            self._rows.clear()
