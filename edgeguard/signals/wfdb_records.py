"""WFDB records (PhysioNet) through the wfdb library: the signal, the annotated beats, and what the header says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import DataError, MissingExtra

try:
    import wfdb
except ImportError as error:
    raise MissingExtra("wfdb") from error

_END: Final = b"\0\0"  # the last word of an annotation file
_SEXES: Final = {"F": "female", "M": "male"}


@dataclass(frozen=True)
class WfdbRecord:
    """A recording and the comments of its header.

    Attributes:
        values: (channels, n) float32; NaN where samples are missing.
        rate_hz: Samples per second.
        channels: A name per channel.
        units: A unit per channel.
        comments: Comment lines of the header, without the ``#``.
    """

    values: NDArray[np.float32]
    rate_hz: float
    channels: tuple[str, ...]
    units: tuple[str, ...]
    comments: tuple[str, ...]


@dataclass(frozen=True)
class Annotations:
    """What annotators wrote beside a signal: sample numbers (n,) and a symbol each, in the order of time."""

    samples: NDArray[np.int64]
    symbols: NDArray[np.str_]


@dataclass(frozen=True)
class Demographics:
    """Sex (``female`` or ``male``) and age in years; None where the header does not say."""

    sex: str | None
    age: int | None


def read_record(path: Path) -> WfdbRecord:
    """All channels of the record whose header is `path`.hea; DataError where a file is missing or cut short."""
    with _one_line_errors(path):
        found = wfdb.rdrecord(str(path))
        return WfdbRecord(
            values=np.ascontiguousarray(found.p_signal.T, dtype=np.float32),
            rate_hz=float(found.fs),
            channels=tuple(found.sig_name),
            units=tuple(found.units),
            comments=tuple(found.comments),
        )


def read_annotations(path: Path, extension: str = "atr") -> Annotations:
    """All annotations in `path`.`extension`; DataError where the file is missing or cut short."""
    with _one_line_errors(path):
        if not Path(f"{path}.{extension}").read_bytes().endswith(_END):  # the library takes what there is for all
            raise ValueError(f"its .{extension} file is cut short")
        found = wfdb.rdann(str(path), extension)
        return Annotations(np.asarray(found.sample, np.int64), np.array(found.symbol, dtype=np.str_))


def demographics(comments: Sequence[str]) -> Demographics:
    """Age and sex from the first comment of an MIT-BIH header, such as ``69 M 1085 1629 x1``; -1 and ? are unknown."""
    found = re.match(r"(-?\d+|\?)\s+([FM?])\b", comments[0] if comments else "")
    age, sex = found.groups() if found else ("?", "?")
    return Demographics(_SEXES.get(sex), int(age) if age.isdigit() else None)


@contextmanager
def _one_line_errors(path: Path) -> Iterator[None]:
    """What the library raises on files that are missing, cut or malformed, as a DataError."""
    try:
        yield
    except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is no readable WFDB record ({error}): get its files again") from error
