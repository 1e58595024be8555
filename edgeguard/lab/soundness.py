"""What looks broken about the attacks of an evaluation when they are seen together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

Rows = Sequence[Mapping[str, Any]]

GRADIENT_FREE: Final = frozenset({"square", "transfer", "universal"})
NOT_AT_ACCURACY: Final = frozenset({"sloth"})  # it wants other things than wrong verdicts
TOLERANCE: Final = 0.02  # of accuracy: less than that is chance on some hundred windows


def broken(attacks: Mapping[str, Rows]) -> list[str]:
    """One line for each doubt, from the rows of each attack over its radii (see `edgeguard.lab.evaluation`)."""
    own = [
        f"{name}, ε {row['label']}: {warning}"
        for name, rows in attacks.items()
        for row in rows
        for warning in row["warnings"]
    ]
    return [*own, *_not_falling(attacks), *_beaten(attacks)]


def _not_falling(attacks: Mapping[str, Rows]) -> Iterator[str]:
    """A larger ball holds the smaller one: more windows right in it means an attack that does not find its way."""
    for name, rows in attacks.items():
        if name in NOT_AT_ACCURACY:
            continue
        for weaker, stronger in pairwise(sorted(rows, key=lambda row: float(row["size"]))):
            before, after = _aimed_at(weaker), _aimed_at(stronger)
            if after > before + TOLERANCE:
                yield (
                    f"{name}: accuracy rises from {before:.3f} at ε {weaker['label']} to {after:.3f} at "
                    f"{stronger['label']}: the attack looks broken"
                )


def _beaten(attacks: Mapping[str, Rows]) -> Iterator[str]:
    """An attack that sees no gradient should not do better than all that follow one of the averaged exits."""
    informed = [name for name, rows in attacks.items() if name not in GRADIENT_FREE and _sees_verdict(rows[0])]
    for name in sorted(GRADIENT_FREE & attacks.keys()) if informed else ():
        for row in attacks[name]:
            best = min(_accuracy(_at(attacks[other], row)) for other in informed)
            if _accuracy(row) < best - TOLERANCE:
                yield (
                    f"{name} leaves {_accuracy(row):.3f} right at ε {row['label']}, all gradient attacks on all exits "
                    f"{best:.3f} or more: gradients may be masked"
                )


def _sees_verdict(row: Mapping[str, Any]) -> bool:
    return len(row["exits"]) == 1 or row["view"] in {"average", "ensemble"}


def _at(rows: Rows, like: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(row for row in rows if row["label"] == like["label"])


def _accuracy(row: Mapping[str, Any]) -> float:
    return float(row["ensemble"]["accuracy"])


def _aimed_at(row: Mapping[str, Any]) -> float:
    """Accuracy of what the attack looks at: one exit, or the averaged exits."""
    if row["view"] == "last" or isinstance(row["view"], int):
        return float(row["exits"][-1 if row["view"] == "last" else row["view"]]["accuracy"])
    return _accuracy(row)
