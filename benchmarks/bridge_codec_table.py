"""The table of bridge-codec.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.markdown import markdown


def bridge_codec(figures: dict[str, Any]) -> Iterable[str]:
    """Processor seconds of each end for the whole signal, ours and the loop's."""
    rows = [
        [
            f"{case['width_bits']} bit, {'differences' if case['delta'] else 'packed'}",
            *(f"{case[whose][end]:.2f}" for end in ("encode_cpu_s", "decode_cpu_s") for whose in ("ours", "peer")),
            f"{case['wire_bytes_per_value']:.2f}",
        ]
        for case in figures["cases"]
    ]
    aim = figures["aim"]["cpu_s_of_each_end_for_one_hour"]
    span = f"{figures['minutes']} min of {figures['channels']} channels at {figures['rate_hz']} Hz"
    header = [
        f"processor seconds for {span} (aim: {aim:g} for an hour)",
        "encode",
        "`struct` loop",
        "decode",
        "`struct` loop",
        "bytes a value on the wire",
    ]
    return markdown(header, rows)
