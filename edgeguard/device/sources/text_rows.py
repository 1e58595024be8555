"""Rows of numbers out of lines of text: fast on what is well formed, patient with what is not."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Samples

LONGEST: Final = 16384  # bytes of a line
INDICES: Final = 2.0**53
_NUMBER: Final = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FAST: Final = b"0123456789+-.eEna,\n"  # anything else is left to the slow way

Row = list[float | None]


class Lines:
    """Takes bytes as they come, gives whole lines; holds one unfinished line of `LONGEST` bytes at most.

    Attributes:
        too_long: Lines that were longer, and were passed over.
    """

    def __init__(self) -> None:
        self.too_long = 0
        self._rest = b""
        self._passing = False

    def feed(self, data: bytes) -> bytes:
        """The lines that `data` completes; a line in it may still be too long, `blocks` keeps those apart."""
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        self._rest = data[end:]
        start = 0
        if end and self._passing:
            start, self._passing = data.find(b"\n") + 1, False
        if len(self._rest) > LONGEST:
            self.too_long += not self._passing
            self._rest, self._passing = b"", True
        elif self._passing:
            self._rest = b""
        return data[start:end]


def blocks(lines: bytes, start: int = 0) -> Iterator[bytes]:
    """Whole lines from byte `start` on, cut so that one that is malformed slows few others down.

    A block is longer than `LONGEST` only where it is a single line that is too long.
    """
    while start < len(lines):
        end = lines.rfind(b"\n", start, start + LONGEST) + 1 or lines.find(b"\n", start) + 1
        yield lines[start:end].replace(b"\r\n", b"\n")
        start = end


def rows_from_numbers(block: bytes, width: int) -> NDArray[np.float64] | None:
    """The rows, (n, width), of a block in which JSON would take every line; None for any other."""
    if len(block) > LONGEST or block.translate(None, _FAST):
        return None
    text = b"[[" + block[:-1].replace(b"nan", b"null").replace(b"\n", b"],[") + b"]]"
    try:
        rows = np.array(msgspec.json.decode(text, type=list[list[float | None]]), dtype=np.float64)
    except (msgspec.MsgspecError, ValueError):
        return None
    return rows if rows.ndim == 2 and rows.shape[1] == width else None


def row_from(line: bytes, width: int, delimiter: bytes = b",") -> Row | None:
    """The `width` numbers of one line, NaN where one is missing; None where it does not hold them."""
    row = [number_in(cell.strip()) for cell in line.split(delimiter, width)] if len(line) <= LONGEST else []
    return row if len(row) == width and None not in row else None


def is_index(value: float | None) -> bool:
    """Whether a sample can have this number."""
    return value is not None and 0 <= value < INDICES and value == math.floor(value)


def samples_at(index: NDArray[np.int64], values: NDArray[np.float64]) -> list[Samples]:
    """Rows of `values` (n, channels) as runs of consecutive indices."""
    if not len(index):
        return []
    columns = columns_from(values)
    begins = [0, *(np.flatnonzero(np.diff(index) != 1) + 1).tolist(), len(index)]
    return [Samples(int(index[begin]), columns[:, begin:end]) for begin, end in pairwise(begins)]


@np.errstate(over="ignore")
def columns_from(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rows (n, channels) as (channels, n); what is too large for float32 is missing."""
    columns = np.ascontiguousarray(values.T, dtype=np.float32)
    columns[~np.isfinite(columns)] = np.nan
    return columns


def number_in(cell: bytes) -> float | None:
    """A number, NaN where it is missing, None where it is neither."""
    if cell in (b"", b"nan", b"NaN", b"NAN"):
        return math.nan
    return float(cell) if _NUMBER.fullmatch(cell) else None
