"""The table of bridge-loss.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.markdown import markdown, number


def bridge_loss(figures: dict[str, Any]) -> Iterable[str]:
    """What became of every sample, for each kind of bad wire."""
    rows = [
        [
            row["wire"],
            number(row["sent"]),
            number(row["delivered"]),
            f"{100 * row['delivered_share']:.1f} %",
            number(row["missing"]),
            str(row["wrong"] + row["repeated"] + row["misplaced"]),
            str(row["sent"] - row["delivered"] - row["missing"]),
        ]
        for row in figures["wires"]
    ]
    header = ["what the wire does", "samples", "delivered", "share", "counted as missing", "wrong", "unaccounted"]
    return markdown(header, rows)
