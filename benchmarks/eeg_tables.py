"""The table of what EEG takes of a device, from eeg-device.json."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from benchmarks.markdown import markdown


def eeg_device(figures: dict[str, Any]) -> Iterable[str]:
    """Latency, processor time and memory by wearers, policy and source rate; below, bare onnxruntime."""
    rows = [
        [
            f"{row['streams']}, `{row['policy']}`, {row['rate_hz']} Hz",
            f"{row['mean_stages']:.1f}",
            *(f"{row['latency_ms'][q]:.1f}" for q in ("p50", "p99")),
            f"{row['cpu_ms_per_window']:.1f}",
            f"{100 * row['cpu_share']:.1f} %",
            f"{row['peak_mb']:.0f}",
        ]
        for row in figures["daemon"]
    ]
    alone = figures["onnxruntime"]
    latencies = [f"{median(one['latency_ms'][q] for one in alone):.1f}" for q in ("p50", "p99")]
    cpu, peak = (median(one[key] for one in alone) for key in ("cpu_ms_per_window", "peak_mb"))
    rows.append(["onnxruntime alone, a window at a time", "–", *latencies, f"{cpu:.1f}", "–", f"{peak:.0f}"])
    header = ["stages", "ms to the verdict, p50", "p99", "CPU ms a window", "of a core, all wearers", "peak MB"]
    return markdown([f"{figures['bundle']}: wearers, policy, source", *header], rows)
