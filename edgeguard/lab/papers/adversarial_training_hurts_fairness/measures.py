"""The figures that a table shows, by name, from those of one net; the standard library alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Net = Mapping[str, Any]

ACCURACY: Final = "accuracy"
ROBUST_ACCURACY: Final = "robust accuracy"
TRANSFERRED: Final = "accuracy on the standard net's adversarial examples"
CAU: Final = "CAU"
CRU_EPSILON: Final = "CRU_ε"
LUF: Final = ("LUF", "LUF_t", "LUF_l")
OTHER_SEED: Final = tuple(f"{name}, other seed" for name in LUF)


def cru_s(epsilon: float) -> str:
    """What CRU_s at one ε is called."""
    return f"CRU_s at ε = {epsilon:g}"


def eou(attribute: str, truth: str) -> str:
    """What EOU by an attribute on one true class is called."""
    return f"EOU by {attribute.replace('_', ' ')} on {truth}"


def group_success(attribute: str, truth: str, epsilon: float) -> str:
    """What the gap of the success rate between groups of one true class is called."""
    return f"gap of success by {attribute.replace('_', ' ')} on {truth} at ε = {epsilon:g}"


def group_accuracy(attribute: str) -> str:
    """What the gap of the accuracy between groups is called."""
    return f"gap of accuracy by {attribute.replace('_', ' ')}"


def unfairness_of(net: Net) -> dict[str, Mapping[str, Any]]:
    """Every gap of one net by name; 0 is fair."""
    found = {}
    if "clean" in net:
        found[CAU] = net["clean"]["class_gap"]
        for attribute, gaps in net["clean"]["groups"].items():
            found[group_accuracy(attribute)] = gaps["accuracy"]
            found |= {eou(attribute, truth): gap for truth, gap in gaps["confidence"].items()}
    for row in net.get("success", []):
        found[cru_s(row["epsilon"])] = row["class_gap"]
        for attribute, gaps in row["groups"].items():
            found |= {group_success(attribute, truth, row["epsilon"]): gap for truth, gap in gaps.items()}
    if "least" in net:
        found[CRU_EPSILON] = net["least"]
    return found


def figures_of(net: Net, radius: float) -> dict[str, float | None]:
    """Every figure of one net by name, the robust accuracy at `radius`; None where it is undefined."""
    found: dict[str, float | None] = {}
    if "clean" in net:
        found[ACCURACY] = net["clean"]["accuracy"]
    for row in net.get("success", []):
        if row["epsilon"] == radius:
            found[ROBUST_ACCURACY] = row["robust_accuracy"]
    if "transferred_accuracy" in net:
        found[TRANSFERRED] = net["transferred_accuracy"]
    found |= {name: gap["value"] for name, gap in unfairness_of(net).items()}
    if "left_out" in net:
        for names, which in ((LUF, "without_one"), (OTHER_SEED, "other_seed")):
            luf = net["left_out"][which]["over_test"]
            found |= {name: luf[key]["value"] for name, key in zip(names, ("luf", "luf_t", "luf_l"), strict=True)}
    return found
