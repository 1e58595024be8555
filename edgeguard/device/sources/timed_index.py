"""Which sample is which, from the times that a sender wrote beside them: pure, and never trusting a single time.

Let e = rate · time - count, in samples, where count is how many came so far. While nothing is lost, e lies on a line
whose slope is the error of the sender's clock. A time can only be written too late, so jitter and bursts lift e for a
while; the line is therefore laid along the lowest e of each stretch. What lifts a whole stretch is a loss, of as many
samples as it is lifted by, unless our own clock leaves no time to lose them in: then the sender's clock was set.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Samples

CLOCK_JUMP: Final = "clock jump"
_STRETCH_S: Final = 0.5  # so much is held back at most while it is in doubt whether something was lost
_SHORTEST: Final = 16  # samples of a stretch
_LEARNT: Final = 4  # stretches, until the line is known; what is lost meanwhile is not noticed
_MOST: Final = 120  # stretches that are held back while a sender makes good for a stall
_SPREADS: Final = 8.0  # by which a stretch must be off the line
_DRIFT: Final = 0.005  # no clock is that wrong
_LATENCY_S: Final = 0.25  # by which our own clock may be misled
_FORGETTING: Final = 1e-3  # of the least latency so far, in seconds per second
_LARGEST: Final = 2.0**52

Floats = NDArray[np.float64]
Values = NDArray[np.float32]


class TimedIndex:
    """Index and gaps of a regular stream; the same samples in chunks of any size give the same.

    Args:
        rate_hz: Samples per second.
        first: Index of the first sample.

    Attributes:
        next_index: Index of the next sample, if nothing is lost before it.
        faults: ``clock jump``: the sender's clock was set by more than a stretch of half a second.
    """

    def __init__(self, rate_hz: float, first: int = 0) -> None:
        self.next_index = first
        self.faults: Counter[str] = Counter()
        self._rate_hz = rate_hz
        self._stretch = max(_SHORTEST, round(_STRETCH_S * rate_hz))
        self._count = 0
        self._held: Values | None = None  # (channels, n)
        self._times = np.empty((2, 0))  # e of what is held: by the sender's clock, and by ours
        self._passed = np.empty((2, 0))  # the same of what was let go since the line was last adjusted; off the line
        self._line: Floats | None = None  # e that the next sample should have, by either clock
        self._slope = self._spread = 0.0

    @np.errstate(over="ignore", invalid="ignore")
    def feed(self, times_s: Floats, values: Values, arrived_s: float = np.nan) -> list[Samples]:
        """The samples that are certain now.

        Args:
            times_s: (n,) by the sender's clock; what is not finite says nothing.
            values: (channels, n).
            arrived_s: When they came by our clock; without it every jump forward is a loss.
        """
        counts = np.arange(self._count, self._count + len(times_s))
        self._count += len(times_s)
        late = np.stack([times_s, np.full(len(times_s), arrived_s)]) * self._rate_hz - counts
        late[~(np.abs(late) < _LARGEST)] = np.nan
        self._times = np.concatenate([self._times, late], axis=1)
        self._held = values if self._held is None else np.concatenate([self._held, values], axis=1)
        found: list[Samples] = []
        while self._times.shape[1] and self._step(found):
            pass
        return _joined(found)

    def flush(self) -> list[Samples]:
        """What is still held back."""
        found: list[Samples] = []
        self._release(self._times.shape[1], found)
        return found

    def _step(self, found: list[Samples]) -> bool:
        """Let some samples go; False where that must wait for more."""
        n = self._times.shape[1]
        if self._line is None:
            self._release(min(n, _LEARNT * self._stretch - self._passed.shape[1]), found)
            if self._passed.shape[1] == _LEARNT * self._stretch:
                self._learn()
            return True
        off, limit = self._off(), max(0.5, _SPREADS * self._spread)
        doubtful = np.abs(np.nan_to_num(off[0])) > limit
        first = n if doubtful.all() else int(np.argmin(doubtful))  # on the line
        for end in range(self._stretch, _MOST * self._stretch + 1, self._stretch):
            if first < min(n, end):
                self._pass_on(first, doubtful, off, found)
                return True
            if n < end:
                return False
            if not _drains(off[0, end - self._stretch : end]):
                break
        self._decide(off[:, :end], found)
        return True

    def _pass_on(self, first: int, doubtful: NDArray[np.bool_], off: Floats, found: list[Samples]) -> None:
        """Let go what lies before the first sample on the line, and what follows it there."""
        run = int(np.argmax(doubtful[first:])) or len(doubtful) - first
        n = min(first + run, self._stretch - self._passed.shape[1])
        off[:, doubtful] = np.nan
        self._release(n, found, off)
        if self._passed.shape[1] == self._stretch:
            self._adjust()

    def _off(self) -> Floats:
        """By how many samples what is held is off the line."""
        assert self._line is not None  # noqa: S101 - asked for once it is known
        return self._times - self._line[:, None] - self._slope * np.arange(self._times.shape[1])

    def _release(self, n: int, found: list[Samples], off: Floats | None = None) -> None:
        if self._held is None or not n:
            return
        found.append(Samples(self.next_index, self._held[:, :n]))
        self.next_index += n
        self._held = self._held[:, n:]
        self._passed = np.concatenate([self._passed, (self._times if off is None else off)[:, :n]], axis=1)
        self._times = self._times[:, n:]
        if self._line is not None:
            self._line = self._line + self._slope * n

    def _learn(self) -> None:
        """Lay the line along the first stretches."""
        lows = np.array([[_low(part) for part in np.split(late, _LEARNT)] for late in self._passed])
        steps = np.diff(lows[0])
        if np.isfinite(lows[0]).all():
            self._slope = float(np.clip(np.median(steps) / self._stretch, -_DRIFT, _DRIFT))
            self._spread = 2 * float(np.sort(np.abs(steps - np.median(steps)))[1])
            self._line = lows[:, -1] + self._slope * self._stretch
        self._passed = self._passed[:, :0]

    def _adjust(self) -> None:
        """Move the line towards the lowest of the stretch that was let go."""
        off, latency = (_low(one) for one in self._passed)
        self._passed = self._passed[:, :0]
        if self._line is None or not np.isfinite(off):
            return
        self._slope = float(np.clip(self._slope + 0.1 * off / self._stretch, -_DRIFT, _DRIFT))
        self._spread += 0.1 * (abs(off) - self._spread)
        self._line = self._line + np.array([0.5 * off, min(latency, _FORGETTING * self._stretch)])

    def _decide(self, off: Floats, found: list[Samples]) -> None:
        """All is off the line, and stays so: a gap, or a clock that was set."""
        lifted, lost = (_low(one) for one in off[:, -self._stretch :])
        was_set = lifted < 0 or lifted > lost + max(_LATENCY_S * self._rate_hz, lifted / 2)
        gap = lost if was_set else lifted
        if was_set:
            gap = lost if lost > 2 * _LATENCY_S * self._rate_hz else 0.0
            if abs(lifted) > self._stretch:
                self.faults[CLOCK_JUMP] += 1
        missing = max(0, round(gap))
        if missing:
            self._release(int(np.argmax(np.diff(np.nan_to_num(off[0]), prepend=0.0))), found)
            self.next_index += missing
        self._passed = self._passed[:, :0]
        assert self._line is not None  # noqa: S101 - it is off the line
        self._line = self._line + np.array([lifted, missing])


def _drains(late: Floats) -> bool:
    """Whether samples follow one another so fast that they were queued somewhere."""
    quarter = len(late) // 4
    return bool(np.nanmedian(late[:quarter]) - np.nanmedian(late[-quarter:]) > len(late) / 4)


def _low(late: Floats) -> float:
    """The third lowest, as two times may be anything; NaN where there is none."""
    finite = late[np.isfinite(late)]
    return float(np.partition(finite, 2)[2]) if len(finite) > 2 else np.nan


def _joined(found: list[Samples]) -> list[Samples]:
    """Samples that follow one another as one."""
    runs: list[list[Samples]] = []
    for samples in found:
        if runs and samples.start == runs[-1][-1].start + runs[-1][-1].values.shape[1]:
            runs[-1].append(samples)
        else:
            runs.append([samples])
    return [Samples(run[0].start, np.concatenate([one.values for one in run], axis=1)) for run in runs]
