"""A figure with its interval and what it rests on, or the reason why there is none: never NaN."""

from __future__ import annotations

from dataclasses import dataclass


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


def undefined(reason: str, clusters: int = 0, count: float = 0) -> Estimate:
    """No figure, and why."""
    return Estimate(None, None, None, clusters, count, reason)


def no_gap(reason: str) -> Gap:
    """No gap, and why."""
    return Gap(None, None, None, reason=reason)
