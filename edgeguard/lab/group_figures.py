"""Figures per class and per group of wearers, as they stand in metrics.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.metrics.per_class import macro_f1, per_class

Indices = NDArray[np.int64]
Groups = dict[str, dict[str, dict[str, Any]]]


def class_figures(predicted: Labels, labels: Labels, classes: Sequence[str]) -> list[dict[str, Any]]:
    """A row per class: windows, how many are said to be of it, sensitivity and positive predictivity with intervals.

    A share of nothing is None.
    """
    return [
        {
            "class": name,
            "windows": row.windows,
            "predicted": row.predicted,
            "sensitivity": row.sensitivity,
            "sensitivity_interval": list(row.sensitivity_interval),
            "positive_predictivity": row.positive_predictivity,
            "positive_predictivity_interval": list(row.positive_predictivity_interval),
        }
        for name, row in zip(classes, per_class(predicted, labels, len(classes)), strict=True)
    ]


def group_figures(predicted: Labels, dataset: Dataset, windows: Indices) -> Groups:
    """By group attribute and value: how many windows of how many wearers, accuracy, macro F1, and each class.

    Args:
        predicted: (n,) class indices, one for each of `windows`.
        dataset: Where labels, groups and wearers stand.
        windows: (n,) indices into it.
    """
    found = group_accuracy(predicted, dataset, windows)
    for attribute, values in found.items():
        of = dataset.groups[attribute][windows]
        for value, figures in values.items():
            said, truth = predicted[of == value], dataset.y[windows[of == value]]
            figures["macro_f1"] = macro_f1(said, truth)
            figures["per_class"] = class_figures(said, truth, dataset.classes)
    return found


def group_accuracy(predicted: Labels, dataset: Dataset, windows: Indices) -> Groups:
    """By group attribute and value: how many windows of how many wearers (None: not known), and the accuracy."""
    right = predicted == dataset.y[windows]
    found: Groups = {}
    for attribute, values in dataset.groups.items():
        of = values[windows]
        found[attribute] = {
            str(value): {
                "windows": int((of == value).sum()),
                "wearers": _wearers(dataset, windows[of == value]),
                "accuracy": float(right[of == value].mean()),
            }
            for value in np.unique(of)
        }
    return found


def _wearers(dataset: Dataset, windows: Indices) -> int | None:
    return None if dataset.wearers is None else len(np.unique(dataset.wearers[windows]))


def wearers_tested(dataset: Dataset, split: Split) -> dict[str, int] | None:
    """How many wearers the test windows come from, and how many of them training has seen; None where not known."""
    if dataset.wearers is None:
        return None
    tested = np.unique(dataset.wearers[split.test])
    seen = np.unique(dataset.wearers[np.concatenate([split.train, split.validation])])
    return {"test": len(tested), "seen_in_training": int(np.isin(tested, seen).sum())}
