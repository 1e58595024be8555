"""Many tallies added up, fast: what was checked when it came is not checked again row by row."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from operator import attrgetter
from typing import Any, Final, TypeVar

import msgspec

from edgeguard.errors import MessageError
from edgeguard.telemetry.histogram import DisagreementHistogram, Histogram, LatencyHistogram, ShareHistogram
from edgeguard.telemetry.tally import Tally

H = TypeVar("H", bound=Histogram)


class _Bins(msgspec.Struct, gc=False):
    counts: list[int]
    sum: float


class _Unchecked(msgspec.Struct):
    """The fields of `Tally`, without its checks."""

    windows: int
    rejected: dict[str, int]
    gaps: int
    missing_samples: int
    repeated_samples: int
    faults: dict[str, int]
    alarms: int
    suppressed: int
    stages: list[int]
    predictions: dict[str, int]
    confidence: dict[str, _Bins]
    probability: dict[str, float]
    disagreement: _Bins
    margin: _Bins
    latency_ms: _Bins


_DECODE: Final = msgspec.json.Decoder(_Unchecked).decode
_COUNTS: Final = ("windows", "gaps", "missing_samples", "repeated_samples", "alarms", "suppressed")


def total(encoded: Iterable[bytes]) -> Tally:
    """The sum of tallies in JSON, of none `NOTHING`; MessageError where one is malformed."""
    try:
        return _sum([_DECODE(one) for one in encoded])
    except (msgspec.MsgspecError, ValueError) as error:
        raise MessageError(f"a tally in the database is damaged: {error}") from error


def _sum(parts: Sequence[_Unchecked]) -> Tally:
    return Tally(
        **{name: sum(map(attrgetter(name), parts)) for name in _COUNTS},
        rejected=_merged(part.rejected for part in parts),
        faults=_merged(part.faults for part in parts),
        stages=tuple(map(sum, zip_longest(*(part.stages for part in parts), fillvalue=0))),
        predictions=_merged(part.predictions for part in parts),
        confidence=_by_class([part.confidence for part in parts]),
        probability=_shares(part.probability for part in parts),
        disagreement=_added(DisagreementHistogram, [part.disagreement for part in parts]),
        margin=_added(ShareHistogram, [part.margin for part in parts]),
        latency_ms=_added(LatencyHistogram, [part.latency_ms for part in parts]),
    )


def _merged(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    counter: Counter[str] = Counter()
    for part in parts:
        for name, count in part.items():
            counter[name] += count
    return dict(counter)


def _shares(parts: Iterable[dict[str, float]]) -> dict[str, float]:
    values: defaultdict[str, list[float]] = defaultdict(list)
    for name, value in chain.from_iterable(part.items() for part in parts):
        values[name].append(value)
    return {name: math.fsum(each) for name, each in values.items()}


def _by_class(parts: Sequence[dict[str, _Bins]]) -> dict[str, ShareHistogram]:
    bins: defaultdict[str, list[_Bins]] = defaultdict(list)
    for name, one in chain.from_iterable(part.items() for part in parts):
        bins[name].append(one)
    return {name: _added(ShareHistogram, each) for name, each in bins.items()}


def _added(kind: type[H], parts: Sequence[_Bins]) -> H:
    counts: Any = tuple(map(sum, zip(*(part.counts for part in parts), strict=True)))
    return kind(counts=counts or (0,) * (len(kind.edges) - 1), sum=math.fsum(part.sum for part in parts))
