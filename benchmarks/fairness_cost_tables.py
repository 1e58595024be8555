"""What the dear figures of fairness cost, from least-epsilon.json and leave-one-out.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.markdown import markdown


def least_epsilon(figures: dict[str, Any]) -> Iterable[str]:
    """Each way to search the least ε on each net, against raising ε step by step."""
    rows = [
        [
            name,
            title,
            f"{row['seconds']:.1f}",
            f"{row['fewer_seconds']:.1f} ×",
            f"{row['fewer_gradients_per_window']:.1f} ×",
            f"{row['within_tolerance']:.3f}",
            f"{row['smaller']:.3f}",
            f"{row['larger']:.3f}",
            f"{row['mean_epsilon']:.3f}",
        ]
        for name, net in figures["nets"].items()
        for title, row in net["searches"].items()
    ]
    aims = figures["aims"]
    faster, same = (
        f"faster (aim {aims['faster']:g} ×)",
        f"same within the tolerance (aim {aims['within_tolerance']:g})",
    )
    header = ["net", "search", "seconds", faster, "fewer gradients", same, "smaller", "larger", "mean least ε"]
    yield from markdown(header, rows)
    for name, net in figures["nets"].items():
        yield ""
        yield (
            f"{name}: {net['windows']} test windows, ε up to {net['most']:g}, tolerance {net['tolerance']:g}, PGD of "
            f"{net['steps']} steps."
        )


def leave_one_out(figures: dict[str, Any]) -> Iterable[str]:
    """Seconds of so many networks trained together and one after the other."""
    alone, apart = figures["one_after_the_other"], figures["mean_confidence_apart"]
    timed = ", ".join(f"{seconds:.1f} s with {threads}" for threads, seconds in alone["one_network_s"].items())
    together = f"together, {figures['together']} at once in {figures['processes']} processes"
    rows = [
        [together, f"{figures['together_s']:.0f}"],
        [
            f"one after the other ({alone['networks_timed']} timed: {timed}; the faster times {figures['networks']})",
            f"{alone['extrapolated_s']:.0f}",
        ],
        [f"faster (aim {figures['aim']:g} ×)", f"{figures['faster']:.1f} ×"],
    ]
    sizes = ", ".join(f"{figures[name]} {name}" for name in ("networks", "rows", "epochs"))
    yield from markdown([f"{sizes}, {figures['precision']}", "seconds"], rows)
    yield ""
    yield (
        "Mean difference of the confidences: "
        f"{apart['without_a_sample']:.3f} between networks with and without a sample, "
        f"{apart['from_one_after_the_other']:.3f} between the same network trained together and by itself."
    )
