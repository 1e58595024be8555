"""A signal in a few characters. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# dots of a cell of Braille, from the top left: bit of each by row and column
_BRAILLE: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_ASCII: Final = " _-|'|||"  # by which thirds of a cell are set: low 1, middle 2, high 4


def sparkline(values: NDArray[np.float32], columns: int, rows: int, *, braille: bool) -> list[str]:
    """`values` (n,) as `rows` lines of `columns` characters, from their least to their greatest; NaN is left blank."""
    if braille:
        dots = _dots(values, 2 * columns, 4 * rows).reshape(rows, 4, columns, 2)
        cells = 0x2800 + np.einsum("rdcs,ds->rc", dots.astype(int), _BRAILLE)
        return ["".join(map(chr, row)) for row in cells]
    thirds = _dots(values, columns, 3 * rows).reshape(rows, 3, columns)
    return ["".join(_ASCII[cell] for cell in row) for row in np.einsum("rdc,d->rc", thirds.astype(int), [4, 2, 1])]


def _dots(values: NDArray[np.float32], columns: int, levels: int) -> NDArray[np.bool_]:
    """Which dots are set, (levels, columns), the highest first; each column reaches to the one before."""
    low, high = _extremes(values, columns)
    if np.isnan(low).all():
        return np.zeros((levels, columns), dtype=np.bool_)
    least, greatest = np.nanmin(low), np.nanmax(high)
    span = (greatest - least) or 1.0
    middle = 0.5 * (greatest == least)
    bottom, top = (np.rint((edge - least) / span * (levels - 1) + middle * (levels - 1)) for edge in (low, high))
    joined = 0 * bottom  # NaN stays NaN
    before_bottom, before_top = (np.append(np.nan, edge[:-1]) for edge in (bottom, top))
    bottom = np.fmin(bottom, before_top + 1 + joined)
    top = np.fmax(top, before_bottom - 1 + joined)
    level = np.arange(levels - 1, -1, -1)[:, None]
    return np.asarray((level >= bottom) & (level <= top))


def _extremes(values: NDArray[np.float32], columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the greatest value of each column; NaN where it has none."""
    edges = np.linspace(0, len(values), columns + 1).astype(int)
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)
    for column, (begin, end) in enumerate(zip(edges, np.maximum(edges[1:], edges[:-1] + 1), strict=False)):
        part = values[begin:end]
        part = part[np.isfinite(part)]
        if len(part):
            low[column], high[column] = part.min(), part.max()
    return low, high
