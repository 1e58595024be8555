"""One detector after it has seen clean windows: its scores, its thresholds, and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeguard.exits.drift import clean_quantiles
from edgeguard.exits.ensemble import Floats
from edgeguard.exits.threshold import conformal_threshold
from edgeguard.lab.detection.detector import Batch, Scorer
from edgeguard.lab.detection.streams import AlarmRule, Indices, Switch, false_alarms, waits
from edgeguard.metrics.detection import alarm_share, separation
from edgeguard.metrics.figures import Estimate

Figures = dict[str, Any]


@dataclass(frozen=True)
class FittedDetector:
    """A detector with what it says of clean windows.

    Attributes:
        scorer: Scores windows.
        calibration: Scores of the calibration windows.
        tested: Scores of other clean windows.
        thresholds: By false-alarm rate, from the calibration windows alone.
    """

    scorer: Scorer
    calibration: Floats
    tested: Floats
    thresholds: dict[float, float]

    @classmethod
    def of(
        cls, scorer: Scorer, calibration: tuple[Batch, Batch], tested: tuple[Batch, Batch], rates: Sequence[float]
    ) -> FittedDetector:
        """With a threshold for each of `rates`, from windows and logits; ConfigError as `conformal_threshold`."""
        scores = scorer(*calibration)
        return cls(scorer, scores, scorer(*tested), {rate: conformal_threshold(scores, rate) for rate in rates})

    @property
    def rule(self) -> AlarmRule:
        """How it alarms in a stream: at the first of its rates."""
        return AlarmRule(next(iter(self.thresholds.values())), clean_quantiles(self.calibration))

    def on_clean(self, streams: Sequence[Indices], windows_per_day: float) -> Figures:
        """How often it is wrong: by window for each rate, and by day of a clean stream."""
        counted = false_alarms(self.rule, streams, self.tested)
        per_day = windows_per_day / counted["windows"]
        return {
            "rates": {
                f"{rate:g}": {"threshold": threshold, "false_alarms": written(alarm_share(self.tested, threshold))}
                for rate, threshold in self.thresholds.items()
            },
            "stream": {
                **counted,
                "window_alarms_per_day": counted["window_alarms"] * per_day,
                "drift_alarms_per_day": counted["drift_alarms"] * per_day,
            },
        }

    def on_attacked(self, scores: Floats, wrong: NDArray[np.bool_], streams: Sequence[Switch]) -> Figures:
        """What it finds: of all attacked windows, of those that are `wrong` (n,), and how soon in a stream."""
        harmful = scores[wrong]
        return {
            "auroc": written(separation(self.tested, scores)),
            "rates": {
                f"{rate:g}": {
                    "found": written(alarm_share(scores, threshold)),
                    "found_harmful": written(alarm_share(harmful, threshold, "attacked windows with a wrong verdict")),
                }
                for rate, threshold in self.thresholds.items()
            },
            "windows_to_alarm": waits(self.rule, streams, self.tested, scores),
        }


def written(estimate: Estimate) -> Figures:
    """An estimate as it stands in a results file."""
    found: Figures = {"value": estimate.value, "low": estimate.low, "high": estimate.high, "count": estimate.count}
    return found if estimate.value is not None else {**found, "reason": estimate.reason}
