"""What larger fleets need, by arithmetic from fleet-ingest.json and fleet-faults.json."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from benchmarks.markdown import markdown, number

_DEVICES: Final = (1_000, 10_000, 100_000, 1_000_000)
_INTERVAL_S: Final = 60  # from one summary of a device to its next
_RESERVE: Final = 0.5  # share of a worker's rate that is kept for backlogs
_DAY_S: Final = 86_400
_DAYS: Final = 30  # that summaries are kept


def fleet_scale(figures: dict[str, Any]) -> Iterable[str]:
    """Workers for fleets of several sizes, at the rate that one was measured at."""
    rate = figures["cases"]["postgresql_1"]["messages_per_s"]
    rows = [
        [number(devices), number(devices / _INTERVAL_S), str(math.ceil(devices / _INTERVAL_S / (rate * _RESERVE)))]
        for devices in _DEVICES
    ]
    title = f"devices, a summary every {_INTERVAL_S} s"
    worker = f"workers at {number(round(rate))} messages/s each, {_RESERVE:.0%} in reserve"
    return markdown([title, "messages/s", worker], rows)


def fleet_disk(figures: dict[str, Any]) -> Iterable[str]:
    """Disk for the summaries of fleets of several sizes, at the size that one was measured to have."""
    size = figures["broker_stopped"]["summary_bytes"]
    rows = []
    for devices in _DEVICES:
        a_day = devices * _DAY_S // _INTERVAL_S
        rows.append([number(devices), number(a_day), f"{number(a_day * _DAYS * size / 1e9)} GB"])
    kept = f"disk for {_DAYS} days at {number(size)} bytes a row"
    return markdown([f"devices, a summary every {_INTERVAL_S} s", "rows a day", kept], rows)
