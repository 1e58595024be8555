"""Windows a second with many sources at once, as fast as possible; and the processor time of sources at real time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.throughput.bare import Bare
from benchmarks.throughput.in_process import run
from benchmarks.throughput.memory_source import CHUNK, RATE_HZ, MemorySource, at_real_time, let_others, recordings
from benchmarks.throughput.meter import Meter
from edgeguard.device.samples import Source
from edgeguard.signals.spec import SignalSpec

_BEATS_PER_S: Final = 1.1


def as_fast_as_possible(bundle: Path, signal: SignalSpec, bare: Bare, sources: int, windows: int, turns: int) -> dict[str, Any]:
    """Windows a second through the daemon and bare, in turns."""
    recorded, rate_hz = recordings(signal)
    chunks = _chunks_for(signal, -(-windows // sources))
    rows = []
    for _ in range(turns):
        meter = Meter()
        judge = run(bundle, lambda: _from_memory(sources, recorded, rate_hz, chunks), meter)
        counted, seconds, cpu_s = meter.steady()
        rows.append(
            {
                "daemon": counted / seconds,
                "daemon_cpu_us": 1e6 * cpu_s / counted,
                "bare_best": bare.run(windows // 2, bare.best_batch),
                "bare_1": bare.run(windows // 2, 1),
                "batch": judge.mean_batch,
                "rejected": meter.rejected / len(meter.times_s),
            }
        )
    middle = {name: median(row[name] for row in rows) for name in rows[0]}
    return {
        "sources": sources,
        "windows_per_s": round(middle["daemon"], 1),
        "bare_best_batch_per_s": round(middle["bare_best"], 1),
        "bare_batch_1_per_s": round(middle["bare_1"], 1),
        "of_bare_best_batch": round(median(row["daemon"] / row["bare_best"] for row in rows), 3),
        "of_bare_batch_1": round(median(row["daemon"] / row["bare_1"] for row in rows), 3),
        "mean_batch": round(middle["batch"], 1),
        "cpu_us_per_window": round(middle["daemon_cpu_us"], 1),
        "rejected_share": round(middle["rejected"], 4),
    }


def at_the_pace_of_wearables(bundle: Path, signal: SignalSpec, bare: Bare, sources: int, seconds: float) -> dict[str, Any]:
    """Share of a core that each source takes at real time, all costs of the daemon in it."""
    recorded, rate_hz = recordings(signal)
    chunks = round(seconds * RATE_HZ / CHUNK)
    meter = Meter()
    began: list[float] = []

    def paced() -> Mapping[str, Source]:
        began.append(time.process_time())
        spread = [at_real_time(k * CHUNK / RATE_HZ / sources) for k in range(sources)]
        return {
            f"s{k}": MemorySource(recorded[k % len(recorded)], rate_hz, chunks, pause) for k, pause in enumerate(spread)
        }

    run(bundle, paced, meter)
    windows, elapsed, cpu_s = meter.steady()
    bare_cpu_s = windows / bare.run(500, 1)
    return {
        "sources": sources,
        "seconds": seconds,
        "windows_per_s": round(windows / elapsed, 1),
        "cpu_share_per_source": round(cpu_s / elapsed / sources, 5),
        "bare_cpu_share_per_source": round(bare_cpu_s / elapsed / sources, 5),
    }


def _from_memory(sources: int, recorded: list[Any], rate_hz: float | None, chunks: int) -> Mapping[str, Source]:
    return {f"s{k}": MemorySource(recorded[k % len(recorded)], rate_hz, chunks, let_others) for k in range(sources)}


def _chunks_for(signal: SignalSpec, windows: int) -> int:
    """About as many as hold so many windows."""
    if signal.beats is not None:
        return round((5 + windows / _BEATS_PER_S) * RATE_HZ / CHUNK)  # the detector learns for some seconds
    rate = 1.0 if signal.rate_hz is None else RATE_HZ / signal.rate_hz
    return -(-round((signal.window + windows * signal.hop) * rate) // CHUNK)
