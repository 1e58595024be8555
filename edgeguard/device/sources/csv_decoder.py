"""Plain CSV to samples, a line each: sans-IO, and without a word about the signal.

The first line may name the columns; it says how many there are, and what parts them, where nobody else does. An empty
cell or ``nan`` is a missing value. Where no column orders the lines, each is one sample later than the one before, also
after one that is malformed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Samples
from edgeguard.device.sources.text_rows import (
    INDICES,
    Lines,
    blocks,
    columns_from,
    number_in,
    row_from,
    rows_from_numbers,
    samples_at,
)
from edgeguard.device.sources.timed_index import TimedIndex
from edgeguard.errors import LinkError

DELIMITERS: Final = {"comma": ",", "semicolon": ";", "tab": "\t"}
_COLUMNS: Final = 1024
_MARK: Final = b"\xef\xbb\xbf"  # some programs begin so

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """What a line holds.

    Attributes:
        width: Cells.
        channels: Names, but for the column that orders the lines; empty where there are none.
        order: Which column that is; None where none does.
        delimiter: Between two cells.
    """

    width: int
    channels: tuple[str, ...]
    order: int | None
    delimiter: bytes

    @property
    def count(self) -> int:
        """Channels."""
        return self.width - (self.order is not None)


class CsvDecoder:
    """Takes bytes as they come.

    Args:
        delimiter: Between two cells; None to take the first line's.
        order: Name or number of the column that orders the lines; empty where none does.
        rate_hz: Samples per second if that column holds seconds; None if it holds an index.

    Attributes:
        columns: Once the first line is there.
        malformed: Lines that were no samples, and were passed over.
        timed: Where the column holds seconds.
    """

    def __init__(self, delimiter: str | None = None, order: str = "", rate_hz: float | None = None) -> None:
        self.columns: Columns | None = None
        self.malformed = 0
        self.timed = TimedIndex(rate_hz) if rate_hz is not None else None
        self._delimiter = delimiter
        self._order = order
        self._lines = Lines()
        self._count = 0  # lines so far

    def feed(self, data: bytes) -> list[Samples]:
        """The samples whose lines `data` completes; LinkError where the first line cannot be what it should."""
        lines, start = self._lines.feed(data), 0
        self.malformed += self._lines.too_long
        self._count += self._lines.too_long
        self._lines.too_long = 0
        while self.columns is None and start < len(lines):
            start += len(_MARK) if lines.startswith(_MARK, start) else 0
            end = lines.find(b"\n", start) + 1
            if first := lines[start:end].strip():
                self.columns, named = _columns(first, self._delimiter, self._order)
                if not named:
                    break
            start = end
        return [samples for block in blocks(lines, start) for samples in self._samples(block)]

    def end(self) -> list[Samples]:
        """The last samples, also those of a last line that is not ended."""
        return [*self.feed(b"\n"), *(self.timed.flush() if self.timed else ())]

    def _samples(self, block: bytes) -> list[Samples]:
        assert self.columns is not None  # noqa: S101 - it came before
        count, rows = self._rows(block, self.columns)
        if self.columns.order is None:
            return samples_at(count, rows)
        order, values = rows[:, self.columns.order], np.delete(rows, self.columns.order, axis=1)
        if self.timed is not None:
            return self.timed.feed(order, columns_from(values))
        good = (order >= 0) & (order < INDICES) & (order == np.floor(order))
        self.malformed += int(np.count_nonzero(~good))
        return samples_at(order[good].astype(np.int64), values[good])

    def _rows(self, block: bytes, columns: Columns) -> tuple[NDArray[np.int64], Rows]:
        """The number of each line and what it holds, (n, width)."""
        if columns.delimiter == b"," or b"," not in block:
            rows = rows_from_numbers(block.replace(columns.delimiter, b","), columns.width)
            if rows is not None:
                self._count += len(rows)
                return np.arange(self._count - len(rows), self._count), rows
        lines = [line for line in block.split(b"\n") if line.strip()]
        found = [row_from(line, columns.width, columns.delimiter) for line in lines]
        good = [(number, row) for number, row in enumerate(found, start=self._count) if row is not None]
        self.malformed += len(found) - len(good)
        self._count += len(found)
        numbers = np.array([number for number, _ in good], dtype=np.int64)
        return numbers, np.array([row for _, row in good], dtype=np.float64).reshape(-1, columns.width)


def _columns(line: bytes, delimiter: str | None, order: str) -> tuple[Columns, bool]:
    """What the first line says, and whether it names the columns rather than being a sample."""
    text = line.decode(errors="replace")
    between = delimiter or next((one for one in ("\t", ";") if one in text), ",")
    cells = [cell.strip() for cell in next(csv.reader([text], delimiter=between))]
    named = any(number_in(cell.encode()) is None for cell in cells)
    if len(cells) > _COLUMNS:
        raise LinkError(f"the first line has {len(cells)} columns, and {_COLUMNS} at most can be read")
    at = _place(cells if named else [], len(cells), order) if order else None
    names = [cell for number, cell in enumerate(cells) if number != at] if named else []
    return Columns(len(cells), tuple(names), at, between.encode()), named


def _place(names: list[str], count: int, order: str) -> int:
    if order in names:
        return names.index(order)
    if order.isdecimal() and int(order) < count:
        return int(order)
    raise LinkError(f"there is no column {order!r} (there are: {', '.join(names) or f'{count} without names'})")
