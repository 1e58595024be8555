"""Figures of several seeds as one: mean, spread and the single values; the standard library alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from statistics import fmean, median_low, stdev
from typing import Any

Figures = dict[str, Any]


def over_seeds(rows: Sequence[Any]) -> Any:
    """Records of one shape as one record of that shape, every figure replaced by its `spread`.

    Of windows until an alarm, of which some seeds may have none, it is the median over seeds.
    """
    first = rows[0]
    if isinstance(first, dict):
        if "value" in first:
            return spread([row["value"] for row in rows], first.get("reason", ""))
        if "never" in first:
            return _waits(rows)
        return {key: over_seeds([row[key] for row in rows]) for key in first}
    return spread(rows) if isinstance(first, int | float) else first


def spread(values: Sequence[float | None], reason: str = "") -> Figures:
    """Mean and standard deviation over seeds (0 for one) of what is defined, and all values; else None and why."""
    known = [value for value in values if value is not None]
    if not known:
        return {"mean": None, "std": None, "values": list(values), "reason": reason}
    return {"mean": fmean(known), "std": stdev(known) if len(known) > 1 else 0.0, "values": list(values)}


def _waits(rows: Sequence[Figures]) -> Figures:
    return {
        **{key: _middle([row[key] for row in rows]) for key in ("median", "ninety_percent")},
        "never": spread([row["never"] for row in rows]),
    }


def _middle(waits: Sequence[float | None]) -> Figures:
    middle = median_low([inf if wait is None else wait for wait in waits])
    return {"median": None if middle == inf else middle, "values": list(waits)}


def worst_attacks(attacks: Figures, rate: str) -> dict[str, Figures]:
    """For each detector the attack of which it finds the least, of all windows and of those that do harm.

    Args:
        attacks: By name, `over_seeds` of what `edgeguard.lab.detection.measuring` has for one radius.
        rate: The false-alarm rate, as it is written there.
    """
    detectors = next(iter(attacks.values()))["detectors"]
    return {
        name: {
            key: _least({attack: row["detectors"][name]["rates"][rate][key]["mean"] for attack, row in attacks.items()})
            for key in ("found", "found_harmful")
        }
        for name in detectors
    }


def _least(shares: dict[str, float | None]) -> Figures:
    known = {attack: share for attack, share in shares.items() if share is not None}
    if not known:
        return {"attack": None, "share": None, "reason": "no attack leaves a wrong verdict"}
    attack = min(known, key=lambda name: known[name])
    return {"attack": attack, "share": known[attack]}
