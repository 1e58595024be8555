"""Frontal EEG of the Luab set (Innopolis University, 2017): windows with a blink against windows without one.

43 people, Fp1 and Fp2 against the right ear, OpenBCI, 250 Hz; each counted, or thought of numbers at random, with eyes
open and with eyes closed. The blinks were marked by a threshold on the filtered signal, not by people.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.data.fetch import files_sha256
from edgeguard.lab.data.recordings.windows import windows_of
from edgeguard.lab.data.stretches import Stretch
from edgeguard.signals.eeg import EEG_FILTERS, EEG_RATE_HZ, EEG_WINDOW
from edgeguard.signals.spec import FilterSpec, Positive, PositiveFloat, QualitySpec, SignalSpec

CLASSES: Final = ("clean", "eye_movement")
_BLINK_S: Final = 0.25  # to each side of its peak


@dataclass(frozen=True)
class _Recording:
    """Raw values (2, n) in uV, the peaks of its blinks, and who wore the electrodes."""

    values: NDArray[np.float32]
    peaks: NDArray[np.int64]
    subject: str
    eyes: str


def load(
    folder: Path,
    *,
    window: Positive = EEG_WINDOW,
    hop: Positive = 250,
    filters: tuple[FilterSpec, ...] = EEG_FILTERS,
    quality: QualitySpec | None = None,
    largest: PositiveFloat = 500.0,
) -> Dataset:
    """Windows at a hop, filtered as a device does it; wearers are subjects, groups say whether eyes are open.

    A window is ``eye_movement`` when it holds a whole blink, ``clean`` when it holds none of one. Windows with a part
    of one, those on which the filters have not settled, and those with a value beyond `largest` are left out.

    Args:
        folder: Holds luab_fp1fp2.npz; or a folder eeg that does.
        window: Samples per window, at 250 Hz.
        hop: Samples from one window to the next.
        filters: Of the stream.
        quality: What is no signal: windows on it are left out, and a device does not judge them.
        largest: In uV, of the filtered signal.

    Raises:
        ConfigError: the filters cannot be computed.
        DataError: the file is missing, cut short or malformed.
    """
    signal = _signal(window, hop, filters, quality)
    path = _path(folder)
    half, left_out = round(_BLINK_S * EEG_RATE_HZ), Counter[str]()
    x, y, subjects, eyes = [], [], [], []
    for one in _recordings(path):
        blinks = [Stretch(peak - half, peak + half, 1) for peak in one.peaks.tolist()]
        for cut, label in windows_of(one.values, EEG_RATE_HZ, blinks, signal, left_out, largest=largest):
            x.append(cut)
            y.append(label)
            subjects.append(one.subject)
            eyes.append(one.eyes)
    return Dataset(
        name="luab_eeg",
        x=np.stack(x) if x else np.empty((0, 2, window), dtype=np.float32),
        y=np.array(y, dtype=np.int64),
        classes=CLASSES,
        signal=signal,
        groups={"eyes": np.array(eyes)},
        wearers=np.array(subjects),
        left_out=dict(left_out),
        origin_sha256=files_sha256((path,)),
    )


def raw_recordings(folder: Path) -> Iterator[NDArray[np.float32]]:
    """Every recording as it was made, (2, n) in uV at 250 Hz; DataError as of `load`."""
    return (one.values for one in _recordings(_path(folder)))


def _signal(window: int, hop: int, filters: tuple[FilterSpec, ...], quality: QualitySpec | None) -> SignalSpec:
    try:
        return SignalSpec(
            channels=("Fp1", "Fp2"),
            units="uV",
            window=window,
            hop=hop,
            rate_hz=EEG_RATE_HZ,
            filters=filters,
            quality=quality,
        )
    except ValueError as error:
        raise ConfigError(f"luab_eeg: {error}") from error


def _path(folder: Path) -> Path:
    facts = FACTS["luab_eeg"]
    paths = facts.find(folder)
    if paths is None:
        raise DataError(
            f"luab_eeg is neither in {folder / facts.folder} nor in {folder}: name its folder with --data-dir"
        )
    return paths[0]


def _recordings(path: Path) -> Iterator[_Recording]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            x, offsets = arrays["x"].astype(np.float32), arrays["offsets"].astype(np.int64)
            subject, closed = arrays["subject"].astype(np.int64), arrays["eyes_closed"].astype(bool)
            record, peaks = arrays["blink_rec"].astype(np.int64), arrays["blink_sample"].astype(np.int64)
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}): get the whole file") from error
    if x.ndim != 2 or x.shape[1] != 2 or len(offsets) != len(subject) + 1 or offsets[-1] != len(x):
        raise DataError(f"{path} holds {x.shape} samples for {len(offsets) - 1} recordings: get the whole file")
    for number, (start, end) in enumerate(pairwise(offsets.tolist())):
        yield _Recording(
            np.ascontiguousarray(x[start:end].T),
            peaks[record == number],
            f"S{subject[number]:02d}",
            "closed" if closed[number] else "open",
        )
