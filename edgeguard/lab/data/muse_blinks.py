"""Cued blinks of a Muse headband: windows of 2 s with a short or a long blink each, six people."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from edgeguard.errors import DataError
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.data.fetch import files_sha256
from edgeguard.signals.spec import SignalSpec

CLASSES: Final = ("short_blink", "long_blink")
SIGNAL: Final = SignalSpec(
    channels=("ch0", "ch1", "ch2", "ch3"), units="raw", window=510, hop=510, rate_hz=255.0, preprocessing=("center",)
)


def load(folder: Path) -> Dataset:
    """All windows, each less its mean; wearers are subjects. The channels' order on the headband is not documented.

    Args:
        folder: Holds muse_blink_cued.npz; or a folder eeg that does.

    Raises:
        DataError: the file is missing, cut short or malformed.
    """
    facts = FACTS["muse_blinks"]
    paths = facts.find(folder)
    if paths is None:
        raise DataError(f"muse_blinks is neither in {folder / facts.folder} nor in {folder}: name it with --data-dir")
    try:
        with paths[0].open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            x, long_blink = arrays["x"].astype(np.float32), arrays["long_blink"].astype(np.int64)
            subjects = np.array([f"S{subject}" for subject in arrays["subject"].astype(int)])
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{paths[0]} cannot be read ({error}): get the whole file") from error
    if x.ndim != 3 or len(subjects) != len(x):
        raise DataError(f"{paths[0]} holds windows of shape {x.shape} of {len(subjects)} people: get the whole file")
    return Dataset(
        name="muse_blinks",
        x=x - x.mean(axis=2, keepdims=True),
        y=long_blink,
        classes=CLASSES,
        signal=SIGNAL,
        wearers=subjects,
        origin_sha256=files_sha256(paths),
    )
