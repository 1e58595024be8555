"""Seconds from nothing to READY, and resident memory, of the daemon and of a process with bare onnxruntime."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.faults.process import Daemon

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
spec = "replay:{recording}"
"""
# What any program pays that judges one window: interpreter, numpy, onnxruntime, the graph out of the bundle.
_BARE: Final = """\
import sys, time
from pathlib import Path
from benchmarks.throughput.bare import Bare
from edgeguard.bundle.reader import Bundle
Bare(Bundle.open(Path(sys.argv[1])), choose=False).once()
print("ready", flush=True)
sys.stdin.read()
"""


def start_up(bundle: Path, recording: Path, runs: int, settle_s: float = 3.0) -> dict[str, Any]:
    """Medians of `runs` fresh processes of each, in turns; memory once `settle_s` have gone by."""
    daemon_s, daemon_mb, bare_s, bare_mb = [], [], [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            config = _CONFIG.format(bundle=bundle, folder=folder, recording=recording)
            daemon = Daemon(Path(folder), config)
            daemon_s.append(daemon.start_until_ready())
            time.sleep(settle_s)
            daemon_mb.append(daemon.rss_mb())
            daemon.stop()
        seconds, megabytes = _bare(bundle)
        bare_s.append(seconds)
        bare_mb.append(megabytes)
    return {
        "runs": runs,
        "ready_s": round(median(daemon_s), 3),
        "bare_ready_s": round(median(bare_s), 3),
        "rss_mb": round(median(daemon_mb), 1),
        "bare_rss_mb": round(median(bare_mb), 1),
    }
