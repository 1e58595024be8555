"""Tables of bridge-size.json: what the C end takes of a microcontroller."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.markdown import markdown, number


def bridge_size(figures: dict[str, Any]) -> Iterable[str]:
    """Bytes of code, memory and stack on each processor."""
    aim = figures["aim"]
    header = [
        "bytes",
        f"code (aim: below {number(aim['code_bytes'])})",
        f"one instance and the default ring (aim: below {number(aim['ram_bytes'])})",
        "stack of eg_poll",
        "of eg_push, in the interrupt",
    ]
    rows = [
        [
            f"gcc -Os, {target}",
            number(size["code_bytes"]),
            f"{size['bridge_bytes']} + {size['ring_bytes']} = {size['ram_bytes']}",
            number(size["stack_bytes"]["eg_poll"]),
            number(size["stack_bytes"]["eg_push"]),
        ]
        for target, size in figures["targets"].items()
    ]
    return markdown(header, rows)


def bridge_instructions(figures: dict[str, Any]) -> Iterable[str]:
    """Instructions of an emulated Cortex-M4 for a sample of all channels, and its bytes on the wire."""
    rows = [
        [signal, number(taken["push"]), number(taken["poll"]), number(float(taken["bytes"]))]
        for signal, taken in figures["instructions_per_sample"].items()
    ]
    return markdown(
        ["a sample of all channels", "instructions in the interrupt", "in the main loop", "bytes sent"], rows
    )
