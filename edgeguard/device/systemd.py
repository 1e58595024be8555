"""What systemd is told: ready, alive, reloading, stopping (sd_notify). Nothing where there is no systemd."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

from edgeguard.errors import one_line


class Notifier:
    """Datagrams to the socket that the environment names; a socket that is dead or full never raises or blocks.

    Attributes:
        watchdog_s: How often `alive` is due at least: half of the unit's WatchdogSec; None where nobody waits for it.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # "@" stands for the zero byte of Linux's abstract sockets
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if address.startswith(("@", "/")):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        self.watchdog_s = _watchdog_s(environment) if self._socket else None

    def ready(self) -> None:
        """The self-test has passed and the sources are being read; also at the end of a reload."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The clean stop begins."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """The windows advance: feeds the watchdog."""
        self._tell("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._tell(f"STATUS={one_line(text)}")

    def close(self) -> None:
        """Let go of the socket; harmless when called twice, and what is told afterwards is not heard."""
        if self._socket is not None:
            self._socket.close()

    def _tell(self, text: str) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.sendto(text.encode(), self._address)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Half of the interval, if there is one and it is meant for this process."""
    digits = environment.get("WATCHDOG_USEC", "")
    meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(digits) / 2e6 if meant and digits.isdecimal() and int(digits) else None
