"""ECG5000 of the UCR archive: 5000 heartbeats of one patient, each stretched to 140 samples and z-normalized."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import DataError
from edgeguard.lab.data.dataset import Dataset, Labels, class_names
from edgeguard.lab.data.facts import FACTS
from edgeguard.signals.spec import SignalSpec

Beats = tuple[NDArray[np.float32], Labels]

SIGNAL: Final = SignalSpec(channels=("ECG",), units="z-score", window=140, hop=140)
CLASSES: Final = {
    "binary": ("normal", "abnormal"),
    "five": ("normal", "r_on_t_pvc", "pvc", "sp_eb", "unclassified"),
}
_ROWS: Final = {"TRAIN": 500, "TEST": 4500}


def load(folder: Path, *, classes: str = "binary") -> Dataset:
    """All beats, the 500 official train rows first, then the 4500 test rows, both in file order.

    Args:
        folder: Holds ECG5000_TRAIN and ECG5000_TEST as .ts, .txt, .tsv or .arff, or ecg5000.npz; or a folder ECG5000
            that does.
        classes: ``binary``, or ``five`` as labelled in the archive.

    Raises:
        ConfigError: `classes` is no known word.
        DataError: the files are missing, cut short or malformed.
    """
    names = class_names("ecg5000", classes, CLASSES)
    x, labels = _beats(folder)
    return Dataset("ecg5000", x[:, None, :], np.minimum(labels - 1, len(names) - 1), names, SIGNAL)


def _beats(folder: Path) -> Beats:
    facts = FACTS["ecg5000"]
    paths = facts.find(folder)
    if paths is None:
        raise DataError(
            f"ecg5000 is neither in {folder / facts.folder} nor in {folder}: run edgeguard data fetch ecg5000 "
            "or name its folder with --data-dir"
        )
    if len(paths) == 1:
        return _beats_from_npz(paths[0])
    parts = [_beats_from_text(path, rows) for path, rows in zip(paths, _ROWS.values(), strict=True)]
    return np.concatenate([x for x, _ in parts]), np.concatenate([labels for _, labels in parts])


def _beats_from_npz(path: Path) -> Beats:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            x, labels = arrays["x"].astype(np.float32), arrays["y"].astype(np.int64)
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}): get the whole file") from error
    return _checked(x, labels, sum(_ROWS.values()), path)


def _beats_from_text(path: Path, rows: int) -> Beats:
    found = []
    try:
        for number, (label, values) in _rows(path):
            if len(values) != SIGNAL.window:
                raise DataError(
                    f"{path}, line {number} holds {len(values)} samples, but ECG5000 has {rows} rows of "
                    f"{SIGNAL.window} there: get the whole file"
                )
            found.append([float(cell) for cell in (label, *values)])
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): fetch it again") from error
    table = np.array(found, dtype=np.float64).reshape(-1, 1 + SIGNAL.window)
    return _checked(table[:, 1:].astype(np.float32), table[:, 0], rows, path)


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, list[str]]]]:
    """Line number, label and samples of each data line; the suffix says how they are written."""
    in_data = path.suffix in {".txt", ".tsv"}
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            text = line.strip()
            if not in_data:
                in_data = text.lower() == "@data"
            elif text and text[0] not in "#%":
                yield number, _label_and_samples(text, path.suffix)


def _label_and_samples(text: str, suffix: str) -> tuple[str, list[str]]:
    if suffix == ".ts":
        values, _, label = text.rpartition(":")
        return label, values.split(",")
    if suffix == ".arff":
        *samples, label = text.split(",")
        return label, samples
    label, *samples = text.split()
    return label, samples


def _checked(x: NDArray[np.float32], labels: NDArray[np.generic], rows: int, path: Path) -> Beats:
    if x.shape != (rows, SIGNAL.window) or labels.shape != (rows,):
        raise DataError(
            f"{path} holds {len(x)} rows, but ECG5000 has {rows} rows of {SIGNAL.window} there: get the whole file"
        )
    if not np.isin(labels, range(1, 1 + len(CLASSES["five"]))).all():
        raise DataError(f"{path} holds labels other than 1 to {len(CLASSES['five'])}: fetch it again")
    return x, labels.astype(np.int64)
