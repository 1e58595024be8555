"""Windows a second with many sources at once, as fast as possible; and the processor time of sources at real time."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.throughput.bare import Bare, Rate
from benchmarks.throughput.in_process import run
from benchmarks.throughput.memory_source import RATE_HZ, MemorySource, at_real_time, let_others, recordings
from benchmarks.throughput.meter import Meter
from edgeguard.device.samples import Source
from edgeguard.device.sources.pacing import CHUNK_S
from edgeguard.signals.spec import SignalSpec

_BEATS_PER_S: Final = 1.1
_FEWEST: Final = 10  # windows of a source: the first ones are rejected while filters settle
_LEARNING_S: Final = 5  # of the R-peak detector
_BARE_WINDOWS: Final = 500


def as_fast_as_possible(
    bundle: Path, signal: SignalSpec, bare: Bare, *, sources: int, chunk_s: float, windows: int, turns: int
) -> dict[str, Any]:
    """Windows a second through the daemon and bare, in turns."""
    rows = []
    for _ in range(turns):
        meter = Meter()
        samples = _samples_for(signal, max(_FEWEST, -(-windows // sources)))
        judge = run(bundle, lambda: _sources(signal, sources, chunk_s, samples), meter)  # noqa: B023 - called at once
        best, single = bare.run(windows // 2, bare.best_batch), bare.run(windows // 2, 1)
        rows.append(_row(meter, judge.mean_batch, best, single))
    middle = {name: median(row[name] for row in rows) for name in rows[0]}
    return {"sources": sources, "chunk_s": chunk_s, **{name: float(f"{value:.4g}") for name, value in middle.items()}}


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
        "rejected_share": meter.rejected / (meter.rejected + len(meter.times_s)),
    }


def at_the_pace_of_wearables(
    bundle: Path, signal: SignalSpec, bare: Bare, *, sources: int, seconds: float
) -> dict[str, Any]:
    """Share of a core that each source takes at real time, all costs of the daemon in it."""
    meter = Meter()
    run(bundle, lambda: _sources(signal, sources, CHUNK_S, round(seconds * RATE_HZ), paced=True), meter)
    daemon = meter.steady()
    return {
        "sources": sources,
        "seconds": seconds,
        "windows_per_s": round(daemon.per_s, 1),
        "cpu_share_per_source": round(daemon.cpu_us * daemon.per_s / 1e6 / sources, 5),
        "bare_cpu_share_per_source": round(bare.run(_BARE_WINDOWS, 1).cpu_us * daemon.per_s / 1e6 / sources, 5),
    }


def _sources(signal: SignalSpec, count: int, chunk_s: float, samples: int, *, paced: bool = False) -> dict[str, Source]:
    """As many; those at real time begin one after the other, within a chunk."""
    recorded, rate_hz = recordings(signal)
    chunk = round(chunk_s * RATE_HZ)
    pauses = [at_real_time(k * chunk_s / count, chunk) if paced else let_others for k in range(count)]
    return {
        f"s{k}": MemorySource(recorded[k % len(recorded)], rate_hz, chunk=chunk, samples=samples, pause=pause)
        for k, pause in enumerate(pauses)
    }


def _samples_for(signal: SignalSpec, windows: int) -> int:
    """About as many as hold so many windows."""
    if signal.beats is not None:
        return round((_LEARNING_S + windows / _BEATS_PER_S) * RATE_HZ)
    rate = 1.0 if signal.rate_hz is None else RATE_HZ / signal.rate_hz
    return round((signal.window + windows * signal.hop) * rate)
