"""A recording played back as if a wearable sent it: .npz, .csv, EDF+ and BDF+ files, or WFDB records."""

from __future__ import annotations

import asyncio
import csv
import itertools
import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard import config
from edgeguard.device.samples import Feed, Source
from edgeguard.device.sources.pacing import paced
from edgeguard.device.sources.recording import Recording, matched, pieces
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may follow the path of a recording.

    Attributes:
        channels: Names or numbers joined by ``+``, in the model's order.
        start: Seconds to pass over.
        loop: Whether to begin again, for ever, when the recording ends.
    """

    channels: str | int = ""
    start: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    loop: bool = False


def replay_source(argument: str, speed: float) -> Source:
    """The source that plays `argument` back: a recording of samples, or with ``.egb`` of what a wearable sent."""
    if re.fullmatch(r"[^,]*\.egb(,.*)?", argument):
        from edgeguard.device.sources.bridge_recording import BridgeRecordingSource  # noqa: PLC0415 # an extra

        return BridgeRecordingSource(argument, speed)
    return ReplaySource(argument, speed)


class ReplaySource:
    """Plays back ``PATH`` or ``PATH,channels=MLII+V5,start=60,loop=true``; ``100+101`` is one record after the other.

    A gap of one sample parts the records, so that no window holds some of both.
    """

    def __init__(self, argument: str, speed: float) -> None:
        text, *assignments = [argument] if _kind(Path(argument)) else argument.split(",")
        self._options = config.record_from(config.set_values({}, assignments), Options, "replay")
        self._paths = _paths(text)
        self._wanted = [name for name in str(self._options.channels).split("+") if name]
        self._speed = speed

    def contents(self) -> Recording:
        """Channels that were asked for, unit and rate of the first recording, as far as it tells; without samples."""
        found = _described(self._paths[0])
        names = found.channels or tuple(str(number) for number in range(len(found.values)))
        wanted = tuple(self._wanted) or names
        units = dict(zip(names, found.units, strict=True)) if found.units else {}
        known = tuple(units[name] for name in wanted if name in units) or found.units
        return replace(found, values=np.empty((len(wanted), 0), np.float32), channels=wanted, units=known)

    async def open(self, signal: SignalSpec) -> Feed:
        """The recording's samples at its own rate; SourceError where channels, unit or length are not the model's."""
        recording, values = await asyncio.to_thread(self._read, self._paths[0], signal)
        rate_hz = recording.rate_hz or signal.rate_hz
        blocks = self._blocks(recording, values, signal)
        chunk_s = None if rate_hz else (16.0 if math.isinf(self._speed) else 1.0)  # without a rate: hops, not seconds
        return Feed(rate_hz, paced(blocks, rate_hz or float(signal.hop), self._speed, chunk_s), live=False)

    async def close(self) -> None:
        """Nothing is held open."""

    def _read(self, path: Path, signal: SignalSpec) -> tuple[Recording, NDArray[np.float32]]:
        if _kind_of(path) == "edf":
            from edgeguard.device.sources.edf_record import recording_from_edf  # noqa: PLC0415 # an extra

            recording = recording_from_edf(path, signal, self._wanted)
            return recording, matched(recording, signal, (), str(path))
        recording = read_recording(path)
        return recording, matched(recording, signal, self._wanted, str(path))

    def _blocks(
        self, recording: Recording, values: NDArray[np.float32], signal: SignalSpec
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        rate_hz = recording.rate_hz
        first, skipped = 0, round(self._options.start * (rate_hz or signal.rate_hz or signal.hop))
        paths = itertools.cycle(self._paths) if self._options.loop else iter(self._paths)
        next(paths)
        while True:
            for begin, end in pieces(values) if recording.gaps else [(0, values.shape[1])]:
                yield first + max(begin, skipped), values[:, max(begin, skipped) : end]
            first, skipped = first + values.shape[1] + 1, 0
            if (path := next(paths, None)) is None:
                return
            if len(self._paths) > 1:
                recording, values = self._read(path, signal)
                if recording.rate_hz != rate_hz:
                    raise SourceError(f"{path} has another rate than {self._paths[0]}: replay it by itself")


def _paths(text: str) -> list[Path]:
    """``folder/100+101`` as two paths in one folder; SourceError where one is missing or no recording."""
    first, *others = [text] if _kind(Path(text)) else text.split("+")
    paths = [Path(first), *(Path(first).parent / other for other in others)]
    for path in paths:
        _kind_of(path)
    return paths


def read_recording(path: Path) -> Recording:
    """The recording at `path`, EDF aside; SourceError where it is missing, cut short or of another kind."""
    kind = _kind_of(path)
    if kind == "wfdb":
        from edgeguard.device.sources.wfdb_record import recording_from_wfdb  # noqa: PLC0415 # an extra

        return recording_from_wfdb(_header(path).with_suffix(""))
    try:
        return _recording_from_npz(path) if kind == "npz" else _recording_from_csv(path)
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{path} cannot be read ({error}): get the whole file") from error


def _described(path: Path) -> Recording:
    if _kind_of(path) != "edf":
        return read_recording(path)
    from edgeguard.device.sources.edf_record import contents_of_edf  # noqa: PLC0415 # an extra

    return contents_of_edf(path)


def _kind_of(path: Path) -> str:
    if (kind := _kind(path)) is None:
        what = (
            f"{path} is no .npz, .csv, .edf, .bdf or WFDB record"
            if path.exists()
            else f"there is no recording at {path}"
        )
        raise SourceError(f"{what}: check the path")
    return kind


def _kind(path: Path) -> str | None:
    if path.is_file() and path.suffix == ".npz":
        return "npz"
    if path.is_file() and path.suffix == ".csv":
        return "csv"
    if path.is_file() and path.suffix.lower() in (".edf", ".bdf"):
        return "edf"
    return "wfdb" if _header(path).is_file() else None


def _header(path: Path) -> Path:
    return path if path.suffix == ".hea" else path.parent / f"{path.name}.hea"


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
