"""The far end of the daemon: when each verdict came, and in which batches the model was asked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from benchmarks.throughput.bare import Rate
from edgeguard.bundle.manifest import Disagreement
from edgeguard.device.judge import Judge
from edgeguard.device.samples import Alarm, Verdict, Window


class Meter:
    """A sink that keeps the time of each verdict that the model gave.

    Attributes:
        times_s: On the performance counter.
        cpu_s: Processor time of the process at each of them.
        rejected: Windows that the model was not asked about.
    """

    def __init__(self, on_verdict: Callable[[float], None] | None = None) -> None:
        self.times_s: list[float] = []
        self.cpu_s: list[float] = []
        self.rejected = 0
        self._on_verdict = on_verdict

    def put(self, verdict: Verdict, _alarms: Sequence[Alarm], latency_ms: float) -> None:
        """Look at the clocks."""
        if verdict.rejected is None:
            self.times_s.append(time.perf_counter())
            self.cpu_s.append(time.process_time())
        else:
            self.rejected += 1
        if self._on_verdict is not None:
            self._on_verdict(latency_ms)

    def tick(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def steady(self) -> Rate:
        """From a fifth of the verdicts to the last twentieth."""
        first, last = len(self.times_s) // 5, len(self.times_s) * 19 // 20
        windows = last - first
        cpu_us = 1e6 * (self.cpu_s[last] - self.cpu_s[first]) / windows
        return Rate(windows / (self.times_s[last] - self.times_s[first]), cpu_us)


class CountedJudge:
    """`judge`, and how many windows it was given at once."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.rule: Disagreement = judge.rule
        self.stage_shares = judge.stage_shares
        self.batches: Counter[int] = Counter()

    def judge(self, windows: Sequence[Window]) -> list[Verdict]:
        """As of the judge."""
        self.batches[len(windows)] += 1
        return self._judge.judge(windows)

    def self_test(self) -> float:
        """As of the judge."""
        return self._judge.self_test()

    @property
    def mean_batch(self) -> float:
        """Windows in a batch, on the whole."""
        return sum(size * count for size, count in self.batches.items()) / max(1, self.batches.total())
