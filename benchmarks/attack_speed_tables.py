"""How fast attacks are, from attack-speed.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.markdown import markdown


def attack_speed(figures: dict[str, Any]) -> Iterable[str]:
    """Seconds and robust accuracy of PGD per net and tool, and how many times faster ours is."""
    nets, faster, aims = figures["pgd"]["nets"], figures["pgd"]["faster_over_all_nets"], figures["aims"]
    rows = [
        [net, *(f"{row[tool]['seconds']:.2f} ({row[tool]['robust_accuracy']:.3f})" for tool in ("EdgeGuard", *aims))]
        for net, row in nets.items()
    ]
    rows.append(["all: EdgeGuard is faster by", "–", *(f"{faster[tool]:.1f} × (aim {aims[tool]:g})" for tool in aims)])
    windows, epsilon, steps = (figures[name] for name in ("windows", "epsilon", "steps"))
    title = f"seconds (robust accuracy), {windows} windows, ε = {epsilon:g}, {steps} steps"
    return markdown([title, "EdgeGuard", *aims], rows)


def attack_speed_exits(figures: dict[str, Any]) -> Iterable[str]:
    """Seconds of PGD and PGD-MAX and their ratio."""
    rows = [
        [row["net"], f"{row['pgd_s']:.2f}", f"{row['pgd_max_s']:.2f}", f"{row['ratio']:.2f}", f"{row['aim']:g}"]
        for row in figures["pgd_max"]
    ]
    return markdown(["seconds of", "PGD", "PGD-MAX", "ratio", "aim: at most"], rows)


def attack_speed_distances(figures: dict[str, Any]) -> Iterable[str]:
    """Seconds of DeepFool's distances, ours and ART's."""
    tools = figures["deepfool"]["tools"]
    ours = tools["EdgeGuard"]["seconds"]
    rows = [
        [
            name,
            f"{row['seconds']:.2f}",
            f"{row['seconds'] / ours:.1f} ×",
            f"{row['median_distance']:.3f}",
            f"{row['fooled']:.2f}",
        ]
        for name, row in tools.items()
    ]
    title = f"DeepFool, l2, {figures['deepfool']['windows']} windows"
    return markdown([title, "seconds", "time against ours", "median distance", "fooled"], rows)
