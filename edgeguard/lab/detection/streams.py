"""Detectors as a device runs them, window after window: how soon an attack is found, how often a clean stream alarms.

The rules are those of `edgeguard.device.alarms`, with the device's defaults and without its limit of alarms an hour: a
window alarm begins with a score over the threshold and is over after ten windows in a row under it; a drift alarm
begins when Page's sum passes its limit and is over when the sum is 0 again.

A stream plays windows drawn with replacement; where wearers are known it is one wearer's windows in their order, from
a random one on and round again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.exits.drift import DriftDetector
from edgeguard.exits.ensemble import Floats
from edgeguard.signals.spec import SignalSpec

CLEAR_WINDOWS: Final = 10
DRIFT_WINDOWS: Final = 100_000
BEATS_PER_MINUTE: Final = 75  # assumed, where a window is a beat
STREAMS: Final = 100
BEFORE: Final = 200  # clean windows of each stream before the attack begins
LONGEST_WAIT: Final = 1000  # attacked windows
CLEAN_WINDOWS: Final = 10_000  # of each clean stream

_DAY_S: Final = 86_400
Indices = NDArray[np.int64]
Wearers = NDArray[np.str_] | None


@dataclass(frozen=True)
class AlarmRule:
    """A detector's alarms: its threshold, and the quantiles of its clean scores that drift is told by."""

    threshold: float
    clean_quantiles: Sequence[float]

    def drift_detector(self) -> DriftDetector:
        """A new one."""
        return DriftDetector(self.clean_quantiles, DRIFT_WINDOWS)


@dataclass(frozen=True)
class Switch:
    """Numbers of the clean windows that come first in a stream, and of the attacked ones that follow."""

    clean: Indices
    attacked: Indices


def switches(clean: int, attacked: int, clean_wearers: Wearers, attacked_wearers: Wearers, seed: int) -> list[Switch]:
    """`STREAMS` streams that switch from clean windows to attacked ones, of one wearer where wearers are known."""
    rng = np.random.default_rng(seed)
    people = np.unique(attacked_wearers) if attacked_wearers is not None else None
    drawn = []
    for _ in range(STREAMS):
        person = None if people is None else rng.choice(people)
        before = _played(clean, clean_wearers, person, BEFORE, rng)
        drawn.append(Switch(before, _played(attacked, attacked_wearers, person, LONGEST_WAIT, rng)))
    return drawn


def clean_streams(windows: int, wearers: Wearers, seed: int) -> list[Indices]:
    """`STREAMS` streams of `CLEAN_WINDOWS` clean windows each."""
    rng = np.random.default_rng(seed)
    people = np.unique(wearers) if wearers is not None else None
    return [
        _played(windows, wearers, None if people is None else rng.choice(people), CLEAN_WINDOWS, rng)
        for _ in range(STREAMS)
    ]


def _played(windows: int, wearers: Wearers, person: Any, length: int, rng: np.random.Generator) -> Indices:
    if wearers is None:
        return rng.integers(windows, size=length)
    own = np.flatnonzero(wearers == person)
    return np.asarray(own[(rng.integers(len(own)) + np.arange(length)) % len(own)])


def waits(rule: AlarmRule, streams: Sequence[Switch], clean: Floats, attacked: Floats) -> dict[str, Any]:
    """Attacked windows until the first window over the threshold, and until Page's sum is over its limit.

    For each the median and the 90 % quantile, None where it is beyond `LONGEST_WAIT`, and the share ``never`` found
    within them.
    """
    detector = rule.drift_detector()
    before, after = evidence(detector, clean), evidence(detector, attacked)
    played = np.stack([np.concatenate([before[stream.clean], after[stream.attacked]]) for stream in streams])
    drifted = np.stack(list(sums(detector, played))[BEFORE:], axis=1) > detector.limit
    loud = np.stack([attacked[stream.attacked] > rule.threshold for stream in streams])
    return {"window": _quantiles(_first(loud)), "drift": _quantiles(_first(drifted))}


def _first(over: NDArray[np.bool_]) -> Floats:
    """The number of the first window, from 1, in each stream (streams, windows); infinite where there is none."""
    return np.where(over.any(axis=1), over.argmax(axis=1) + 1.0, np.inf)


def _quantiles(found: Floats) -> dict[str, Any]:
    median, most = np.quantile(found, (0.5, 0.9), method="inverted_cdf").tolist()
    return {
        "median": int(median) if np.isfinite(median) else None,
        "ninety_percent": int(most) if np.isfinite(most) else None,
        "never": float(np.isinf(found).mean()),
    }


def false_alarms(rule: AlarmRule, streams: Sequence[Indices], clean: Floats) -> dict[str, int]:
    """How many window and drift alarms begin in clean streams, and of how many windows these are."""
    detector = rule.drift_detector()
    played = np.stack([evidence(detector, clean)[stream] for stream in streams])
    return {
        "windows": played.size,
        "window_alarms": sum(window_alarms(clean[stream] > rule.threshold) for stream in streams),
        "drift_alarms": drift_alarms(detector, played),
    }


def window_alarms(over: NDArray[np.bool_]) -> int:
    """How many window alarms begin in a stream whose windows are `over` the threshold or not."""
    when = np.flatnonzero(over)
    return int((np.diff(when) > CLEAR_WINDOWS).sum()) + 1 if len(when) else 0


def evidence(detector: DriftDetector, scores: Floats) -> Floats:
    """What each window of `scores` (n,) adds to Page's sum."""
    return np.array([detector.evidence[detector.category(score)] for score in scores.tolist()])


def sums(detector: DriftDetector, played: Floats) -> Iterator[Floats]:
    """Page's sum of every stream (streams,) after each window, from the evidence (streams, windows): all at once."""
    total = np.zeros(len(played))
    for added in played.T:
        total = np.clip(total + added, 0.0, detector.most)
        yield total


def drift_alarms(detector: DriftDetector, played: Floats) -> int:
    """How many drift alarms begin in streams of evidence (streams, windows)."""
    begun, lasts = 0, np.zeros(len(played), dtype=bool)
    for total in sums(detector, played):
        over = total > detector.limit
        begun += int((over & ~lasts).sum())
        lasts = over | (lasts & (total > 0.0))
    return begun


def windows_per_day(signal: SignalSpec) -> tuple[float, str]:
    """How many windows a stream has a day, and what that is taken from."""
    if signal.beats is None and signal.rate_hz is not None:
        hop_s = signal.hop / signal.rate_hz
        return _DAY_S / hop_s, f"a window every {hop_s:g} s"
    return 1440.0 * BEATS_PER_MINUTE, f"assumed: a window each beat, {BEATS_PER_MINUTE} beats a minute"
