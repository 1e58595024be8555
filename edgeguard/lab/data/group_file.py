"""Group attributes from a CSV: a line a wearer, or a line a window. docs/fairness.md shows one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edgeguard import csv_text
from edgeguard.csv_text import FileRefused, Row, checked_text
from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data.dataset import Dataset
from edgeguard.metrics.group_frame import UNKNOWN

KEYS: Final = ("wearer", "window")
_SHOWN: Final = 5


@dataclass(frozen=True)
class GroupFile:
    """What a file says: values of `attributes` by wearer or, where `key` is ``window``, by number from 0."""

    key: str
    attributes: tuple[str, ...]
    values: dict[str, tuple[str, ...]]


def read(path: Path) -> GroupFile:
    """The file, empty cells as ``unknown``; DataError names every line that cannot be read."""
    try:
        header, rows = csv_text.read(csv_text.content_of(path), ())
        key, attributes = _columns(header)
        values: dict[str, tuple[str, ...]] = {}
        csv_text.take_all(rows, lambda row: _take(values, row, key, attributes))
    except FileRefused as error:
        raise DataError(f"{path}: {'; '.join(error.problems)}: correct the file") from error
    return GroupFile(key, attributes, values)


def with_groups(dataset: Dataset, path: Path) -> tuple[Dataset, list[str]]:
    """`dataset` with the file's attributes, in place of its own of the same name; and what does not match.

    What the file does not name is ``unknown``. DataError where it names nothing of the data set.
    """
    file = read(path)
    there = _names(file, dataset)
    if not set(there) & file.values.keys():
        raise DataError(
            f"{path} names no {file.key} of {dataset.name}, which has {_some(there)}: check the column {file.key!r}"
        )
    nothing = (UNKNOWN,) * len(file.attributes)
    columns = np.array([file.values.get(name, nothing) for name in there], dtype=np.str_).T
    groups = {**dataset.groups, **dict(zip(file.attributes, columns, strict=True))}
    return dataclasses.replace(dataset, groups=groups), _notes(path.name, file, dataset.name, set(there))


def _columns(header: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    keys = [name for name in header if name in KEYS]
    attributes = tuple(name for name in header if name not in KEYS)
    if len(keys) != 1:
        raise FileRefused([f"line 1: {' and '.join(keys) or 'no column wearer or window'}: give one of the two"])
    if not attributes:
        raise FileRefused([f"line 1: no attribute beside {keys[0]}"])
    try:
        return keys[0], tuple(checked_text(name, "the column") for name in attributes)
    except ConfigError as error:
        raise FileRefused([f"line 1: {error}"]) from error


def _take(values: dict[str, tuple[str, ...]], row: Row, key: str, attributes: tuple[str, ...]) -> None:
    name = checked_text(row.cells[key], key)
    if key == "window" and not (name.isascii() and name.isdigit() and name == str(int(name))):
        raise ConfigError(f"window {name!r} is no whole number from 0")
    if name in values:
        raise ConfigError(f"{key} {name!r} stands on a line before")
    cells = (row.cells[attribute] for attribute in attributes)
    values[name] = tuple(
        checked_text(cell, attribute) if cell else UNKNOWN for cell, attribute in zip(cells, attributes, strict=True)
    )


def _names(file: GroupFile, dataset: Dataset) -> list[str]:
    """What each window is called in such a file."""
    if file.key == "window":
        return [str(number) for number in range(len(dataset.y))]
    if dataset.wearers is None:
        raise DataError(
            f"{dataset.name} does not tell its wearers apart: give a column window instead, each window's number from 0"
        )
    return [str(name) for name in dataset.wearers.tolist()]


def _notes(name: str, file: GroupFile, dataset: str, there: set[str]) -> list[str]:
    notes = []
    if strangers := sorted(file.values.keys() - there):
        notes.append(f"{name} has {len(strangers)} {file.key}s that {dataset} has not: {_some(strangers)}")
    if missing := sorted(there - file.values.keys()):
        notes.append(f"{name} has no line for {len(missing)} {file.key}s of {dataset}: {_some(missing)}; unknown")
    return notes


def _some(names: Sequence[str]) -> str:
    different = list(dict.fromkeys(names))
    return ", ".join(different[:_SHOWN]) + (" …" if len(different) > _SHOWN else "")
