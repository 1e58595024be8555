"""The daemon as a process of its own over some replayed recordings: its latencies, processor time and memory."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.faults.process import Daemon

_POLL_S: Final = 0.5
_CONFIG: Final = """\
[bundle]
path = "{bundle}"
[broker]
url = "mqtt://127.0.0.1:9"
[spool]
folder = "{folder}/spool"
[log]
file = "{folder}/verdicts.jsonl"
[engine]
policy = "{policy}"
"""
_SOURCE: Final = """\
[[source]]
name = "s{number}"
spec = "{path},channels=Fp1+Fp2"
speed = {speed}
"""


def served(bundle: Path, paths: Sequence[Path], *, policy: str, speed: float, seconds: float) -> dict[str, Any]:
    """Figures of `seconds` of signal, all sources at once at `speed`, once each has had a verdict."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = (_SOURCE.format(number=k, path=path, speed=speed) for k, path in enumerate(paths))
        daemon = Daemon(folder, _CONFIG.format(bundle=bundle, folder=folder, policy=policy) + "".join(sources))
        daemon.start_until_ready()
        try:
            while len({line["source"] for line in _judged(folder)}) < len(paths):
                time.sleep(_POLL_S)
            before, began_s, began_cpu_s = len(_judged(folder)), time.monotonic(), daemon.cpu_s()
            time.sleep(seconds / speed)
            judged = _judged(folder)[before:]
            cpu_s, clock_s = daemon.cpu_s() - began_cpu_s, time.monotonic() - began_s
            return _figures(judged, cpu_s, clock_s) | {"peak_mb": round(daemon.peak_mb(), 1)}
        finally:
            daemon.end()


def _judged(folder: Path) -> list[dict[str, Any]]:
    """What the verdict log says of the windows that were judged."""
    log = folder / "verdicts.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [line for line in map(json.loads, lines) if "class" in line]


def _figures(judged: Sequence[dict[str, Any]], cpu_s: float, clock_s: float) -> dict[str, Any]:
    latencies_ms = [line["latency_ms"] for line in judged]
    return {
        "windows": len(judged),
        "mean_stages": round(float(np.mean([line["stages"] for line in judged])), 2),
        "latency_ms": {f"p{q}": round(float(np.percentile(latencies_ms, q)), 2) for q in (50, 99)},
        "cpu_ms_per_window": round(1000 * cpu_s / len(judged), 2),
        "cpu_share": round(cpu_s / clock_s, 4),
    }
