"""Unfairness of one net from what was measured of it, as it stands in the results file; numpy, no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.metrics.group_frame import DEFAULT
from edgeguard.metrics.unfairness import (
    Sampling,
    class_wise_accuracy,
    class_wise_robustness_epsilon,
    class_wise_robustness_success,
    equalized_odds,
    leave_one_out,
)

Figures = dict[str, Any]
Names = NDArray[np.str_]
Array = NDArray[Any]


@dataclass(frozen=True)
class Samples:
    """What is known of samples before any net sees them.

    Attributes:
        y: (n,) class indices.
        classes: Class names in the order of the indices.
        groups: Group attributes by name, each (n,).
        wearers: (n,) whose sample each is, or None where each stands for itself.
        truths: True classes within which groups are compared.
        fewest: A class with fewer samples is not compared.
        sampling: How chance is told.
    """

    y: NDArray[np.int64]
    classes: tuple[str, ...]
    groups: Mapping[str, Names]
    wearers: Names | None
    truths: tuple[str, ...]
    fewest: int
    sampling: Sampling = DEFAULT

    @property
    def names(self) -> Names:
        """(n,) class names."""
        return np.array(self.classes)[self.y]

    @property
    def compared(self) -> tuple[str, ...]:
        """The classes with enough samples."""
        counts = np.bincount(self.y, minlength=len(self.classes))
        return tuple(name for name, count in zip(self.classes, counts, strict=True) if count >= self.fewest)

    def of_class(self, name: str) -> NDArray[np.bool_]:
        """(n,) which samples are of a class."""
        return np.equal(self.y, self.classes.index(name))

    def clusters(self, chosen: Array) -> Names | None:
        """Whose samples the chosen ones are."""
        return None if self.wearers is None else self.wearers[chosen]


def clean_figures(confidences: Array, samples: Samples) -> Figures:
    """Accuracy, CAU, and for each attribute the gap of the accuracy and EOU on each true class."""
    right = confidences.argmax(axis=1) == samples.y
    return {
        "accuracy": float(right.mean()),
        "class_gap": _of_classes(class_wise_accuracy, right, samples),
        "groups": {
            attribute: {
                "accuracy": _record(
                    class_wise_accuracy(right, of, clusters=samples.wearers, sampling=samples.sampling)
                ),
                "confidence": {
                    truth: _of_group(
                        equalized_odds, confidences[:, shown_class(samples.classes, truth)], of, samples, truth
                    )
                    for truth in samples.truths
                },
            }
            for attribute, of in samples.groups.items()
        },
    }


def success_figures(fooled: Mapping[float, Array], samples: Samples, shares: Array, radius: float) -> list[Figures]:
    """For each ε the robust accuracy and CRU_s; at `radius` the gap between groups of each true class, too.

    Args:
        fooled: (n,) by ε.
        samples: Those that were attacked.
        shares: (classes,) share of each class among all test samples.
        radius: ε of the robust accuracy.
    """
    return [
        {
            "epsilon": epsilon,
            "robust_accuracy": weighted(~found, samples, shares),
            "class_gap": _of_classes(class_wise_robustness_success, found, samples),
            "groups": {
                attribute: {
                    truth: _of_group(class_wise_robustness_success, found, of, samples, truth)
                    for truth in samples.truths
                }
                for attribute, of in samples.groups.items()
                if epsilon == radius
            },
        }
        for epsilon, found in fooled.items()
    ]


def least_figures(least: Array, samples: Samples, most: float) -> Figures:
    """CRU_ε; samples that withstand every ε count as the largest."""
    return _of_classes(class_wise_robustness_epsilon, least, samples, most=most)


def left_out_figures(full: Array, left_out: Array, other_seeds: Array, sampling: Sampling = DEFAULT) -> Figures:
    """LUF, LUF_t and LUF_l, and the same where the seed differs; confidences (n, classes) and (m, n, classes)."""
    return {
        "left_out": len(left_out),
        "without_one": msgspec.to_builtins(leave_one_out(full, left_out, sampling=sampling)),
        "other_seed": msgspec.to_builtins(leave_one_out(full, other_seeds, sampling=sampling)),
    }


def weighted(right: Array, samples: Samples, shares: Array) -> float:
    """Accuracy on samples of which each class has its share, however many of it were drawn."""
    counts = np.bincount(samples.y, minlength=len(shares))
    hits = np.bincount(samples.y, weights=right, minlength=len(shares))
    there = counts > 0
    return float((hits[there] / counts[there] * shares[there]).sum() / shares[there].sum())


def shown_class(classes: Sequence[str], truth: str) -> int:
    """Whose confidence is compared: of two classes the second, as in the paper, else the true one."""
    return 1 if len(classes) == 2 else list(classes).index(truth)


def _of_classes(metric: Any, values: Array, samples: Samples, **options: Any) -> Figures:
    chosen = np.isin(samples.names, samples.compared)
    clusters = samples.clusters(chosen)
    return _record(
        metric(values[chosen], samples.names[chosen], clusters=clusters, sampling=samples.sampling, **options)
    )


def _of_group(metric: Any, values: Array, of: Names, samples: Samples, truth: str) -> Figures:
    chosen = samples.of_class(truth)
    return _record(metric(values[chosen], of[chosen], clusters=samples.clusters(chosen), sampling=samples.sampling))


def _record(found: Any) -> Figures:
    plain: Figures = msgspec.to_builtins(found)
    return plain
