"""The peer, a process of its own: onnxruntime on the same graph, a window now and then, doing nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from edgeguard.bundle.layout import MODEL
from edgeguard.bundle.reader import Bundle

# imports what any program needs that judges windows, and no more: its memory is measured too
_CODE: Final = """\
import json, sys, time
from pathlib import Path
import numpy as np
import onnxruntime
model, windows, pause_s, *shape = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
x = np.random.default_rng(0).normal(size=(1, *map(int, shape))).astype(np.float32)
session.run(None, {"x": x})
times_ms, cpu_s = [], 0.0
for _ in range(int(windows)):
    time.sleep(float(pause_s))
    began, cpu_began = time.perf_counter(), time.process_time()
    session.run(None, {"x": x})
    times_ms.append(1000 * (time.perf_counter() - began))
    cpu_s += time.process_time() - cpu_began
peak_kb = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
print(json.dumps({
    "windows": int(windows),
    "latency_ms": {f"p{q}": round(float(np.percentile(times_ms, q)), 2) for q in (50, 99)},
    "cpu_ms_per_window": round(1000 * cpu_s / int(windows), 2),
    "peak_mb": round(peak_kb * 1024 / 1e6, 1),
}))
"""


def bare(bundle: Bundle, *, windows: int, pause_s: float) -> dict[str, Any]:
    """Latency and processor time of a window, and the process's memory; `pause_s` before each, as a stream has them."""
    with tempfile.TemporaryDirectory() as name:
        model = Path(name) / MODEL
        model.write_bytes(bundle.content[MODEL])
        words = [sys.executable, "-c", _CODE, str(model), str(windows), str(pause_s)]
        words += map(str, bundle.manifest.signal.shape)
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
