"""Unfairness over classes and groups of wearers, as it stands in metrics.json; docs/fairness.md says what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.exits.ensemble import Floats
from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.metrics.figures import Unfairness
from edgeguard.metrics.group_frame import UNKNOWN
from edgeguard.metrics.unfairness import (
    class_wise_accuracy,
    class_wise_robustness_epsilon,
    class_wise_robustness_success,
    equalized_odds,
    intersection,
    worst_accuracy,
)

Indices = NDArray[np.int64]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class GroupsTested:
    """What is known of test windows: labels, class names, wearers, and the values of each attribute.

    Attributes:
        y: (n,) class indices.
        classes: All class names.
        wearers: (n,) or None.
        attributes: (n,) values by attribute.
        unseen: By attribute, its values among test windows that no training window has.
    """

    y: Labels
    classes: tuple[str, ...]
    wearers: Names | None
    attributes: Mapping[str, Names]
    unseen: Mapping[str, list[str]]

    @property
    def labels(self) -> Names:
        """(n,) class names."""
        return np.array(self.classes)[self.y]

    def at(self, windows: Indices) -> GroupsTested:
        """Those of some of the windows."""
        wearers = None if self.wearers is None else self.wearers[windows]
        values = {name: column[windows] for name, column in self.attributes.items()}
        return GroupsTested(self.y[windows], self.classes, wearers, values, self.unseen)


def groups_tested(dataset: Dataset, split: Split, intersections: bool) -> GroupsTested:
    """Of the test part; with every two attributes as one, where asked."""
    whole = dict(dataset.groups)
    if intersections:
        for pair in combinations(dataset.groups, 2):
            whole[" & ".join(pair)] = intersection({name: dataset.groups[name] for name in pair})
    values = {name: column[split.test] for name, column in whole.items()}
    unseen = {name: sorted(_known(values[name]) - _known(column[split.train])) for name, column in whole.items()}
    wearers = None if dataset.wearers is None else dataset.wearers[split.test]
    return GroupsTested(dataset.y[split.test], dataset.classes, wearers, values, unseen)


def clean_fairness(verdict: Floats, groups: GroupsTested) -> dict[str, Any]:
    """CAU and the worst class; of each attribute the accuracy gap, EOU of each true class, and values new to the model.

    Args:
        verdict: (n, classes) probabilities.
        groups: Of these windows.
    """
    right = verdict.argmax(axis=1) == groups.y
    found = _accuracies(right, groups)
    for name, row in found["attributes"].items():
        row["eou"] = {label: _odds(verdict, groups, index, name) for index, label in enumerate(groups.classes)}
        row["unseen_in_training"] = groups.unseen[name]
    return found


def robustness_epsilon(found: dict[str, Any], least_epsilons: Floats, most: float, groups: GroupsTested) -> None:
    """Put CRU_ε of (n,) least ε beside clean figures; windows that withstand `most` count as that."""
    for row, values, names in (
        (found["classes"], groups.labels, groups.classes),
        *((found["attributes"][name], values, ()) for name, values in groups.attributes.items()),
    ):
        row["cru_epsilon"] = _plain(
            class_wise_robustness_epsilon(least_epsilons, values, most=most, clusters=groups.wearers, names=names)
        )


def attacked_fairness(clean: Floats, attacked: Floats, groups: GroupsTested) -> dict[str, Any]:
    """The same accuracies under an attack, and CRU_s: how often it misled windows that are right without it.

    Args:
        clean: (n, classes) probabilities without the attack.
        attacked: With it.
        groups: Of these windows.
    """
    before, after = clean.argmax(axis=1) == groups.y, attacked.argmax(axis=1) == groups.y
    found = _accuracies(after, groups)
    aimed = groups.at(np.flatnonzero(before))
    misled = ~after[before]
    found["classes"]["cru_s"] = _plain(
        class_wise_robustness_success(misled, aimed.labels, clusters=aimed.wearers, names=groups.classes)
    )
    for name, row in found["attributes"].items():
        values = sorted(_known(groups.attributes[name]))
        row["cru_s"] = _plain(
            class_wise_robustness_success(misled, aimed.attributes[name], clusters=aimed.wearers, names=values)
        )
    return found


def _accuracies(right: NDArray[np.bool_], groups: GroupsTested) -> dict[str, Any]:
    cau = class_wise_accuracy(right, groups.labels, clusters=groups.wearers, names=groups.classes)
    worst = worst_accuracy(right, groups.labels, clusters=groups.wearers, names=groups.classes)
    return {
        "classes": {"cau": _plain(cau), "worst": msgspec.to_builtins(worst)},
        "attributes": {
            name: {"accuracy": _plain(class_wise_accuracy(right, values, clusters=groups.wearers))}
            for name, values in groups.attributes.items()
        },
    }


def _odds(verdict: Floats, groups: GroupsTested, index: int, attribute: str) -> dict[str, Any]:
    values = sorted(_known(groups.attributes[attribute]))
    of = groups.at(np.flatnonzero(groups.y == index))
    return _plain(
        equalized_odds(verdict[groups.y == index, index], of.attributes[attribute], clusters=of.wearers, names=values)
    )


def _known(values: Names) -> set[str]:
    return set(values.tolist()) - {UNKNOWN}


def _plain(found: Unfairness) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain
