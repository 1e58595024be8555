"""Lines of text to samples: sans-IO, fast on what is well formed, patient with what is not.

The first line is a header in JSON, ``{"rate_hz": 360, "channels": ["MLII"], "units": ["mV"]}``. Each line after it is
one sample, ``index,value[,value…]``; an empty value or ``nan`` is missing.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Annotated, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Samples
from edgeguard.errors import LinkError

LONGEST: Final = 16384  # bytes of a line
_NUMBER: Final = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INDICES: Final = 2.0**53
_FAST: Final = b"0123456789+-.eEna,\n"  # anything else is left to the slow way

Row = list[float | None]


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines after it hold.

    Attributes:
        rate_hz: Samples per second; null where the signal has no true rate.
        channels: A name per value.
        units: A unit per value.
    """

    rate_hz: Annotated[float, msgspec.Meta(gt=0, le=1e6)] | None
    channels: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=1024)]
    units: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.units) != len(self.channels):
            raise ValueError(f"{len(self.units)} units for {len(self.channels)} channels")


class LineDecoder:
    """Takes bytes as they come; holds one unfinished line of `LONGEST` bytes at most.

    Attributes:
        header: The first line, once it is there.
        malformed: Lines that were no samples, and were passed over.
    """

    def __init__(self) -> None:
        self.header: Header | None = None
        self.malformed = 0
        self._rest = b""
        self._too_long = False

    def feed(self, data: bytes) -> list[Samples]:
        """The samples whose lines `data` completes; those with consecutive indices together.

        LinkError where the first line is no header, or where another header comes.
        """
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        self._rest = data[end:]
        start = 0
        if end and self._too_long:
            start, self._too_long = data.find(b"\n") + 1, False
        if len(self._rest) > LONGEST:
            self.malformed += not self._too_long
            self._rest, self._too_long = b"", True
        elif self._too_long:
            self._rest = b""
        return self._samples(data[start:end])

    def _samples(self, lines: bytes) -> list[Samples]:
        start = 0
        if lines and self.header is None:
            start = lines.find(b"\n") + 1
            self.header = _header(lines[:start])
        found: list[Samples] = []
        while start < len(lines):
            # Small blocks: none of their lines is too long, and one that is malformed slows few others down.
            end = lines.rfind(b"\n", start, start + LONGEST) + 1 or lines.find(b"\n", start) + 1
            found += _grouped(self._rows(lines[start:end]))
            start = end
        return found

    def _rows(self, block: bytes) -> NDArray[np.float64]:
        """Index and values of each line, (n, 1 + channels)."""
        width = 1 + len(self.header.channels) if self.header else 0
        block = block.replace(b"\r\n", b"\n")
        if len(block) <= LONGEST and not block.translate(None, _FAST):
            rows = _rows_from_numbers(block, width)
            if rows is not None:
                return rows
        good = [row for line in block.split(b"\n")[:-1] if (row := self._row(line, width)) is not None]
        return np.array(good, dtype=np.float64).reshape(-1, width)

    def _row(self, line: bytes, width: int) -> Row | None:
        if line.startswith(b"{"):
            raise LinkError("another header comes: the signal begins anew")
        if not line.strip():
            return None
        row = [_value(cell.strip()) for cell in line.split(b",", width)] if len(line) <= LONGEST else []
        if len(row) != width or None in row or not _is_index(row[0]):
            self.malformed += 1
            return None
        return row


def _header(line: bytes) -> Header:
    try:
        return msgspec.json.decode(line, type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LinkError(f'the first line is no header such as {{"rate_hz": 360, …}} ({error})') from error


def _rows_from_numbers(block: bytes, width: int) -> NDArray[np.float64] | None:
    """The rows of a block in which every line is well formed, as JSON would have it; None for any other."""
    text = b"[[" + block[:-1].replace(b"nan", b"null").replace(b"\n", b"],[") + b"]]"
    try:
        rows = np.array(msgspec.json.decode(text, type=list[list[float | None]]), dtype=np.float64)
    except (msgspec.MsgspecError, ValueError):
        return None
    if rows.ndim != 2 or rows.shape[1] != width:
        return None
    index = rows[:, 0]
    fits = (index >= 0) & (index < _INDICES) & (index == np.floor(index))
    return rows if fits.all() else None


def _value(cell: bytes) -> float | None:
    """A number, NaN where it is missing, None where it is neither."""
    if cell in (b"", b"nan", b"NaN", b"NAN"):
        return math.nan
    return float(cell) if _NUMBER.fullmatch(cell) else None


def _is_index(value: float | None) -> bool:
    return value is not None and 0 <= value < _INDICES and value == math.floor(value)


@np.errstate(over="ignore")
def _grouped(rows: NDArray[np.float64]) -> list[Samples]:
    """Rows as runs of consecutive indices; what is too large for float32 is missing."""
    if not len(rows):
        return []
    index = rows[:, 0].astype(np.int64)
    values = np.ascontiguousarray(rows[:, 1:].T, dtype=np.float32)
    values[~np.isfinite(values)] = np.nan
    begins = [0, *(np.flatnonzero(np.diff(index) != 1) + 1).tolist(), len(index)]
    return [Samples(int(index[begin]), values[:, begin:end]) for begin, end in pairwise(begins)]
