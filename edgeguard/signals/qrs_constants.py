"""The numbers of the R-peak detector, each with its reason; in one place, for a benchmark to scale each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class QrsConstants:
    """Times in seconds, heights as shares. Those marked * were chosen on MIT-BIH, the others are from the literature.

    Attributes:
        low_hz: Lower corner of the band in which QRS complexes stand out of P and T waves (Elgendi et al., 2010);
            of several bands tried on MIT-BIH the best as well.
        high_hz: Upper corner of it: above lies mostly muscle.
        smooth_hz: * Corner of the low-pass that makes an envelope of the rectified band: one hill per complex.
        refractory_s: No heart beats again within it (Pan & Tompkins, 1985).
        t_wave_s: Within it after a beat a low hill is its T wave (Pan & Tompkins).
        t_wave_height: How high a hill must be there, as a share of the beat before (of slopes in Pan & Tompkins).
        weight: Of a new hill in the running heights of beats and of noise (Pan & Tompkins).
        threshold: * Where between noise (0) and beats (1) a hill begins to be a beat.
        overdue_beats: * Without a beat for so many mean intervals one was missed: the threshold is lowered.
        overdue_s: * At the latest after this time, which bounds the delay.
        lowered: To which share the threshold is lowered (Pan & Tompkins).
        learning_s: The first heights are learned from so long a stretch (Pan & Tompkins).
        silence_s: * Without a beat for so long the heights are out of date: they are learned anew.
        flutter_waves: * So many hills in a row,
        flutter_interval_s: * following each other faster than this on average,
        flutter_valley: * between which the envelope sinks no lower than to this share on average, are no beats: QRS
            complexes leave a line between them at any rate, ventricular flutter and a moving electrode do not.
    """

    low_hz: float = 8.0
    high_hz: float = 20.0
    smooth_hz: float = 6.0
    refractory_s: float = 0.2
    t_wave_s: float = 0.36
    t_wave_height: float = 0.5
    weight: float = 0.125
    threshold: float = 0.35
    overdue_beats: float = 2.0
    overdue_s: float = 2.0
    lowered: float = 0.5
    learning_s: float = 2.0
    silence_s: float = 5.0
    flutter_waves: int = 4
    flutter_interval_s: float = 0.4
    flutter_valley: float = 0.2


CONSTANTS: Final = QrsConstants()
