"""Synthetic ECG windows of several wearers, made on the fly; the device's synthetic source sends the same kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError
from edgeguard.lab.data.dataset import Dataset, class_names
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.synthetic import MORPHOLOGIES, LabeledRecording, Wearer, draw_wearer, synthesize

SIGNAL: Final = SignalSpec(channels=("ECG",), units="mV", window=256, hop=256, rate_hz=128.0)
CLASSES: Final = {"all": MORPHOLOGIES, "binary": ("normal", "abnormal")}
_UNCLEAR: Final = -1
_WEARER, _RECORDING = 1, 2  # first words of the seeds, so that no two draws share one
_BEAT_S: Final = (-0.25, 0.45)
_SPARE: Final = 1.25  # recordings are longer by this factor, for the windows that are left out


def load(_folder: Path, *, wearers: int = 20, windows: int = 4000, classes: str = "all", seed: int = 0) -> Dataset:
    """`windows` windows of 2 s at 128 Hz in mV, as evenly as possible from `wearers` wearers; nothing is read.

    A window is abnormal where one kind of abnormal beat lies in it, at least one of them whole; windows with only
    a part of one, or with two kinds, are left out. Groups are the wearer's sex and age band.

    Raises:
        ConfigError: an option is no known word or out of range; there is at least one window a wearer.
    """
    names = class_names("synthetic_ecg", classes, CLASSES)
    _check(wearers, windows, seed)
    people = [draw_wearer([_WEARER, seed, number]) for number in range(wearers)]
    counts = [len(part) for part in np.array_split(np.arange(windows), wearers)]
    pairs = [
        _windows_of(wearer, count, [_RECORDING, seed, number])
        for number, (wearer, count) in enumerate(zip(people, counts, strict=True))
    ]
    labels = np.concatenate([label for _, label in pairs])
    return Dataset(
        name="synthetic_ecg",
        x=np.concatenate([x for x, _ in pairs]),
        y=np.minimum(labels, len(names) - 1),
        classes=names,
        signal=SIGNAL,
        groups={
            "sex": np.repeat([wearer.sex for wearer in people], counts),
            "age_band": np.repeat([wearer.age_band for wearer in people], counts),
        },
        wearers=np.repeat([f"wearer-{number:03d}" for number in range(wearers)], counts),
    )


def label_windows(recording: LabeledRecording, window: int, hop: int) -> NDArray[np.int64]:
    """The `MORPHOLOGIES` index of each window of a recording, or -1 where it is not clear.

    A beat reaches from the onset of P to the end of T, `_BEAT_S` around its R peak.
    """
    starts = np.arange(0, len(recording.signal_mv) - window + 1, hop)[:, None]
    first, last = recording.r_peaks + np.multiply(_BEAT_S, recording.rate_hz)[:, None]
    whole = (first >= starts) & (last <= starts + window)
    touched = (last > starts) & (first < starts + window)
    kinds = recording.morphology[:, None] == np.arange(1, len(MORPHOLOGIES))
    present, certain = touched @ kinds, whole @ kinds  # (windows, abnormal kinds)
    unclear = (present.sum(axis=1) > 1) | (present.any(axis=1) & ~certain.any(axis=1))
    return np.where(unclear, _UNCLEAR, present @ np.arange(1, len(MORPHOLOGIES)))


def _windows_of(wearer: Wearer, count: int, seed: list[int]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """`count` clear windows (count, 1, samples) of a recording, and their labels."""
    rate_hz, length = SIGNAL.rate_hz or 0.0, SIGNAL.window
    recorded = round(count * _SPARE) + 10
    while True:
        recording = synthesize(wearer, rate_hz=rate_hz, seconds=recorded * length / rate_hz, seed=seed)
        labels = label_windows(recording, length, SIGNAL.hop)
        clear = np.flatnonzero(labels != _UNCLEAR)[:count]
        if len(clear) == count:
            x = recording.signal_mv.reshape(-1, 1, length)
            return x[clear], labels[clear]
        recorded *= 2


def _check(wearers: Any, windows: Any, seed: Any) -> None:
    for name, value, least in (("seed", seed, 0), ("wearers", wearers, 1), ("windows", windows, wearers)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ConfigError(f"synthetic_ecg: {name} must be a whole number from {least} on, not {value!r}")
