"""Samples in, verdicts out: a pure step, no clock and no socket."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.bundle.manifest import Manifest
from edgeguard.device.samples import Samples, Verdict
from edgeguard.device.samples import StreamCounts
from edgeguard.device.windows import Window, WindowCutter
from edgeguard.exits.one_window import PLAIN_SCORES, mean_row, softmax_rows, top_confidence
from edgeguard.signals.preprocessing import preprocess

Floats = NDArray[np.float32]
Infer = Callable[[Floats], Floats]

MAX_BATCH: Final = 64  # windows in one call of the model
SIGNAL_NOT_FINITE: Final = "signal not finite"
LOGITS_NOT_FINITE: Final = "logits not finite"

_NOTHING: Final = np.empty((0, 0))


@dataclass
class Counts:
    """What the pipeline has seen so far.

    Attributes:
        stream: Gaps and repeats in the samples.
        windows: Windows cut, rejected ones included.
        rejected: How many windows got no verdict, by reason.
        alarms: Windows whose disagreement was over the threshold.
    """

    stream: StreamCounts
    windows: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    alarms: int = 0


class Pipeline:
    """Windows, preprocessing, model, ensemble, disagreement, alarm: as the manifest says.

    Args:
        manifest: The facts of the bundle.
        infer: Logits (batch, exits, classes) of windows (batch, channels, samples), both float32.
    """

    def __init__(self, manifest: Manifest, infer: Infer) -> None:
        self._cutter = WindowCutter(manifest.signal)
        self._steps = manifest.signal.preprocessing
        self._infer = infer
        self._temperature = manifest.temperature
        self._score = PLAIN_SCORES[manifest.disagreement.score]
        self._threshold = manifest.disagreement.threshold
        self.counts = Counts(self._cutter.counts)

    def step(self, samples: Samples) -> list[Verdict]:
        """The verdicts on all windows that `samples` complete, in order.

        A gap drops the window it falls into, samples that came before are passed over, a window that is not finite
        is rejected; each is counted. The same stream gives the same windows in chunks of any size.

        SourceError where the channels are not the model's; what `infer` raises passes through.
        """
        windows = self._cutter.cut(samples)
        verdicts: list[Verdict] = []
        while batch := list(islice(windows, MAX_BATCH)):
            self.counts.windows += len(batch)
            verdicts.extend(self._judge(batch))
        return verdicts

    @np.errstate(over="ignore", invalid="ignore")  # what overflows is not finite, and is rejected for that
    def _judge(self, batch: list[tuple[int, Window]]) -> list[Verdict]:
        raw = batch[0][1][None] if len(batch) == 1 else np.stack([window for _, window in batch])
        x = preprocess(raw, self._steps)
        if np.isfinite(x).all():
            return self._classify([start for start, _ in batch], x)
        if len(batch) > 1:
            return [verdict for one in batch for verdict in self._judge([one])]
        return [self._reject(batch[0][0], SIGNAL_NOT_FINITE)]

    def _classify(self, starts: list[int], x: Floats) -> list[Verdict]:
        return [self._verdict(start, logits) for start, logits in zip(starts, self._infer(x).tolist(), strict=True)]

    def _verdict(self, start: int, logits: list[list[float]]) -> Verdict:
        exits = softmax_rows(logits)
        mean = mean_row(exits)
        if not math.isfinite(sum(mean)):
            return self._reject(start, LOGITS_NOT_FINITE)
        score = self._score(exits, mean)
        alarm = score > self._threshold
        self.counts.alarms += alarm
        confidence = top_confidence(mean, self._temperature)
        return Verdict(start, mean.index(max(mean)), confidence, np.array(exits), score, alarm)

    def _reject(self, start: int, reason: str) -> Verdict:
        self.counts.rejected[reason] = self.counts.rejected.get(reason, 0) + 1
        return Verdict(start, None, math.nan, _NOTHING, math.nan, alarm=False, rejected=reason)
