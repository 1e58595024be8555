"""What passes through the device: samples in, windows, verdicts and alarms out; and who brings and takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeguard.signals.spec import SignalSpec
from edgeguard.telemetry.messages import AlarmKind


@dataclass(frozen=True)
class Samples:
    """A run of consecutive samples from one source.

    Attributes:
        start: Index of the first sample since the source began; a jump against the samples before is a gap.
        values: (channels, n) float32 in the unit of the signal, at the source's own rate; NaN where one is missing.
    """

    start: int
    values: NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """One model input as it was cut from a stream, before the per-window preprocessing.

    Attributes:
        start: Index of its first sample, counted at the source's own rate.
        values: (channels, samples) float32 at the model's rate, filtered.
        rejected: Why it must not be judged, or None.
        source: Name of the source.
    """

    start: int
    values: NDArray[np.float32]
    rejected: str | None = None
    source: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the device says about one window.

    Attributes:
        start: Index of the window's first sample, counted at the source's own rate.
        predicted: Class index, or None where the window was rejected.
        confidence: The ensemble's probability of `predicted`, NaN where rejected.
        exit_probabilities: (stages, classes) of the exits that were run, empty where rejected.
        disagreement: The bundle's disagreement score, NaN where rejected.
        alarm: Whether `disagreement` is over the threshold.
        rejected: Why there is no verdict on this window, or None.
        source: Name of the source.
    """

    start: int
    predicted: int | None
    confidence: float
    exit_probabilities: NDArray[np.float64]
    disagreement: float
    alarm: bool
    rejected: str | None = None
    source: str = ""

    @property
    def stages(self) -> int:
        """How many stages were run for it; 0 where it was rejected."""
        return len(self.exit_probabilities)


@dataclass(frozen=True)
class Alarm:
    """An alarm of one source that begins or ends with a window.

    Attributes:
        kind: ``window``: its score is over the threshold; ``drift``: its scores are too high on the whole;
            ``slowdown``: its windows need too many stages on the whole.
        raised: True where it begins, False where it is over.
        verdict: On the window with which it does.
        value: The score, or the sum that the stream has come to.
        threshold: What `value` is over when the alarm begins.
        windows: Windows over the threshold since it began, this one included.
        suppressed: Alarms of this source that the rate limit held back since the last one that was let through.
    """

    kind: AlarmKind
    raised: bool
    verdict: Verdict
    value: float
    threshold: float
    windows: int
    suppressed: int


@dataclass
class StreamCounts:
    """What was wrong with a source and its stream so far.

    Attributes:
        gaps: Jumps forward.
        missing_samples: Samples that the jumps left out.
        repeated_samples: Samples that came again or too late, and were dropped.
        faults: What else, by kind in few words: ``link lost``, ``malformed line``, ``wrong rate`` …
        suppressed: Alarms that the rate limit held back.
        battery: Charge of the wearable's battery as last told, 0 to 1; None where it is not, or the link is down.
    """

    gaps: int = 0
    missing_samples: int = 0
    repeated_samples: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    suppressed: int = 0
    battery: float | None = None


@dataclass(frozen=True)
class Feed:
    """What an opened source delivers, in the channels and the unit of the model.

    Attributes:
        rate_hz: Samples per second; None where the signal has no true rate.
        samples: Until the source ends; SourceError where it breaks off.
        live: Whether they come at the pace of a clock. A live source that ends or breaks off is opened again, its rate
            and its silence are watched; a recording is played once.
        faults: Counted by the source while it runs, by kind.
        speed: How many times faster than real time a live source may send; its rate is not watched at infinity.
        battery: Charge of the wearable's battery, 0 to 1: the lowest since it was last asked, which is about once a
            second; None where there is nothing new or nothing known.
    """

    rate_hz: float | None
    samples: AsyncIterator[Samples]
    live: bool
    faults: Counter[str] = field(default_factory=Counter)
    speed: float = 1.0
    battery: Callable[[], float | None] = lambda: None


class Source(Protocol):
    """A wearable, a recording or a simulator."""

    async def open(self, signal: SignalSpec) -> Feed:
        """Samples of the channels and the unit of `signal`, at whatever rate the source has.

        SourceError where it cannot deliver them. May be called again once the feed ended or broke off.
        """
        ...

    async def close(self) -> None:
        """Let go of the link or file; harmless when called twice."""
        ...


class Sink(Protocol):
    """Takes verdicts: a terminal, a log, a broker. All calls come from one thread."""

    def put(self, verdict: Verdict, alarms: Sequence[Alarm], latency_ms: float) -> None:
        """Take one verdict, the alarms that begin or end with it, and how long after its last sample it came.

        Must not wait for a network. A disk that fails is counted and logged, not raised: the device goes on.
        """
        ...

    def tick(self) -> None:
        """Called about once a second, whether or not windows come."""
        ...

    def close(self) -> None:
        """Finish what was taken; harmless when called twice."""
        ...
