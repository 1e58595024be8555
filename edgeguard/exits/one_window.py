"""`ensemble` and the disagreement scores once more, for one window in plain floats.

A device judges one window at a time, and between two windows the model evicts everything from the caches: a dozen numpy
calls then cost more than the same arithmetic on ten floats. Tests hold the two to the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from edgeguard.exits.disagreement import combined_factors

Row = list[float]
PlainScore = Callable[[list[Row], Row], float]

_TINY: Final = 1e-300  # p log p is nothing below it, and the mean may be zero there


def softmax_rows(logits: list[Row]) -> list[Row]:
    """Softmax of each exit's logits: (exits, classes)."""
    rows = []
    for row in logits:
        top = max(row)
        powers = [math.exp(value - top) for value in row]
        total = sum(powers)
        rows.append([power / total for power in powers])
    return rows


def mean_row(rows: list[Row]) -> Row:
    """Mean over exits: (classes,)."""
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def tempered(mean: Row, temperature: float) -> Row:
    """`ensemble` with a temperature, from the mean without: (classes,)."""
    top, power = max(mean), 1.0 / temperature
    powers: list[float] = [(share / top) ** power for share in mean]
    total = sum(powers)
    return [value / total for value in powers]


def _mutual_information(rows: list[Row], mean: Row) -> float:
    divergence = sum(p * math.log(p / m) for row in rows for p, m in zip(row, mean, strict=True) if not p <= _TINY)
    return max(divergence / len(rows), 0.0)


def _confusion(rows: list[Row], _mean: Row) -> float:
    return sum(abs(p - final) for row in rows for p, final in zip(row, rows[-1], strict=True))


def _vote_entropy(rows: list[Row], _mean: Row) -> float:
    votes = [row.index(max(row)) for row in rows]
    shares = [votes.count(choice) / len(votes) for choice in set(votes)]
    return -sum(share * math.log(share) for share in shares)


def _combined(rows: list[Row], mean: Row) -> float:
    factors = combined_factors(len(rows), len(mean))
    return sum((factor * PLAIN_SCORES[name](rows, mean) for name, factor in factors.items()), 0.0)


PLAIN_SCORES: Final[dict[str, PlainScore]] = {
    "mutual_information": _mutual_information,
    "confusion": _confusion,
    "vote_entropy": _vote_entropy,
    "combined": _combined,
}
