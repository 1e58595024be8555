"""A figure with its interval and what it rests on, or the reason why there is none: never NaN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Estimate:
    """A share, a mean, or what is made of them.

    Attributes:
        value: None where it is undefined.
        low: Of the interval; None where there is none.
        high: See `low`.
        clusters: Wearers, or what else is independent, that it rests on.
        count: Windows, or what else is counted, that it rests on.
        reason: Why it is undefined; empty where it is not.
    """

    value: float | None
    low: float | None
    high: float | None
    clusters: int
    count: float
    reason: str = ""


@dataclass(frozen=True)
class Gap:
    """The largest difference between two groups.

    Attributes:
        value: At least 0; None where it is undefined.
        low: Of the interval; 0 where the groups may be alike.
        high: See `low`.
        highest: The group with the highest figure.
        lowest: The group with the lowest.
        reason: Why it is undefined; empty where it is not.
    """

    value: float | None
    low: float | None
    high: float | None
    highest: str = ""
    lowest: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Unfairness(Gap):
    """A gap that is a definition of unfairness: 0 is fair; beside it what it is made of, and how it came by chance.

    Attributes:
        p_value: How often groups that mean nothing would be at least so far apart (permutations); None where undefined.
        permuted: What changed its group in those: ``wearers``, ``windows``, or ``windows of each wearer``.
        groups: Every group's figure with its sizes; those that are undefined say why, and are not compared.
        notes: What a reader must know of it.
    """

    p_value: float | None = None
    permuted: str = ""
    groups: Mapping[str, Estimate] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Worst(Estimate):
    """The lowest of the groups' figures, and whose it is."""

    group: str = ""


def undefined(reason: str, clusters: int = 0, count: float = 0) -> Estimate:
    """No figure, and why."""
    return Estimate(None, None, None, clusters, count, reason)


def no_gap(reason: str) -> Gap:
    """No gap, and why."""
    return Gap(None, None, None, reason=reason)
