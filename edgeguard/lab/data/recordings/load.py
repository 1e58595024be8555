"""The described folder as a data set."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError, DataError, SourceError
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.data.fetch import files_sha256
from edgeguard.lab.data.recordings.description import Description, read_description
from edgeguard.lab.data.recordings.labels import Mark, fitting, marks_in
from edgeguard.lab.data.recordings.reading import read
from edgeguard.lab.data.recordings.windows import windows_of
from edgeguard.lab.data.stretches import Stretch

_UNKNOWN = "unknown"
_UNLABELLED = "recording without labels"

Labelled = tuple[NDArray[np.float32], int]


def load(folder: Path, *, description: str) -> Dataset:
    """All windows of the recordings that a TOML file describes; see docs/own-data.md.

    Args:
        folder: Where a relative `description` is looked for, unless it is a path from here.
        description: Path of the TOML file; the files lie below its folder.

    Raises:
        ConfigError: the description is wrong.
        DataError: a file does not fit it, is damaged, or there is none; the message names the file.
    """
    path = Path(description) if Path(description).is_file() else folder / description
    return dataset_from(read_description(path), path.parent)


def dataset_from(described: Description, folder: Path, marks: Mapping[str, Sequence[Mark]] | None = None) -> Dataset:
    """The recordings below `folder` that `described` describes; `marks` by file name, where they do not lie beside."""
    paths = _paths(described, folder)
    people = _people(described, folder)
    left_out: Counter[str] = Counter()
    x, y, who = [], [], []
    for path in paths:
        if marks is not None and path.stem not in marks:
            left_out[_UNLABELLED] += 1
            continue
        place = path.relative_to(folder).as_posix()
        subject = _subject(place, described)
        for window, label in _windows(path, place, described, left_out, marks):
            x.append(window)
            y.append(label)
            who.append(subject)
    if not x:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.most_common()) or "no windows"
        raise DataError(f"no window of {len(paths)} recordings is fit for use ({reasons}): check the description")
    columns = described.groups.columns if described.groups else ()
    return Dataset(
        name=described.name,
        x=np.stack(x),
        y=np.array(y, dtype=np.int64),
        classes=described.classes,
        signal=described.spec(),
        groups={column: np.array([people.get(one, {}).get(column) or _UNKNOWN for one in who]) for column in columns},
        wearers=np.array(who),
        origin_sha256=files_sha256(tuple(paths)),
        left_out=dict(left_out),
    )


def _paths(described: Description, folder: Path) -> list[Path]:
    paths = sorted({path for pattern in described.recordings.files for path in folder.glob(pattern) if path.is_file()})
    if not paths:
        raise DataError(f"{folder} holds no {' or '.join(described.recordings.files)}: check recordings.files")
    return paths


def _subject(place: str, described: Description) -> str:
    pattern = described.recordings.subject
    if not pattern:
        return place
    if not (found := re.search(pattern, place)) or not found[1]:
        raise DataError(f"recordings.subject {pattern!r} finds nothing in {place!r}: correct it")
    return str(found[1])


def _windows(
    path: Path,
    place: str,
    described: Description,
    left_out: Counter[str],
    marks: Mapping[str, Sequence[Mark]] | None,
) -> Iterator[Labelled]:
    recording = read(path, described)
    rate_hz, background = described.signal.rate_hz, described.background
    first = described.classes.index(background) if background is not None else 0
    stretches = []
    found = marks_in(path, place, recording, described) if marks is None else marks[path.stem]
    for mark in fitting(found, path, recording):
        try:
            label = described.class_index(mark.text)
        except KeyError as error:
            raise DataError(
                f"{path} is labelled {mark.text!r}, which labels.map does not have: add it there, to labels.unclear or "
                "to labels.ignore"
            ) from error
        if label is not None:
            last = min(mark.end_s, recording.values.shape[1] / recording.rate_hz)
            stretches.append(Stretch(round(mark.start_s * rate_hz), round(last * rate_hz), label))
    try:
        yield from windows_of(
            recording.values,
            recording.rate_hz,
            stretches,
            described.spec(),
            left_out,
            background=first if background is not None else None,
            largest=described.signal.largest,
        )
    except SourceError as error:
        raise ConfigError(f"{path}: {error}") from error


def _people(described: Description, folder: Path) -> dict[str, dict[str, str]]:
    """The rows of the table of groups, by subject."""
    table = described.groups
    if table is None:
        return {}
    path = folder / table.file
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream, dialect="excel-tab" if path.suffix == ".tsv" else "excel"))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({error}): check groups.file") from error
    if missing := {table.subject, *table.columns} - set(rows[0] if rows else ()):
        raise DataError(f"{path} has no column {min(missing)!r}: check [groups]")
    return {
        (row[table.subject] or "").strip(): {name: (row[name] or "").strip() for name in table.columns} for row in rows
    }
