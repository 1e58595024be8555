"""The daemon as a process of its own: started, killed, measured; Linux alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class Daemon:
    """``edgeguard run --config`` in `folder`, where its output goes too.

    Attributes:
        kills: How often we killed it.
        crashes: How often it ended when nobody asked it to.
        output: What it wrote to its standard error, all starts together.
    """

    def __init__(self, folder: Path, config: str, environment: Mapping[str, str] | None = None) -> None:
        self.kills = 0
        self.crashes = 0
        self.output = folder / "daemon.log"
        self._config = folder / "device.toml"
        self._config.write_text(config, encoding="utf-8")
        self._notify = folder / "notify"
        self._environment = {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process; ValueError before the first start."""
        if self._process is None:
            raise ValueError("the daemon was not started")
        return self._process.pid

    def start(self) -> None:
        """Start it; it may not be running."""
        words = [sys.executable, "-m", "edgeguard", "run", "--config", str(self._config), "--quiet"]
        environment = {**self._environment, "NOTIFY_SOCKET": str(self._notify)}
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(words, env=environment, stdout=output, stderr=output)

    def start_until_ready(self, patience_s: float = 30.0) -> float:
        """Start it; seconds until it told systemd that it is ready. TimeoutError where it never does or ends."""
        self._notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(str(self._notify))
            systemd.settimeout(0.5)
            began = time.perf_counter()
            self.start()
            while time.perf_counter() - began < patience_s and self._process_now().poll() is None:
                with suppress(TimeoutError):
                    if b"READY=1" in systemd.recv(4096).split(b"\n"):
                        return time.perf_counter() - began
        raise TimeoutError(f"the daemon is not ready: {self.output.read_text(encoding='utf-8')[-500:]}")

    def kill(self) -> None:
        """SIGKILL, whatever it is doing."""
        self.kills += 1
        self._process_now().kill()
        self._process_now().wait()

    def revive(self) -> bool:
        """Start it again if it has ended by itself, as systemd would; whether it had."""
        if self._process_now().poll() is None:
            return False
        self.crashes += 1
        self.start()
        return True

    def stop(self, patience_s: float = 30.0) -> int:
        """SIGTERM, as systemd does; its exit code. Killed after `patience_s`."""
        process = self._process_now()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def end(self) -> None:
        """Make sure that it is gone, if it was ever started."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def rss_mb(self) -> float:
        """Resident memory now."""
        return rss_mb(self.pid)

    def peak_mb(self) -> float:
        """The most resident memory so far."""
        return _status_mb(self.pid, "VmHWM:")

    def cpu_s(self) -> float:
        """Processor time taken so far, of all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def tracebacks(self) -> int:
        """How many errors nobody had foreseen are in its output."""
        return self.output.read_text(encoding="utf-8", errors="replace").count("Traceback (most recent call last)")

    def _process_now(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ValueError("the daemon was not started")
        return self._process


def rss_mb(pid: int) -> float:
    """Resident memory of a process now."""
    return _status_mb(pid, "VmRSS:")


def _status_mb(pid: int, key: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition(key)[2].split()[0]) * 1024 / 1e6
