"""Samples in chunks, at the pace at which a wearable would send them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from threading import Event

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Samples
from edgeguard.signals.spec import SignalSpec

_CHUNKS_PER_S = 4


def paced(blocks: Iterable[NDArray[np.float32]], signal: SignalSpec, speed: float, closed: Event) -> Iterator[Samples]:
    """Cut consecutive `blocks` (channels, n) into chunks of a quarter second, each sent when its last sample is due.

    A signal without a rate runs at one hop per second and is sent hop by hop. Due times count from the first chunk, so
    a slow reader is caught up with and no delay adds up. Ends early once `closed` is set.
    """
    per_second = signal.rate_hz or float(signal.hop)
    chunk = max(1, round(signal.rate_hz / _CHUNKS_PER_S)) if signal.rate_hz else signal.hop
    begun, sent = time.monotonic(), 0
    for block in blocks:
        for start in range(0, block.shape[1], chunk):
            values = block[:, start : start + chunk]
            due = 0.0 if math.isinf(speed) else begun + (sent + values.shape[1]) / (per_second * speed)
            if closed.wait(max(0.0, due - time.monotonic())):
                return
            yield Samples(sent, values)
            sent += values.shape[1]
