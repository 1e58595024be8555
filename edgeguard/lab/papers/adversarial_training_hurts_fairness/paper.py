"""What the paper says: its figures by net, and its tables and figures by what they need measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

STANDARD: Final = "standard"
ROBUST: Final = "robust"

# what is measured of a net
CLEAN: Final = "clean"  # confidences on the test part
SUCCESS: Final = "success"  # which samples an attack of each ε fools
LEAST: Final = "least"  # the least ε of each sample
TRANSFER: Final = "transfer"  # the standard net's adversarial examples
LEFT_OUT: Final = "left-out"  # nets that are each trained without one sample

CIFAR10: Final = "cifar10"
ADULT: Final = "adult"
EXITS: Final = ("ecg5000", "mitbih")


@dataclass(frozen=True)
class Published:
    """What the paper has of one net; shares, where the paper gives percentages.

    Attributes:
        accuracy: On the test part.
        robust_accuracy: On adversarial examples of the test part.
        class_gap: CAU.
        success_gaps: CRU_s by ε.
        least_epsilon_gap: CRU_ε.
        left_out: Mean LUF, LUF_t and LUF_l.
        confidences: Mean confidence of the second class, by attribute and true class, then by the attribute's value.
    """

    accuracy: float
    robust_accuracy: float
    class_gap: float
    success_gaps: Mapping[float, float]
    least_epsilon_gap: float | None = None
    left_out: tuple[float, float, float] | None = None
    confidences: Mapping[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)


PUBLISHED: Final[Mapping[str, Mapping[str, Published]]] = {
    CIFAR10: {
        STANDARD: Published(
            accuracy=0.7196,
            robust_accuracy=0.0424,
            class_gap=0.286,
            success_gaps={0.01: 0.1343, 0.012: 0.0845, 0.014: 0.0471},
            least_epsilon_gap=0.0014,
            left_out=(0.7694, 29.26, 2926.1),
        ),
        ROBUST: Published(
            accuracy=0.7243,
            robust_accuracy=0.8312,
            class_gap=0.344,
            success_gaps={0.01: 0.2585, 0.012: 0.1627, 0.014: 0.1056},
            least_epsilon_gap=0.005,
            left_out=(0.7945, 29.35, 2934.89),
        ),
    },
    ADULT: {
        STANDARD: Published(
            accuracy=0.7953,
            robust_accuracy=0.143,
            class_gap=0.0195,
            success_gaps={10.0: 0.0611, 15.0: 0.1081, 20.0: 0.107},
            confidences={
                ("race", "<=50K"): {
                    "White": 0.255,
                    "Asian-Pac-Islander": 0.24,
                    "Amer-Indian-Eskimo": 0.21,
                    "Black": 0.203,
                    "Other": 0.215,
                },
                ("race", ">50K"): {
                    "White": 0.706,
                    "Asian-Pac-Islander": 0.688,
                    "Amer-Indian-Eskimo": 0.65,
                    "Black": 0.639,
                    "Other": 0.657,
                },
            },
        ),
        ROBUST: Published(
            accuracy=0.7937,
            robust_accuracy=0.9637,
            class_gap=0.0205,
            success_gaps={10.0: 0.1866, 15.0: 0.2338, 20.0: 0.2272},
            confidences={
                ("race", "<=50K"): {
                    "White": 0.233,
                    "Asian-Pac-Islander": 0.242,
                    "Amer-Indian-Eskimo": 0.148,
                    "Black": 0.159,
                    "Other": 0.149,
                },
                ("race", ">50K"): {
                    "White": 0.754,
                    "Asian-Pac-Islander": 0.763,
                    "Amer-Indian-Eskimo": 0.64,
                    "Black": 0.658,
                    "Other": 0.642,
                },
            },
        ),
    },
}


@dataclass(frozen=True)
class Part:
    """A table or a figure.

    Attributes:
        title: As the paper numbers it, and what it shows.
        studies: The studies it is made of, by key.
        measures: What is measured for it.
    """

    title: str
    studies: tuple[str, ...]
    measures: frozenset[str]


def _part(title: str, studies: tuple[str, ...], *measures: str) -> Part:
    return Part(title, studies, frozenset(measures))


TABLES: Final = {
    "1": _part("Table I: CRU_s", (CIFAR10,), SUCCESS),
    "2": _part("Table II: CRU_s", (ADULT,), SUCCESS),
    "3": _part("Table III: leave-one-out unfairness", (CIFAR10, ADULT), LEFT_OUT),
    "4": _part("Table IV: mean confidence by sex", (ADULT,), CLEAN),
    "5": _part("Table V: mean confidence by race", (ADULT,), CLEAN),
    "text": _part("Figures of the text", (ADULT, CIFAR10), CLEAN, SUCCESS, LEAST, TRANSFER),
    "exits": _part("Does the exits' defense harm fairness?", EXITS, CLEAN, SUCCESS, LEAST),
}
FIGURES: Final = {
    "1": _part("Fig. 1: accuracy of each class", (CIFAR10,), CLEAN),
    "2": _part("Fig. 2: mean least ε of each class", (CIFAR10,), LEAST),
    "3": _part("Fig. 3: success rate of PGD on each class", (CIFAR10,), SUCCESS),
    "4": _part("Fig. 4: success rate of PGD on each class", (ADULT,), SUCCESS),
    "5": _part("Fig. 5: EOU by sex", (ADULT,), CLEAN),
    "6": _part("Fig. 6: EOU by race", (ADULT,), CLEAN),
}
