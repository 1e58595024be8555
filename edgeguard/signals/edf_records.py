"""EDF, EDF+, BDF and BDF+ recordings through pyedflib: the signals, the annotations, and what the header says.

pyedflib reads no discontinuous files: it is given a copy whose header says that they are continuous, and the gaps are
put in here, from the times that the records bear.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from shutil import copyfileobj
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import DataError, MissingExtra
from edgeguard.signals.edf_layout import (
    HEAD,
    EdfAnnotation,
    Layout,
    acceptable,
    annotations_in,
    layout_from,
    signals_in,
)

try:
    import pyedflib
except ImportError as error:
    raise MissingExtra("pyedflib") from error

_MOST_MISSING: Final = 2**26  # values that gaps may add
_ONE_AT_A_TIME: Final = Lock()  # the library keeps what it has open in one table, and no file twice


@dataclass(frozen=True)
class EdfHeader:
    """What a recording holds.

    Attributes:
        channels: A name per signal, as the file has it (``EEG Fpz-Cz``); annotations are no signals.
        units: A unit per signal.
        rates_hz: Samples per second of each.
        started: When it began, by the clock of whoever recorded it.
    """

    channels: tuple[str, ...]
    units: tuple[str, ...]
    rates_hz: tuple[float, ...]
    started: datetime


@dataclass(frozen=True)
class EdfRecord:
    """Signals of one rate.

    Attributes:
        values: (channels, n) float32; NaN where a discontinuous recording has a gap.
        rate_hz: Samples per second.
        channels: A name per channel.
        units: A unit per channel.
        annotations: Of the whole recording, in the order of the file; in seconds after the first sample.
        started: When it began, by the clock of whoever recorded it.
    """

    values: NDArray[np.float32]
    rate_hz: float
    channels: tuple[str, ...]
    units: tuple[str, ...]
    annotations: tuple[EdfAnnotation, ...]
    started: datetime


def read_header(path: Path) -> EdfHeader:
    """What the recording at `path` holds; DataError where it is missing, cut short or malformed."""
    with _opened(path) as (_, _, reader):
        return _header(reader)


def read_record(path: Path, rows: Sequence[int] | None = None) -> EdfRecord:
    """The signals of these numbers, all by default; DataError where they have different rates.

    DataError also where the file is missing, cut short or malformed. A gap of a discontinuous file is as long as its
    times say, to the nearest sample.
    """
    with _opened(path) as (layout, texts, reader):
        header = _header(reader)
        rows = range(len(header.channels)) if rows is None else rows
        begins_s, annotations = _annotations(texts)
        rate_hz = _one_rate(header, rows, path)
        values = np.stack([reader.readSignal(row).astype(np.float32) for row in rows])
        if begins_s or not layout.continuous:
            values = _laid_in_time(values, begins_s, layout, rate_hz)
        names, units = (tuple(one[row] for row in rows) for one in (header.channels, header.units))
        return EdfRecord(values, rate_hz, names, units, annotations, header.started)


def _header(reader: pyedflib.EdfReader) -> EdfHeader:
    signals = range(reader.signals_in_file)
    return EdfHeader(
        channels=tuple(reader.getSignalLabels()),
        units=tuple(reader.getPhysicalDimension(row).strip() for row in signals),
        rates_hz=tuple(float(reader.getSampleFrequency(row)) for row in signals),
        started=reader.getStartdatetime(),
    )


def _one_rate(header: EdfHeader, rows: Sequence[int], path: Path) -> float:
    rates = {header.rates_hz[row]: header.channels[row] for row in rows}
    if len(rates) != 1:
        said = ", ".join(f"{name} {rate_hz:g} Hz" for rate_hz, name in rates.items()) or "there are none"
        raise DataError(f"the signals of {path} have no common rate ({said}): choose those of one rate")
    return next(iter(rates))


def _annotations(texts: NDArray[np.uint8]) -> tuple[list[float], tuple[EdfAnnotation, ...]]:
    """When each record begins, and all annotations, in seconds after the first record's beginning."""
    begins_s: list[float] = []
    found: list[EdfAnnotation] = []
    for text in texts if texts.shape[1] else ():
        begin_s, annotations = annotations_in(text.tobytes())
        begins_s.append(begin_s)
        found += annotations
    return (
        [begin_s - begins_s[0] for begin_s in begins_s],
        tuple(replace(one, onset_s=one.onset_s - begins_s[0]) for one in found),
    )


def _laid_in_time(
    values: NDArray[np.float32], begins_s: Sequence[float], layout: Layout, rate_hz: float
) -> NDArray[np.float32]:
    """The records where their times say that they lie, NaN between them."""
    starts = np.rint(np.array(begins_s) * rate_hz).astype(np.int64)
    width = values.shape[1] // layout.records
    if len(starts) != layout.records or (np.diff(starts) < width).any():
        raise ValueError("the times of its records are missing, or overlap")
    length = int(starts[-1]) + width
    if (length - values.shape[1]) * len(values) > _MOST_MISSING:
        raise ValueError(f"its gaps make it {length / rate_hz:.0f} s long: split it there")
    laid = np.full((len(values), length), np.nan, dtype=np.float32)
    laid[:, (starts[:, None] + np.arange(width)).ravel()] = values
    return laid


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Layout, NDArray[np.uint8], pyedflib.EdfReader]]:
    """Layout, the text in each record, and the library's reader; what goes wrong meanwhile is a DataError."""
    try:
        header = _whole_header(path)
        layout = layout_from(header)
        texts = _texts(path, layout)
        with (
            _ONE_AT_A_TIME,
            _readable(path, header) as name,
            pyedflib.EdfReader(name, pyedflib.DO_NOT_READ_ANNOTATIONS) as reader,
        ):
            yield layout, texts, reader
    except (OSError, ValueError, ArithmeticError) as error:
        why = getattr(error, "strerror", None) or str(error).removeprefix(f"{path}: ")
        raise DataError(f"{path} is no readable EDF or BDF file ({why}): get the whole file") from error


def _whole_header(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(HEAD)
        return head + file.read(HEAD * signals_in(head))


def _texts(path: Path, layout: Layout) -> NDArray[np.uint8]:
    """The annotation signals of each record, (records, bytes)."""
    shape = layout.records, layout.record_bytes
    length, expected = path.stat().st_size, layout.header_bytes + shape[0] * shape[1]
    if length != expected:
        raise ValueError(f"it has {length} bytes, and its header announces {expected}")
    records = np.memmap(path, np.uint8, mode="r", offset=layout.header_bytes, shape=shape)
    columns = [np.arange(start, end) for start, end in layout.texts]
    return np.asarray(records[:, np.concatenate([*columns, np.arange(0)])])


@contextmanager
def _readable(path: Path, header: bytes) -> Iterator[str]:
    """The path of the file itself, or of a copy with a header that the library takes."""
    if acceptable(header) == header:
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with path.open("rb") as whole, copy.open("wb") as changed:
            changed.write(acceptable(header))
            whole.seek(len(header))
            copyfileobj(whole, changed)
        yield str(copy)
