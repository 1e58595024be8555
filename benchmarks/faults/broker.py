"""A real Mosquitto that keeps its state on disk, killed and started again."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import Final

MOSQUITTO: Final = Path("/usr/sbin/mosquitto")
# Unlimited messages in flight: what is acknowledged to the device is then written to the receiver's socket before,
# and a kill of the broker cannot take it away. That is the broker's part, and not what is proved here.
_CONFIG: Final = """\
user root
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
{autosave}
max_inflight_messages 0
max_queued_messages 0
message_size_limit 70000
"""


EVERY_CHANGE: Final = "autosave_interval 1\nautosave_on_changes true"  # writes all it holds after every change
ON_EXIT: Final = "autosave_interval 1800"  # and at long intervals


class PersistentBroker:
    """Mosquitto on a port of 127.0.0.1 that stays the same.

    Attributes:
        port: Where it listens.
        starts: How often it was started.
    """

    def __init__(self, folder: Path, autosave: str = EVERY_CHANGE) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.starts = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "mosquitto.log"
        self._config = folder / "mosquitto.conf"
        self._config.write_text(_CONFIG.format(port=self.port, folder=folder, autosave=autosave), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, patience_s: float = 10.0) -> None:
        """Start it and wait until it listens; TimeoutError where it does not."""
        self.starts += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([str(MOSQUITTO), "-c", str(self._config)], stdout=log, stderr=log)
        until = time.monotonic() + patience_s
        while not self._listens():
            if time.monotonic() > until:
                raise TimeoutError(f"Mosquitto does not listen on {self.port}: see {self._log}")
            time.sleep(0.01)

    def stop(self, patience_s: float = 30.0) -> None:
        """SIGTERM: it writes what it holds, and ends."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(patience_s)

    def kill(self) -> None:
        """SIGKILL; harmless when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
