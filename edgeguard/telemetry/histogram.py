"""Histograms over bins that never change, so that they add up over time, devices and groups."""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Sequence
from operator import mul
from typing import Annotated, ClassVar, Final, Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]  # exact in every JSON reader
H = TypeVar("H", bound="Histogram")

ROUNDING: Final = 1e-6  # a sum of many floats may leave its bins by this share


if sys.version_info >= (3, 12):
    from math import sumprod as _sumprod
else:

    def _sumprod(p: Sequence[float], q: Sequence[float]) -> float:
        return float(sum(map(mul, p, q)))


def _decades(first: int, last: int) -> tuple[float, ...]:
    """Four edges a decade from 10^first to 10^last, to three digits: the same numbers on every machine."""
    return tuple(float(f"{10 ** (k / 4):.3g}") for k in range(4 * first, 4 * last + 1))


class Histogram(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Counts per bin and the exact sum of the values.

    Bin k holds edges[k] <= value < edges[k + 1]; the last bin also holds its upper edge.

    Attributes:
        counts: Values in each bin.
        sum: The values added up: with the total it gives the exact mean.
    """

    edges: ClassVar[tuple[float, ...]]

    counts: tuple[Count, ...]
    sum: Annotated[float, msgspec.Meta(ge=0)]

    def __post_init__(self) -> None:
        counts, edges = self.counts, self.edges
        lowest = _sumprod(counts, edges[:-1])
        highest = _sumprod(counts[:-1], edges[1:-1]) + (
            counts[-1] and counts[-1] * edges[-1]
        )  # 0 times inf is no number
        if not lowest * (1 - ROUNDING) <= self.sum <= highest * (1 + ROUNDING):
            raise ValueError(f"sum {self.sum:g} does not fit the counts (between {lowest:g} and {highest:g})")

    @classmethod
    def of(cls: type[H], values: ArrayLike) -> H:
        """The histogram of `values`; those outside the bins count in the nearest bin, at its edge."""
        clipped = np.clip(np.asarray(values, dtype=np.float64), cls.edges[0], cls.edges[-1])
        return cls(counts=tuple(cls.bin_counts(clipped).tolist()), sum=math.fsum(clipped))

    @classmethod
    def bin_counts(cls, clipped: NDArray[np.float64]) -> NDArray[np.int64]:
        """How many of the values, all within the bins, fall in each."""
        inner = np.asarray(cls.edges[1:-1])
        return np.bincount(np.searchsorted(inner, clipped, side="right"), minlength=len(inner) + 1)

    def __add__(self: H, other: H) -> H:
        counts = tuple(a + b for a, b in zip(self.counts, other.counts, strict=True))
        return msgspec.structs.replace(self, counts=counts, sum=self.sum + other.sum)

    @property
    def total(self) -> int:
        """How many values it holds."""
        return sum(self.counts)

    @property
    def mean(self) -> float:
        """Mean of the values; NaN where there are none."""
        return self.sum / self.total if self.total else math.nan


class ShareHistogram(Histogram, frozen=True, kw_only=True):
    """Of values in [0, 1], 20 equal bins: confidence and margin."""

    edges: ClassVar[tuple[float, ...]] = tuple(k / 20 for k in range(21))
    counts: Annotated[tuple[Count, ...], msgspec.Meta(min_length=20, max_length=20)]


class DisagreementHistogram(Histogram, frozen=True, kw_only=True):
    """Of a disagreement score, in its own unit: 30 bins, four a decade from 1e-6 to 10, open at both ends."""

    edges: ClassVar[tuple[float, ...]] = (0.0, *_decades(-6, 1), math.inf)
    counts: Annotated[tuple[Count, ...], msgspec.Meta(min_length=30, max_length=30)]


class LatencyHistogram(Histogram, frozen=True, kw_only=True):
    """Of milliseconds: 26 bins, four a decade from 0.01 to 10 000, open at both ends."""

    edges: ClassVar[tuple[float, ...]] = (0.0, *_decades(-2, 4), math.inf)
    counts: Annotated[tuple[Count, ...], msgspec.Meta(min_length=26, max_length=26)]


class GrowingHistogram(Generic[H]):
    """A histogram of the given kind that values are added to one by one."""

    def __init__(self, kind: type[H]) -> None:
        self._kind = kind
        self._inner = kind.edges[1:-1]
        self._counts = [0] * (len(kind.edges) - 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count one value, as `Histogram.of` does."""
        clipped = min(max(value, self._kind.edges[0]), self._kind.edges[-1])
        self._counts[bisect_right(self._inner, clipped)] += 1
        self._sum += clipped

    def frozen(self) -> H:
        """The histogram of what was added so far."""
        return self._kind(counts=tuple(self._counts), sum=self._sum)
