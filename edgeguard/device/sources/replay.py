"""A recording played back as if a wearable sent it: .npz, .csv or a WFDB record."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Samples
from edgeguard.device.sources.pacing import paced
from edgeguard.device.sources.recording import Recording, matched
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec


class ReplaySource:
    """Plays back ``PATH`` or ``PATH,channels=MLII+V5`` from its first sample to its last."""

    def __init__(self, argument: str, speed: float) -> None:
        path, _, channels = argument.partition(",channels=")
        self._origin = path
        self._wanted = channels.split("+") if channels else []
        self._recording = read_recording(Path(path))
        self._speed = speed
        self._closed = Event()

    def samples(self, signal: SignalSpec) -> Iterator[Samples]:
        """The recording's samples; SourceError where channels, rate, unit or length are not those of `signal`."""
        values = matched(self._recording, signal, self._wanted, self._origin)
        return paced([values], signal, self._speed, self._closed)

    def close(self) -> None:
        """End the samples; harmless when called twice."""
        self._closed.set()


def read_recording(path: Path) -> Recording:
    """The recording at `path`, by its suffix; SourceError where it is missing, cut short or of another kind."""
    header = path if path.suffix == ".hea" else path.parent / f"{path.name}.hea"
    try:
        if path.suffix == ".npz":
            return _recording_from_npz(path)
        if path.suffix == ".csv":
            return _recording_from_csv(path)
    except FileNotFoundError as error:
        raise SourceError(f"there is no recording at {path}: check the path") from error
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{path} cannot be read ({error}): get the whole file") from error
    if header.is_file():
        from edgeguard.device.sources.wfdb_record import recording_from_wfdb  # noqa: PLC0415 # an extra

        return recording_from_wfdb(header.with_suffix(""))
    what = f"{path} is no .npz, .csv or WFDB record" if path.exists() else f"there is no recording at {path}"
    raise SourceError(f"{what}: check the path")


def _recording_from_npz(path: Path) -> Recording:
    """``x`` (n, channels, samples) or (n, samples), laid end to end; or ``signal`` (channels, n) with ``rate_hz``."""
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        if "signal" in arrays:
            return _recording_from_signal(arrays)
        if "x" not in arrays:
            raise ValueError(f"it holds {', '.join(arrays) or 'nothing'}, neither x nor signal")
        x = arrays["x"].astype(np.float32)
    if x.ndim == 2:
        x = x[:, None, :]
    if x.ndim != 3:
        raise ValueError(f"x has shape {x.shape}, not (n, channels, samples)")
    return Recording(np.moveaxis(x, 1, 0).reshape(x.shape[1], -1), window=x.shape[2])


def _recording_from_signal(arrays: Mapping[str, NDArray[np.generic]]) -> Recording:
    values = arrays["signal"].astype(np.float32)
    if values.ndim != 2:
        raise ValueError(f"signal has shape {values.shape}, not (channels, n)")
    return Recording(values, rate_hz=float(arrays["rate_hz"]) if "rate_hz" in arrays else None)


def _recording_from_csv(path: Path) -> Recording:
    """One column per channel; a first line that is not all numbers names them; an empty cell is NaN."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = [row for row in csv.reader(stream) if row]
    if not rows:
        raise ValueError("it is empty")
    named = not all(_is_number(cell) for cell in rows[0])
    names = tuple(cell.strip() for cell in rows[0]) if named else None
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {number} has {len(row)} columns, the first has {len(rows[0])}")
    cells = [[cell.strip() or "nan" for cell in row] for row in rows[named:]]
    return Recording(np.array(cells, dtype=np.float32).T.reshape(len(rows[0]), -1), channels=names)


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip() or "nan")
    except ValueError:
        return False
    return True
