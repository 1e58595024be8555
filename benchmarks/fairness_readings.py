"""What the gaps of fairness-mitbih.json allow to say, in words; the standard library alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from benchmarks.markdown import markdown

TOLERATED: Final = 0.05


def fairness_readings(figures: dict[str, Any]) -> Iterable[str]:
    """A row for each clean accuracy gap: at least so large, at most so large, or too wide to act."""
    clean = figures["clean"]["fairness"]
    gaps = {"classes": clean["classes"]["cau"]}
    gaps |= {name.replace("_", " "): row["accuracy"] for name, row in clean["attributes"].items()}
    return markdown(
        ["accuracy between", "wearers", "gap", "95 %", "p", f"where {TOLERATED:g} is tolerated"],
        [_reading(over, gap) for over, gap in gaps.items()],
    )


def _reading(over: str, gap: dict[str, Any]) -> list[str]:
    sizes = ", ".join(f"{name} {group['clusters']}" for name, group in gap["groups"].items() if group["clusters"])
    if gap["value"] is None:
        return [over, sizes, "–", "–", "–", gap["reason"]]
    ends = f"{gap['low']:.3f} to {gap['high']:.3f}"
    return [over, sizes, f"{gap['value']:.3f}", ends, f"{gap['p_value']:.3f}", _verdict(gap)]


def _verdict(gap: dict[str, Any]) -> str:
    if gap["low"] > TOLERATED:
        return f"unfair: {gap['highest']} over {gap['lowest']}"
    if gap["high"] <= TOLERATED:
        return "fair enough"
    reach = max(gap["high"] - gap["value"], gap["value"] - gap["low"])
    more = max((reach / TOLERATED) ** 2, 1)
    return f"too wide to act; to know the gap within {TOLERATED:g} takes about {more:.0f} times as many wearers"
