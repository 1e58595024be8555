"""The labelled windows of one recording, made as a device makes them, and why the others are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeguard.lab.data.stretches import Stretch, labelled_windows
from edgeguard.signals.conditioning import Conditioner
from edgeguard.signals.quality import SETTLING, flaw
from edgeguard.signals.spec import SignalSpec

Signal = NDArray[np.float32]

UNCLEAR = "no clear label"
TOO_LARGE = "too large"
TOO_SHORT = "recording shorter than a window"


def windows_of(
    raw: Signal,
    rate_hz: float,
    stretches: Sequence[Stretch],
    signal: SignalSpec,
    left_out: Counter[str],
    *,
    background: int | None = 0,
    largest: float | None = None,
) -> Iterator[tuple[Signal, int]]:
    """Values (channels, window) and class of each window that is fit for use; the others are counted by reason.

    Args:
        raw: (channels, n) at `rate_hz`, NaN where a sample is missing.
        rate_hz: SourceError where it cannot be resampled.
        stretches: What is marked, in samples at the rate of `signal`.
        signal: What a window is, with its filters and its quality.
        left_out: Counted up.
        background: Class of windows that nothing is marked on; None leaves them out.
        largest: Filtered values beyond it, to either side, make a window unfit.
    """
    conditioner = Conditioner(signal, rate_hz)
    after = np.repeat(raw[:, -1:], conditioner.reach, axis=1)
    values = np.concatenate([conditioner.feed(raw), conditioner.feed(after)], axis=1)
    up, down = conditioner.ratio
    raw_window = -(-signal.window * down // up)
    if values.shape[1] < signal.window:
        left_out[TOO_SHORT] += 1
        return
    marked = labelled_windows(values.shape[1], stretches, signal.window, signal.hop, background=background)
    clear = dict(marked)
    for start in range(0, values.shape[1] - signal.window + 1, signal.hop):
        window, at = values[:, start : start + signal.window], conditioner.ratio.source_index(start)
        reason = UNCLEAR if start not in clear else conditioner.why_unfit(at, at + raw_window)
        if reason in (None, SETTLING) and signal.quality is not None:
            reason = flaw(raw[:, at : at + raw_window], rate_hz, signal.quality) or reason
        if reason is None and largest is not None and np.abs(window).max() > largest:
            reason = TOO_LARGE
        if reason is None:
            yield window, clear[start]
        else:
            left_out[reason] += 1
