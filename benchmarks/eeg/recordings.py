"""Real EEG as BDF files: the longest recordings of the Luab set, made long enough."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyedflib
from numpy.typing import NDArray
from scipy.signal import resample_poly

from edgeguard.lab.data.luab_eeg import raw_recordings

_LARGEST_UV: Final = 187_500  # the amplifier's range, which holds the electrodes' offset
_DIGITAL: Final = 2**23
CHANNELS: Final = ("Fp1", "Fp2")


def write_recordings(data: Path, folder: Path, *, count: int, rate_hz: int, seconds: int) -> list[Path]:
    """`count` files of `seconds` at `rate_hz`; each plays its recording forward and backward in turn."""
    longest = sorted(raw_recordings(data), key=lambda one: one.shape[1], reverse=True)[:count]
    paths = [folder / f"r{number}.bdf" for number in range(count)]
    for path, values in zip(paths, longest, strict=True):
        there_and_back = np.concatenate([values, values[:, ::-1]], axis=1)
        wanted = 250 * seconds
        long = np.tile(there_and_back, -(-wanted // there_and_back.shape[1]))[:, :wanted]
        _write(path, resample_poly(long, rate_hz, 250, axis=1, padtype="line"), rate_hz)
    return paths


def _write(path: Path, values: NDArray[np.float32], rate_hz: int) -> None:
    with pyedflib.EdfWriter(str(path), len(values), file_type=pyedflib.FILETYPE_BDFPLUS) as writer:
        for row, label in enumerate(CHANNELS):
            facts = {"label": label, "dimension": "uV", "sample_frequency": rate_hz, "prefilter": "", "transducer": ""}
            facts |= {"physical_max": _LARGEST_UV, "physical_min": -_LARGEST_UV}
            facts |= {"digital_max": _DIGITAL - 1, "digital_min": -_DIGITAL}
            writer.setSignalHeader(row, facts)
        writer.writeSamples(list(values.astype(np.float64)))
