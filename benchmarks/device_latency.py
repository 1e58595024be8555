"""Time of one window through the whole device pipeline (samples in, verdict out) against bare onnxruntime.

``python -m benchmarks.device_latency --bundle ecg5000-fcnet``

Both run the same graph on one thread with the same session options, one window at a time, taking turns so that a slow
moment of the machine hits both. What the pipeline adds is the difference of the two times in the same turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import RESULTS
from edgeguard.bundle.layout import INPUT, LOGITS, MODEL
from edgeguard.bundle.reader import Bundle
from edgeguard.device.config import EngineConfig
from edgeguard.device.engines.onnx_runtime import session_from_bytes
from edgeguard.device.judge import open_judge
from edgeguard.device.pipeline import Pipeline
from edgeguard.device.samples import Samples
from edgeguard.errors import EdgeGuardError
from edgeguard.record import write_result
from edgeguard.released import bundle_path


@click.command()
@click.option("--bundle", default="ecg5000-fcnet", show_default=True, help="A bundle, by path or released name.")
@click.option("--windows", default=5000, show_default=True, help="How many turns are timed.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(bundle: str, windows: int, results: Path) -> None:
    """Measure and write device-latency.json."""
    try:
        opened = Bundle.open(bundle_path(bundle))
        figures = measure(opened, windows)
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    path = write_result("device-latency", figures, libraries=("numpy", "onnxruntime"), folder=results)
    for name in ("onnxruntime_us", "pipeline_us", "added_us"):
        click.echo(f"{name:<15} p50 {figures[name]['p50']:8.1f}   p99 {figures[name]['p99']:8.1f}")
    click.echo(f"written to {path}")


def measure(bundle: Bundle, turns: int) -> dict[str, Any]:
    """Microseconds per window: bare onnxruntime, the pipeline, and what the pipeline adds."""
    signal = bundle.manifest.signal
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(64, 1, *signal.shape)).astype(np.float32)
    session = session_from_bytes(bundle.content[MODEL], MODEL)
    with open_judge(bundle, EngineConfig()) as judge:
        pipeline = Pipeline(judge)

        def through_pipeline(turn: int) -> None:
            # each window begins where the last ended, and a jump over a gap where windows overlap: one verdict a turn
            verdicts = pipeline.step(Samples(turn * (signal.window + 1), windows[turn % 64, 0]))
            assert len(verdicts) == 1

        def bare(turn: int) -> None:
            session.run([LOGITS], {INPUT: windows[turn % 64]})

        times = _take_turns([bare, through_pipeline], turns)
    bare_us, pipeline_us = times[:, 0], times[:, 1]
    return {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}",
        "bundle_sha256": bundle.sha256,
        "window": list(signal.shape),
        "preprocessing": list(signal.preprocessing),
        "windows_timed": turns,
        "onnxruntime_us": _percentiles(bare_us),
        "pipeline_us": _percentiles(pipeline_us),
        "added_us": _percentiles(pipeline_us - bare_us),
    }


def _take_turns(functions: list[Callable[[int], None]], turns: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Microseconds (turns, functions), the first fifth of the turns done but not kept."""
    times = np.empty((turns, len(functions)))
    for turn in range(-(turns // 5), turns):
        for column in (0, 1) if turn % 2 else (1, 0):  # neither always finds the caches warmed by the other
            begin = time.perf_counter_ns()
            functions[column](turn + turns)
            if turn >= 0:
                times[turn, column] = (time.perf_counter_ns() - begin) / 1e3
    return times


def _percentiles(values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    return {f"p{q}": round(float(np.percentile(values, q)), 1) for q in (50, 99)}


if __name__ == "__main__":
    command()
