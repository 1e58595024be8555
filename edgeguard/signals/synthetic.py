"""Synthetic single-lead ECG of seeded wearers: normal beats, and three abnormal morphologies that come in episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.signals.ecgsyn import WAVES, Floats, Waves, sinus_times_s, solve
from edgeguard.signals.noise import NoiseLevels, interference_mv, wander_mv

MORPHOLOGIES: Final = ("normal", "pvc", "bbb", "st_elevation")

# (angle in degrees, width in rad, height in mV) at 60 beats per minute of P, Q, R, R', S, ST, T.
_SHAPES: Final = {
    "normal": ((-70, 0.20, 0.13), (-15, 0.09, -0.12), (0, 0.10, 1.15), (10, 0.10, 0.0), (15, 0.10, -0.22),
               (50, 0.35, 0.0), (100, 0.40, 0.30)),
    # premature ventricular contraction: no P, wide slurred QRS, T against the QRS
    "pvc": ((-70, 0.20, 0.0), (-15, 0.09, 0.0), (-4, 0.28, 1.40), (22, 0.20, 0.40), (40, 0.22, -0.45),
            (62, 0.35, -0.10), (118, 0.42, -0.45)),
    # left bundle branch block in a lateral lead: broad notched R, no Q, T against the QRS
    "bbb": ((-70, 0.20, 0.13), (-15, 0.09, 0.0), (-10, 0.15, 0.80), (15, 0.15, 0.85), (30, 0.10, 0.0),
            (50, 0.35, -0.10), (108, 0.40, -0.25)),
    # injury current: QRS kept, ST segment lifted into a tall T
    "st_elevation": ((-70, 0.20, 0.13), (-15, 0.09, -0.12), (0, 0.10, 1.05), (10, 0.10, 0.0), (15, 0.10, -0.10),
                     (48, 0.42, 0.32), (96, 0.40, 0.45)),
}  # fmt: skip
_TABLE: Final = np.array([_SHAPES[name] for name in MORPHOLOGIES]) * np.array([np.pi / 180, 1.0, 1.0])
# An episode lies this far between the wearer's normal beat (0) and the full shape (1): fusion beats, slight ST shifts.
_SEVERITY: Final = np.array([(0.0, 0.0), (0.5, 1.0), (0.25, 1.0), (0.15, 1.0)])
_COUPLING: Final = (0.55, 0.75)  # a PVC falls after this part of the sinus interval
_EPISODE_BEATS: Final = (8, 30)
_RUN_IN_S: Final = 5.0  # the one-second relaxation has forgotten its start by then

SEXES: Final = ("female", "male")
AGE_BANDS: Final = ("18-39", "40-64", "65+")


@dataclass(frozen=True)
class Wearer:
    """One heart and one electrode; the scales multiply the waves of every morphology, in the order of `WAVES`."""

    sex: str
    age_band: str
    heart_rate_bpm: float
    heart_rate_std_bpm: float
    lf_hf_ratio: float
    angle_scale: tuple[float, ...]
    width_scale: tuple[float, ...]
    height_scale: tuple[float, ...]
    noise: NoiseLevels


@dataclass(frozen=True)
class LabeledRecording:
    """A synthetic recording and what is in it.

    Attributes:
        signal_mv: (n,) samples.
        rate_hz: Samples per second.
        r_peaks: (beats,) sample index of each R peak, in order; some lie just outside the signal.
        morphology: (beats,) index into `MORPHOLOGIES`.
    """

    signal_mv: NDArray[np.float32]
    rate_hz: float
    r_peaks: NDArray[np.int64]
    morphology: NDArray[np.int64]


def draw_wearer(seed: int | Sequence[int]) -> Wearer:
    """A wearer drawn from one population; the same seed gives the same wearer.

    Sex and age act in the direction known for resting ECG, with sizes chosen here: women have a faster rate, a later
    and lower T; heart rate variability falls with age. Nothing else depends on them.
    """
    rng = np.random.default_rng(seed)
    sex, age = rng.choice(SEXES), int(rng.integers(len(AGE_BANDS)))
    female = float(sex == "female")
    late, low = np.ones(len(WAVES)), np.ones(len(WAVES))
    late[-1], low[-1] = 1 + 0.04 * female, 1 - 0.15 * female
    gain = rng.lognormal(0, 0.15)
    return Wearer(
        sex=str(sex),
        age_band=AGE_BANDS[age],
        heart_rate_bpm=float(np.clip(rng.normal(68 + 4 * female, 8), 48, 100)),
        heart_rate_std_bpm=float(rng.uniform(2, 4) * (1.2, 0.9, 0.6)[age]),
        lf_hf_ratio=float(rng.lognormal(np.log(0.8), 0.4)),
        angle_scale=tuple(late * rng.normal(1, 0.03, len(WAVES))),
        width_scale=tuple(rng.lognormal(0, 0.06, len(WAVES))),
        height_scale=tuple(low * gain * rng.lognormal(0, 0.18, len(WAVES))),
        noise=_draw_noise(rng),
    )


def _draw_noise(rng: np.random.Generator) -> NoiseLevels:
    return NoiseLevels(
        white_mv=float(rng.uniform(0.006, 0.015)),
        muscle_mv=float(rng.uniform(0.008, 0.035)),
        wander_mv=float(rng.uniform(0.03, 0.12)),
        mains_mv=float(rng.uniform(0.0, 0.015)),
        mains_hz=float(rng.choice((50.0, 60.0))),
        breathing_hz=float(rng.uniform(0.18, 0.33)),
    )


def synthesize(
    wearer: Wearer,
    *,
    rate_hz: float,
    seconds: float,
    seed: int | Sequence[int],
    abnormal_share: float = 0.5,
    kinds: Sequence[str] = MORPHOLOGIES[1:],
) -> LabeledRecording:
    """A recording of `wearer`; the same arguments give the same samples.

    Args:
        wearer: Whose heart and electrode.
        rate_hz: Above 120, so that the mains are below half of it.
        seconds: Length.
        seed: Of rhythm, episodes and noise.
        abnormal_share: Share of the episodes that are abnormal, 0 to 1. In a PVC episode every second or third beat
            is premature, in the others every beat is abnormal.
        kinds: Names of `MORPHOLOGIES` that abnormal episodes are drawn from.
    """
    if rate_hz <= 120 or seconds <= 0 or not 0 <= abnormal_share <= 1:
        raise ValueError(f"rate_hz {rate_hz}, seconds {seconds}, abnormal_share {abnormal_share}: out of range")
    rng = np.random.default_rng(seed)
    times_s = np.arange(round((_RUN_IN_S + seconds) * rate_hz)) / rate_hz
    r_times_s = sinus_times_s(times_s[-1], wearer.heart_rate_bpm, wearer.heart_rate_std_bpm, wearer.lf_hf_ratio, rng)
    morphology, severity = _episodes(len(r_times_s), abnormal_share, [MORPHOLOGIES.index(kind) for kind in kinds], rng)
    _make_premature(r_times_s, morphology == MORPHOLOGIES.index("pvc"), rng)
    z = solve(r_times_s, _waves(wearer, morphology, severity, rng), times_s, wander_mv(times_s, wearer.noise, rng))
    signal = z + interference_mv(times_s, wearer.noise, rng)
    run_in = round(_RUN_IN_S * rate_hz)
    return LabeledRecording(
        signal_mv=signal[run_in:].astype(np.float32),
        rate_hz=rate_hz,
        r_peaks=np.rint(r_times_s * rate_hz).astype(np.int64) - run_in,
        morphology=morphology,
    )


def _episodes(
    beats: int, share: float, kinds: Sequence[int], rng: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    morphology, severity, start = np.zeros(beats, dtype=np.int64), np.zeros(beats), 0
    while start < beats:
        end = start + int(rng.integers(*_EPISODE_BEATS, endpoint=True))
        if kinds and rng.random() < share:
            kind = int(rng.choice(kinds))
            every = int(rng.integers(2, 4)) if MORPHOLOGIES[kind] == "pvc" else 1
            morphology[start + every - 1 : end : every] = kind
            severity[start:end] = rng.uniform(*_SEVERITY[kind])
        start = end
    morphology[[0, -1]] = 0  # the ends have no interval to be early in
    return morphology, severity


def _make_premature(r_times_s: Floats, early: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Move `early` beats toward the beat before; the next sinus beat stays, which is the compensatory pause."""
    at = np.flatnonzero(early)
    r_times_s[at] -= (1 - rng.uniform(*_COUPLING, len(at))) * (r_times_s[at] - r_times_s[at - 1])


def _waves(wearer: Wearer, morphology: NDArray[np.int64], severity: Floats, rng: np.random.Generator) -> Waves:
    normal = _TABLE[0]
    shapes = normal + severity[:, None, None] * (_TABLE[morphology] - normal)
    scale = np.stack([wearer.angle_scale, wearer.width_scale, wearer.height_scale], axis=-1)
    angle, width, height = np.moveaxis(shapes * scale, -1, 0)
    return Waves(angle, width, height * rng.normal(1, 0.03, height.shape))
