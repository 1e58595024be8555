"""Seconds from nothing to READY, and resident memory, of the daemon and of a process with bare onnxruntime."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from benchmarks.faults.process import Daemon, rss_mb
from benchmarks.throughput.memory_source import recordings
from edgeguard.bundle.layout import MODEL
from edgeguard.bundle.reader import Bundle
from edgeguard.signals.spec import SignalSpec

_CONFIG: Final = """\
[bundle]
path = "{bundle}"
[broker]
url = "mqtt://127.0.0.1:9"
[spool]
folder = "{folder}/spool"
[log]
file = "{folder}/verdicts.jsonl"
[[source]]
name = "replay"
spec = "replay:{recording},loop=true"
"""
# What any program pays that judges one window: interpreter, numpy, onnxruntime, the graph.
_BARE: Final = """\
import sys
import numpy as np
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
session.run(None, {"x": np.zeros((1, *map(int, sys.argv[2:])), dtype=np.float32)})
print("ready", flush=True)
sys.stdin.read()
"""


def start_up(path: Path, runs: int, settle_s: float = 3.0) -> dict[str, Any]:
    """Medians of `runs` fresh processes of each, in turns; memory once `settle_s` have gone by."""
    bundle = Bundle.open(path)
    signal = bundle.manifest.signal
    rows = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            recording = a_recording(signal, folder)
            (folder / "model.onnx").write_bytes(bundle.content[MODEL])
            daemon = Daemon(folder, _CONFIG.format(bundle=path, folder=folder, recording=recording))
            ready_s = daemon.start_until_ready()
            time.sleep(settle_s)
            rows.append((ready_s, daemon.rss_mb(), *_bare(folder / "model.onnx", signal)))
            daemon.stop()
    ready_s, mb, bare_s, bare_mb = (median(column) for column in zip(*rows, strict=True))
    return {
        "runs": runs,
        "ready_s": round(ready_s, 3),
        "bare_ready_s": round(bare_s, 3),
        "rss_mb": round(mb, 1),
        "bare_rss_mb": round(bare_mb, 1),
    }


def _bare(graph: Path, signal: SignalSpec) -> tuple[float, float]:
    words = [sys.executable, "-c", _BARE, str(graph), *map(str, signal.shape)]
    began = time.perf_counter()
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        seconds, megabytes = time.perf_counter() - began, rss_mb(process.pid)
        process.stdin.close()
    return seconds, megabytes


def a_recording(signal: SignalSpec, folder: Path) -> Path:
    """A minute of signal as a file that the device can replay."""
    (first, *_), rate_hz = recordings(signal)
    file = folder / "recording.npz"
    if rate_hz is None:
        whole = first[:, : first.shape[1] // signal.window * signal.window]
        np.savez(file, x=np.moveaxis(whole.reshape(len(first), -1, signal.window), 1, 0))
    else:
        np.savez(file, signal=first, rate_hz=rate_hz)
    return file
