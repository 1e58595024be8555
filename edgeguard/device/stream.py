"""Raw samples of one source in, the model's windows out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.raw_cutter import Cut, RawCutter
from edgeguard.device.samples import Samples, StreamCounts, Window
from edgeguard.device.windows import WindowCutter
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec


class Stream:
    """Gaps and repeats, quality, resampling, filters, windows: as `signal` says, pure, in chunks of any size.

    A gap drops the window it falls into, and everything begins anew behind it. Memory does not grow with the stream.
    Where the signal needs neither another rate nor filters, beats or quality, windows hold the samples as they are,
    whether finite or not.

    Args:
        signal: What the model takes.
        rate_hz: Of the source; None where the signal has no true rate. SourceError where it does not fit the model's.
        source: Name of the source.

    Attributes:
        counts: Gaps and repeats so far.
    """

    def __init__(self, signal: SignalSpec, rate_hz: float | None, source: str = "") -> None:
        _check_rates(signal, rate_hz)
        self.counts = StreamCounts()
        self._signal = signal
        self._rate_hz = rate_hz
        self._source = source
        self._next: int | None = None  # index of the next sample expected
        self._cut: Callable[[NDArray[np.float32]], list[Cut]]
        self._begin_at(0)

    def feed(self, samples: Samples) -> list[Window]:
        """The windows that `samples` complete, in order; what must not be judged is `rejected` with a reason.

        Samples that came before are passed over. SourceError where the channels are not those of the signal.
        """
        values = self._new_part(samples)
        begun, source = self._begun, self._source
        return [Window(begun + start, window, rejected, source) for start, window, rejected in self._cut(values)]

    def _begin_at(self, index: int) -> None:
        self._begun = index
        signal, rate_hz = self._signal, self._rate_hz
        if rate_hz is None or (rate_hz == signal.rate_hz and not (signal.filters or signal.beats or signal.quality)):
            plain = WindowCutter(signal)
            self._cut = lambda values: [(*window, None) for window in plain.feed(values)]
        else:
            self._cut = RawCutter(signal, rate_hz).feed

    def _new_part(self, samples: Samples) -> NDArray[np.float32]:
        """The values not seen before; notes a gap or a repeat."""
        values = samples.values
        channels = self._signal.channels
        if values.ndim != 2 or values.shape[0] != len(channels):
            raise SourceError(
                f"the source gives samples of shape {values.shape}, the model takes "
                f"{len(channels)} channels ({', '.join(channels)}): choose its channels"
            )
        start, expected = int(samples.start), self._next
        if expected is None or start > expected:
            self._begin_at(start)
            self.counts.gaps += expected is not None
            self.counts.missing_samples += 0 if expected is None else start - expected
        elif start < expected:
            repeated = min(expected - start, values.shape[1])
            self.counts.repeated_samples += repeated
            values = values[:, repeated:]
            start = expected
        self._next = start + values.shape[1]
        return values


def _check_rates(signal: SignalSpec, rate_hz: float | None) -> None:
    if rate_hz is None and signal.rate_hz is not None:
        raise SourceError(f"the source has no rate, the model takes {signal.rate_hz:g} Hz: set the source's rate")
    if rate_hz is not None and signal.rate_hz is None:
        raise SourceError(f"the source has {rate_hz:g} Hz, the model's signal has no true rate: choose another model")
