"""Wearers in groups, and which groups are too small to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError
from edgeguard.fleet.fairness_data import WearerData
from edgeguard.fleet.fairness_report import Group

MOST_GROUPS: Final = 50


@dataclass(frozen=True)
class Grouping:
    """Groups by name; `index` (wearers,) says which of `shown` each is of, -1: of none that is shown."""

    groups: list[Group]
    shown: list[str]
    index: NDArray[np.int64]
    ungrouped: int


def grouped(data: WearerData, values: Sequence[Mapping[int, str]], fewest: int) -> Grouping:
    """Groups by one attribute's values, or by several at once.

    Args:
        data: Of all wearers.
        values: Of each attribute, by wearer.
        fewest: Wearers that a group needs to be shown.

    Raises:
        ConfigError: More than `MOST_GROUPS` would be shown.
    """
    names = [_name(int(wearer), values) for wearer in data.wearers]
    sizes = {name: names.count(name) for name in sorted({name for name in names if name})}
    hidden = hidden_groups(sizes, fewest)
    shown = [name for name in sizes if name not in hidden]
    if len(shown) > MOST_GROUPS:
        raise ConfigError(
            f"{len(shown)} groups are too many to compare, the most is {MOST_GROUPS}: put values together"
        )
    place = {name: k for k, name in enumerate(shown)}
    index = np.array([place.get(name, -1) for name in names], dtype=np.int64)
    groups = [
        _hidden(name, hidden[name]) if name in hidden else _group(name, data, index == place[name]) for name in sizes
    ]
    return Grouping(groups, shown, index, names.count(""))


def hidden_groups(sizes: Mapping[str, int], fewest: int) -> dict[str, str]:
    """Which groups are hidden, and why: those of too few wearers, and the next smallest with them.

    All that are hidden are `fewest` wearers together: else the whole fleet's figures, less those of the groups that are
    shown, would tell what is hidden.
    """
    hidden = {name: f"fewer than {fewest} wearers" for name, size in sizes.items() if size < fewest}
    rest = sorted((size, name) for name, size in sizes.items() if name not in hidden)
    while hidden and rest and sum(sizes[name] for name in hidden) < fewest:
        hidden[rest.pop(0)[1]] = "hidden so that a smaller group stays hidden"
    return hidden


def _name(wearer: int, values: Sequence[Mapping[int, str]]) -> str:
    """Empty where an attribute has no value."""
    parts = [of_attribute.get(wearer, "") for of_attribute in values]
    return " × ".join(parts) if all(parts) else ""


def _hidden(name: str, reason: str) -> Group:
    return Group(name, None, None, None, reason)


def _group(name: str, data: WearerData, members: NDArray[np.bool_]) -> Group:
    devices, windows = data.devices[members].sum(), data.sums["windows"][members].sum()
    return Group(name, int(members.sum()), int(devices), int(windows))
