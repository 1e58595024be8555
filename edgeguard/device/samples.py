"""What passes through the device: samples in, verdicts out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeguard.signals.spec import SignalSpec


@dataclass(frozen=True)
class Samples:
    """A run of consecutive samples from one source.

    Attributes:
        start: Index of the first sample since the source began; a jump against the samples before is a gap.
        values: (channels, n) float32 in the unit of the signal.
    """

    start: int
    values: NDArray[np.float32]


@dataclass(frozen=True)
class Verdict:
    """What the device says about one window.

    Attributes:
        start: Index of the window's first sample.
        predicted: Class index, or None where the window was rejected.
        confidence: The ensemble's probability of `predicted`, NaN where rejected.
        exit_probabilities: (exits, classes), empty where rejected.
        disagreement: The bundle's disagreement score, NaN where rejected.
        alarm: Whether `disagreement` is over the bundle's threshold.
        rejected: Why there is no verdict on this window, or None.
    """

    start: int
    predicted: int | None
    confidence: float
    exit_probabilities: NDArray[np.float64]
    disagreement: float
    alarm: bool
    rejected: str | None = None


class Source(Protocol):
    """Samples from a wearable, a recording or a simulator."""

    def samples(self, signal: SignalSpec) -> Iterator[Samples]:
        """Samples of the channels, rate and unit of `signal`, until the source ends.

        SourceError where it cannot deliver them or breaks off.
        """
        ...

    def close(self) -> None:
        """Let go of the link or file; harmless when called twice."""
        ...


class Sink(Protocol):
    """Takes verdicts: a terminal, a log, a broker."""

    def put(self, verdict: Verdict, latency_ms: float) -> None:
        """Take one verdict and how long after its last sample it came; must not wait for a network.

        A disk that fails is counted and logged, not raised: the device goes on.
        """
        ...

    def close(self) -> None:
        """Finish what was taken; harmless when called twice."""
        ...
