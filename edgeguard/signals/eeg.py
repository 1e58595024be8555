"""What the early-exit paper does to EEG before it cuts windows: 250 Hz, 0.3 to 40 Hz, no mains."""

from __future__ import annotations

from typing import Final

from edgeguard.signals.spec import FilterSpec

EEG_RATE_HZ: Final = 250.0
EEG_WINDOW: Final = 2000  # 8 seconds
# A Butterworth filter of the second order, and notches: the paper's at 60 Hz, and one for places with 50 Hz.
EEG_FILTERS: Final = (
    FilterSpec(kind="bandpass", hz=(0.3, 40.0), order=2),
    FilterSpec(kind="notch", hz=(50.0,)),
    FilterSpec(kind="notch", hz=(60.0,)),
)
