"""Sums of windows, strung into series of few points: neighbours are added up, gaps stay gaps."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

import msgspec

from edgeguard.telemetry.histogram import DisagreementHistogram, LatencyHistogram

Series = list[float | None]

COUNTS: Final = ("windows", "alarms", "suppressed", "gaps", "missing_samples", "repeated_samples")
SUMS: Final = ("rejected", "disagreement_sum", "margin_sum", "confidence_sum", "latency_sum")
NAMED: Final = ("predictions", "rejected", "faults")
_MOST_NAMES: Final = 20
_SLACK: Final = 0.5  # of an interval: what may lie between two neighbours that no line need be broken for


class _Bins(msgspec.Struct):
    counts: list[int]


class _Shape(msgspec.Struct):
    """What a stored tally tells beyond its columns; it was checked in full when it came in."""

    predictions: dict[str, int]
    rejected: dict[str, int]
    faults: dict[str, int]
    disagreement: _Bins
    latency_ms: _Bins


_DECODER: Final = msgspec.json.Decoder(_Shape)


@dataclass(frozen=True)
class Part:
    """A stored sum over [begin_ms, end_ms): its columns by name, and its tally as JSON."""

    begin_ms: int
    end_ms: int
    columns: Mapping[str, float]
    battery: float | None
    tally: bytes


@dataclass
class Point:
    """Parts added up."""

    begin_ms: int
    end_ms: int
    counts: Counter[str] = field(default_factory=Counter)
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SUMS, 0.0))
    by_name: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in NAMED})
    disagreement_bins: list[int] = field(default_factory=lambda: [0] * (len(DisagreementHistogram.edges) - 1))
    latency_bins: list[int] = field(default_factory=lambda: [0] * (len(LatencyHistogram.edges) - 1))
    battery: float | None = None

    def add(self, part: Part) -> None:
        """Count one part more."""
        self.begin_ms, self.end_ms = min(self.begin_ms, part.begin_ms), max(self.end_ms, part.end_ms)
        for name in COUNTS:
            self.counts[name] += int(part.columns[name])
        for name in SUMS:
            self.sums[name] += part.columns[name]
        shape = _DECODER.decode(part.tally)
        for name, counted in self.by_name.items():
            counted.update(getattr(shape, name))
        _add(self.disagreement_bins, shape.disagreement.counts)
        _add(self.latency_bins, shape.latency_ms.counts)
        if part.battery is not None:
            self.battery = part.battery if self.battery is None else min(self.battery, part.battery)

    def mean(self, name: str) -> float | None:
        """Of a `*_sum`, over the windows given to the model."""
        judged = self.counts["windows"] - self.sums["rejected"]
        return self.sums[f"{name}_sum"] / judged if judged else None


@dataclass(frozen=True)
class Figures:
    """Series of equal length; at a gap in the data stands one entry of None, so that no line is drawn across it.

    Attributes:
        at_ms: End of what each entry sums up; of a gap, its beginning.
        windows: All, the rejected ones too.
        alarms: Windows over the threshold.
        suppressed: Alerts that the rate limit held back.
        gaps: Jumps in the samples' index.
        missing_samples: Samples that those jumps left out.
        repeated_samples: Samples that came again or too late.
        disagreement: Mean.
        disagreement_p95: 95th percentile, from the histogram.
        confidence: Mean.
        margin: Mean.
        latency_ms: Mean.
        latency_p95_ms: 95th percentile, from the histogram.
        battery: The lowest.
        predictions: Windows by predicted class.
        rejected: Windows not given to the model, by reason.
        faults: What else was wrong, by kind.
    """

    at_ms: list[int]
    windows: Series
    alarms: Series
    suppressed: Series
    gaps: Series
    missing_samples: Series
    repeated_samples: Series
    disagreement: Series
    disagreement_p95: Series
    confidence: Series
    margin: Series
    latency_ms: Series
    latency_p95_ms: Series
    battery: Series
    predictions: dict[str, Series]
    rejected: dict[str, Series]
    faults: dict[str, Series]


def figures(parts: Sequence[Part], from_ms: int, to_ms: int, points: int) -> Figures:
    """`parts` of [from_ms, to_ms), in order of their ends, as series of about `points` entries at most."""
    strung = _strung(parts, from_ms, _step_ms(parts, (to_ms - from_ms) / points))

    def series(value_of: Callable[[Point], float | None]) -> Series:
        return [None if point is None else value_of(point) for point in strung]

    return Figures(
        at_ms=_times(strung),
        windows=series(lambda point: point.counts["windows"]),
        alarms=series(lambda point: point.counts["alarms"]),
        suppressed=series(lambda point: point.counts["suppressed"]),
        gaps=series(lambda point: point.counts["gaps"]),
        missing_samples=series(lambda point: point.counts["missing_samples"]),
        repeated_samples=series(lambda point: point.counts["repeated_samples"]),
        disagreement=series(lambda point: point.mean("disagreement")),
        disagreement_p95=series(lambda point: quantile(point.disagreement_bins, DisagreementHistogram.edges, 0.95)),
        confidence=series(lambda point: point.mean("confidence")),
        margin=series(lambda point: point.mean("margin")),
        latency_ms=series(lambda point: point.mean("latency")),
        latency_p95_ms=series(lambda point: quantile(point.latency_bins, LatencyHistogram.edges, 0.95)),
        battery=series(lambda point: point.battery),
        predictions=_by_name(strung, "predictions"),
        rejected=_by_name(strung, "rejected"),
        faults=_by_name(strung, "faults"),
    )


def _step_ms(parts: Sequence[Part], wanted_ms: float) -> int:
    """A multiple of the parts' own length: each point then sums up as many."""
    own_ms = max(1, *(part.end_ms - part.begin_ms for part in parts[len(parts) // 2 :][:1])) if parts else 1
    return own_ms * max(1, math.ceil(wanted_ms / own_ms))


def _strung(parts: Iterable[Part], from_ms: int, step_ms: int) -> list[Point | None]:
    """Added up in steps; None where nothing was counted for longer than half an interval."""
    points: list[Point | None] = []
    step, current = -1, None
    for part in parts:
        own = (part.end_ms - 1 - from_ms) // step_ms
        if current is None or own != step:
            if current is not None and part.begin_ms - current.end_ms > _SLACK * (part.end_ms - part.begin_ms):
                points.append(None)
            current, step = Point(part.begin_ms, part.end_ms), own
            points.append(current)
        current.add(part)
    return points


def _times(points: Sequence[Point | None]) -> list[int]:
    times: list[int] = []
    for point in points:
        times.append(times[-1] + 1 if point is None else point.end_ms)
    return times


def quantile(counts: Sequence[int], edges: Sequence[float], share: float) -> float | None:
    """The value under which `share` of a histogram lies, even within a bin; of the open last bin its lower edge."""
    wanted = share * sum(counts)
    if not wanted:
        return None
    running = list(accumulate(counts))
    k = bisect_left(running, wanted)
    low, high = edges[k], edges[k + 1]
    if math.isinf(high):
        return low
    return low + (high - low) * (wanted - (running[k] - counts[k])) / counts[k]


def _by_name(points: Sequence[Point | None], kind: str) -> dict[str, Series]:
    """Each class's, reason's or fault's series; the rarest beyond `_MOST_NAMES` are left out."""
    total: Counter[str] = Counter()
    for point in points:
        if point is not None:
            total.update(point.by_name[kind])
    names = [name for name, _ in total.most_common(_MOST_NAMES)]
    return {name: [None if point is None else point.by_name[kind][name] for point in points] for name in names}


def _add(bins: list[int], counts: list[int]) -> None:
    for k, count in enumerate(counts):
        if count:
            bins[k] += count
