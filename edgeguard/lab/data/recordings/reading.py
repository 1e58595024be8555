"""One file of a described folder: the channels that the model takes, in its unit, and what is written in it."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import DataError
from edgeguard.lab.data.recordings.description import Description
from edgeguard.signals.edf_layout import EdfAnnotation
from edgeguard.signals.edf_records import read_header, read_record
from edgeguard.signals.units import conversion

EDF_SUFFIXES = (".edf", ".bdf")


@dataclass(frozen=True)
class Recording:
    """Values (channels, n) float32 in the model's channels and unit, at the file's own rate; NaN where there are none.

    Attributes:
        values: See above.
        rate_hz: Samples per second.
        names: What the file calls these channels, in the same order.
        annotations: Of an EDF+ or BDF+ file.
    """

    values: NDArray[np.float32]
    rate_hz: float
    names: tuple[str, ...]
    annotations: tuple[EdfAnnotation, ...] = ()


def read(path: Path, described: Description) -> Recording:
    """The recording at `path`; DataError where a channel, the rate or the unit is missing, or the file is damaged."""
    if path.suffix.lower() in EDF_SUFFIXES:
        return _from_edf(path, described)
    try:
        found = _from_npz(path, described) if path.suffix == ".npz" else _from_csv(path, described)
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}): get the whole file") from error
    return found


def _from_edf(path: Path, described: Description) -> Recording:
    header = read_header(path)
    rows = _rows(header.channels, described, path)
    found = read_record(path, rows)
    values = found.values * _factors(found.units, described, path)
    return Recording(values, found.rate_hz, found.channels, found.annotations)


def _from_csv(path: Path, described: Description) -> Recording:
    """A column per channel below a line of names; empty cells are missing."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        names, *lines = [row for row in csv.reader(stream) if row]
    rows = _rows([name.strip() for name in names], described, path)
    for number, line in enumerate(lines, start=2):
        if len(line) != len(names):
            raise ValueError(f"row {number} has {len(line)} columns, the first has {len(names)}")
    table = np.array([[line[row].strip() or "nan" for row in rows] for line in lines], dtype=np.float32)
    return _without_header(path, described, table.T, [names[row].strip() for row in rows])


def _from_npz(path: Path, described: Description) -> Recording:
    """``signal`` (channels, n), ``channels`` (their names), and where they are there ``rate_hz`` and ``units``."""
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        signal, names = arrays["signal"].astype(np.float32), [str(name) for name in arrays["channels"]]
        rate_hz = float(arrays["rate_hz"]) if "rate_hz" in arrays else None
        units = str(arrays["units"]) if "units" in arrays else None
    if signal.ndim != 2 or len(signal) != len(names):
        raise ValueError(f"signal has shape {signal.shape} for {len(names)} channels")
    rows = _rows(names, described, path)
    return _without_header(path, described, signal[rows], [names[row] for row in rows], rate_hz, units)


def _without_header(
    path: Path,
    described: Description,
    values: NDArray[np.float32],
    names: Sequence[str],
    rate_hz: float | None = None,
    units: str | None = None,
) -> Recording:
    table = described.recordings
    rate_hz, units = rate_hz or table.rate_hz, units or table.units
    if rate_hz is None or units is None:
        raise DataError(f"{path} does not say its rate and unit: set recordings.rate_hz and recordings.units")
    return Recording(values * _factors([units] * len(names), described, path), rate_hz, tuple(names))


def _rows(names: Sequence[str], described: Description, path: Path) -> list[int]:
    """Where the model's channels stand in a file that has `names`."""
    rows = []
    for channel, aliases in described.channels.items():
        found = [row for row, name in enumerate(names) if name in (aliases or (channel,))]
        if len(found) != 1:
            there = f"{len(found) or 'no'} channels that are {channel!r}"
            raise DataError(f"{path} has {there} (there are: {', '.join(names)}): name it in [channels]")
        rows.append(found[0])
    return rows


def _factors(units: Sequence[str], described: Description, path: Path) -> NDArray[np.float32]:
    factors = [conversion(unit, described.signal.units) for unit in units]
    if None in factors:
        unit = units[factors.index(None)]
        raise DataError(f"{path} has a channel in {unit!r}, not in {described.signal.units!r}: convert it")
    return np.array(factors, dtype=np.float32)[:, None]
