"""Lines of text to samples: sans-IO, fast on what is well formed, patient with what is not.

The first line is a header in JSON, ``{"rate_hz": 360, "channels": ["MLII"], "units": ["mV"]}``. Each line after it is
one sample, ``index,value[,value…]``; an empty value or ``nan`` is missing.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.device.samples import Samples
from edgeguard.device.sources.text_rows import (
    INDICES,
    Lines,
    Row,
    blocks,
    is_index,
    row_from,
    rows_from_numbers,
    samples_at,
)
from edgeguard.errors import LinkError


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
        self._lines = Lines()

    def feed(self, data: bytes) -> list[Samples]:
        """The samples whose lines `data` completes; those with consecutive indices together.

        LinkError where the first line is no header, or where another header comes.
        """
        lines = self._lines.feed(data)
        self.malformed += self._lines.too_long
        self._lines.too_long = 0
        start = 0
        if lines and self.header is None:
            start = lines.find(b"\n") + 1
            self.header = _header(lines[:start])
        found: list[Samples] = []
        for block in blocks(lines, start):
            rows = self._rows(block)
            found += samples_at(rows[:, 0].astype(np.int64), rows[:, 1:])
        return found

    def _rows(self, block: bytes) -> NDArray[np.float64]:
        """Index and values of each line, (n, 1 + channels)."""
        width = 1 + len(self.header.channels) if self.header else 0
        rows = rows_from_numbers(block, width)
        if rows is not None and _are_indices(rows[:, 0]):
            return rows
        good = [row for line in block.split(b"\n")[:-1] if (row := self._row(line, width)) is not None]
        return np.array(good, dtype=np.float64).reshape(-1, width)

    def _row(self, line: bytes, width: int) -> Row | None:
        if line.startswith(b"{"):
            raise LinkError("another header comes: the signal begins anew")
        if not line.strip():
            return None
        row = row_from(line, width)
        if row is None or not is_index(row[0]):
            self.malformed += 1
            return None
        return row


def _header(line: bytes) -> Header:
    try:
        return msgspec.json.decode(line, type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LinkError(f'the first line is no header such as {{"rate_hz": 360, …}} ({error})') from error


def _are_indices(column: NDArray[np.float64]) -> bool:
    return bool(((column >= 0) & (column < INDICES) & (column == np.floor(column))).all())
