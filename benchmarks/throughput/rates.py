"""Windows a second with many sources at once, as fast as possible; and the processor time of sources at real time."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.throughput.bare import Bare, Rate
from benchmarks.throughput.in_process import run
from benchmarks.throughput.memory_source import CHUNK, RATE_HZ, MemorySource, at_real_time, let_others, recordings
from benchmarks.throughput.meter import Meter
from edgeguard.device.samples import Source
from edgeguard.signals.spec import SignalSpec

_BEATS_PER_S: Final = 1.1
_BARE_WINDOWS: Final = 500


def as_fast_as_possible(
    bundle: Path, signal: SignalSpec, bare: Bare, sources: int, windows: int, turns: int
) -> dict[str, Any]:
    """Windows a second through the daemon and bare, in turns."""
    recorded, rate_hz = recordings(signal)
    chunks = _chunks_for(signal, -(-windows // sources))
    rows = []
    for _ in range(turns):
        meter = Meter()
        judge = run(bundle, lambda: _from_memory(sources, recorded, rate_hz, chunks), meter)
        best, single = bare.run(windows // 2, bare.best_batch), bare.run(windows // 2, 1)
        rows.append(_row(meter, judge.mean_batch, best, single))
    middle = {name: median(row[name] for row in rows) for name in rows[0]}
    return {"sources": sources, **{name: float(f"{value:.4g}") for name, value in middle.items()}}


def _row(meter: Meter, mean_batch: float, best: Rate, single: Rate) -> dict[str, float]:
    daemon = meter.steady()
    return {
        "windows_per_s": daemon.per_s,
        "bare_best_batch_per_s": best.per_s,
        "bare_batch_1_per_s": single.per_s,
        "of_bare_best_batch": daemon.per_s / best.per_s,
        "of_bare_batch_1": daemon.per_s / single.per_s,
        "mean_batch": mean_batch,
        "cpu_us_per_window": daemon.cpu_us,
        "bare_cpu_us_per_window": best.cpu_us,
        "rejected_share": meter.rejected / len(meter.times_s),
    }


def at_the_pace_of_wearables(
    bundle: Path, signal: SignalSpec, bare: Bare, sources: int, seconds: float
) -> dict[str, Any]:
    """Share of a core that each source takes at real time, all costs of the daemon in it."""
    recorded, rate_hz = recordings(signal)
    chunks = round(seconds * RATE_HZ / CHUNK)
    meter = Meter()

    def paced() -> dict[str, Source]:
        pauses = [at_real_time(k * CHUNK / RATE_HZ / sources) for k in range(sources)]
        return {
            f"s{k}": MemorySource(recorded[k % len(recorded)], rate_hz, chunks, one) for k, one in enumerate(pauses)
        }

    run(bundle, paced, meter)
    daemon = meter.steady()
    return {
        "sources": sources,
        "seconds": seconds,
        "windows_per_s": round(daemon.per_s, 1),
        "cpu_share_per_source": round(daemon.cpu_us * daemon.per_s / 1e6 / sources, 5),
        "bare_cpu_share_per_source": round(bare.run(_BARE_WINDOWS, 1).cpu_us * daemon.per_s / 1e6 / sources, 5),
    }


def _from_memory(sources: int, recorded: list[Any], rate_hz: float | None, chunks: int) -> dict[str, Source]:
    return {f"s{k}": MemorySource(recorded[k % len(recorded)], rate_hz, chunks, let_others) for k in range(sources)}


def _chunks_for(signal: SignalSpec, windows: int) -> int:
    """About as many as hold so many windows."""
    if signal.beats is not None:
        return round((5 + windows / _BEATS_PER_S) * RATE_HZ / CHUNK)  # the detector learns for some seconds
    rate = 1.0 if signal.rate_hz is None else RATE_HZ / signal.rate_hz
    return -(-round((signal.window + windows * signal.hop) * rate) // CHUNK)
