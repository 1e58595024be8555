"""What systemd is told: that we are ready, alive, reloading, stopping (sd_notify). Nothing where there is no systemd."""

from __future__ import annotations

import os
from collections.abc import Mapping


class Notifier:
    """Datagrams to the socket that the environment names; a socket that is dead or full never raises or blocks.

    Attributes:
        watchdog_s: How often `alive` is due at least: half of the unit's WatchdogSec; None where nobody waits for it.
    """

    watchdog_s: float | None

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        raise NotImplementedError

    def ready(self) -> None:
        """The self-test has passed and the sources are being read; also at the end of a reload."""

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""

    def stopping(self) -> None:
        """The clean stop begins."""

    def alive(self) -> None:
        """The windows advance: feeds the watchdog."""

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
