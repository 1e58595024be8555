"""How each class fares. Inputs are arrays: predicted class indices (n,) and labels (n,)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeguard.metrics.classification import Labels
from edgeguard.metrics.intervals import share_interval


@dataclass(frozen=True)
class ClassFigures:
    """One class among all.

    Attributes:
        windows: Windows of the class.
        predicted: Windows that are said to be of it.
        hits: Both.
    """

    windows: int
    predicted: int
    hits: int

    @property
    def sensitivity(self) -> float | None:
        """Share of its windows that are found, in [0, 1]; None where there are none."""
        return self.hits / self.windows if self.windows else None

    @property
    def positive_predictivity(self) -> float | None:
        """Share of what is said to be of it that is, in [0, 1]; None where nothing is."""
        return self.hits / self.predicted if self.predicted else None

    @property
    def sensitivity_interval(self) -> tuple[float, float]:
        """Exact 95 % interval, as if windows were independent."""
        return share_interval(self.hits, self.windows)

    @property
    def positive_predictivity_interval(self) -> tuple[float, float]:
        """Exact 95 % interval, as if windows were independent."""
        return share_interval(self.hits, self.predicted)


def per_class(predicted: Labels, labels: Labels, classes: int) -> list[ClassFigures]:
    """Figures of class 0, 1, …, `classes` - 1."""
    counts = confusion_matrix(predicted, labels, classes)
    rows = zip(counts.sum(axis=1).tolist(), counts.sum(axis=0).tolist(), counts.diagonal().tolist(), strict=True)
    return [ClassFigures(*row) for row in rows]


def confusion_matrix(predicted: Labels, labels: Labels, classes: int) -> NDArray[np.int64]:
    """(classes, classes) windows by label (rows) and prediction (columns)."""
    cells = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes)


def macro_f1(predicted: Labels, labels: Labels) -> float:
    """Mean F1 of the classes that have a window, each counting the same, in [0, 1]."""
    classes = 1 + max(int(predicted.max()), int(labels.max()))
    rows = [row for row in per_class(predicted, labels, classes) if row.windows]
    return float(np.mean([2 * row.hits / (row.windows + row.predicted) for row in rows]))
