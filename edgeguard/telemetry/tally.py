"""What is counted about verdicts: every part of it adds up, over time, over devices and over groups."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import Annotated, Final, TypeVar

import msgspec

from edgeguard.registry import Name
from edgeguard.telemetry.histogram import ROUNDING, Count, DisagreementHistogram, LatencyHistogram, ShareHistogram

Sum = Annotated[float, msgspec.Meta(ge=0)]
V = TypeVar("V", int, float, ShareHistogram)


class Tally(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Counts and histograms of windows; ``a + b`` is the tally of both, `NOTHING` the tally of nothing.

    Attributes:
        windows: All windows, the rejected ones too.
        rejected: Windows not given to the model, by reason.
        gaps: Jumps in the samples' index.
        missing_samples: Samples that those jumps left out.
        repeated_samples: Samples that came again or too late, and were dropped.
        faults: What else was wrong with the source, by kind: lost links, malformed lines, a wrong rate.
        alarms: Windows whose disagreement is over the bundle's threshold.
        suppressed: Alerts that the rate limit held back.
        stages: Windows given to the model, by how many stages were run for them: the first for one stage.
        predictions: Windows given to the model, by predicted class.
        confidence: The ensemble's probability of the predicted class, by that class.
        probability: The ensemble's probability of each class, summed over the windows given to the model; a class that
            is left out has 0.
        disagreement: The bundle's disagreement score.
        margin: The ensemble's highest probability minus its second highest.
        latency_ms: From the last sample of a window to its verdict.
    """

    windows: Count
    rejected: Annotated[dict[Name, Count], msgspec.Meta(max_length=32)]
    gaps: Count
    missing_samples: Count
    repeated_samples: Count
    faults: Annotated[dict[Name, Count], msgspec.Meta(max_length=32)]
    alarms: Count
    suppressed: Count
    stages: Annotated[tuple[Count, ...], msgspec.Meta(max_length=64)]
    predictions: Annotated[dict[Name, Count], msgspec.Meta(max_length=256)]
    confidence: Annotated[dict[Name, ShareHistogram], msgspec.Meta(max_length=256)]
    probability: Annotated[dict[Name, Sum], msgspec.Meta(max_length=256)]
    disagreement: DisagreementHistogram
    margin: ShareHistogram
    latency_ms: LatencyHistogram

    def __post_init__(self) -> None:
        accepted = sum(self.predictions.values())
        if self.windows != accepted + sum(self.rejected.values()):
            raise ValueError(f"predictions and rejections do not add up to {self.windows} windows")
        if self.alarms > accepted:
            raise ValueError(f"{self.alarms} alarms in {accepted} windows given to the model")
        if {name: histogram.total for name, histogram in self.confidence.items()} != self.predictions:
            raise ValueError("the confidence histograms do not add up to the predictions")
        if sum(self.stages) != accepted:
            raise ValueError(f"the stages hold {sum(self.stages)} windows, not {accepted}")
        if abs(math.fsum(self.probability.values()) - accepted) > ROUNDING * accepted:
            raise ValueError(f"the classes' probabilities do not add up to {accepted} windows")
        for histogram in (self.disagreement, self.margin, self.latency_ms):
            if histogram.total != accepted:
                raise ValueError(f"a histogram holds {histogram.total} windows, not {accepted}")

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            windows=self.windows + other.windows,
            rejected=_merged(self.rejected, other.rejected),
            gaps=self.gaps + other.gaps,
            missing_samples=self.missing_samples + other.missing_samples,
            repeated_samples=self.repeated_samples + other.repeated_samples,
            faults=_merged(self.faults, other.faults),
            alarms=self.alarms + other.alarms,
            suppressed=self.suppressed + other.suppressed,
            stages=tuple(map(sum, zip_longest(self.stages, other.stages, fillvalue=0))),
            predictions=_merged(self.predictions, other.predictions),
            confidence=_merged(self.confidence, other.confidence),
            probability=_merged(self.probability, other.probability),
            disagreement=self.disagreement + other.disagreement,
            margin=self.margin + other.margin,
            latency_ms=self.latency_ms + other.latency_ms,
        )


NOTHING: Final = Tally(
    windows=0,
    rejected={},
    gaps=0,
    missing_samples=0,
    repeated_samples=0,
    faults={},
    alarms=0,
    suppressed=0,
    stages=(),
    predictions={},
    confidence={},
    probability={},
    disagreement=DisagreementHistogram.of([]),
    margin=ShareHistogram.of([]),
    latency_ms=LatencyHistogram.of([]),
)


def _merged(a: dict[str, V], b: dict[str, V]) -> dict[str, V]:
    return {**a, **b, **{name: a[name] + b[name] for name in a.keys() & b.keys()}}
