"""One run: messages leave their spools while the faults happen; then everything arrives, and the audit looks."""

from __future__ import annotations

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from benchmarks.fleet_loss.audit import Account
from benchmarks.fleet_loss.chaos import FAULTS, Fault
from benchmarks.fleet_loss.site import Site
from benchmarks.fleet_loss.traffic import Traffic
from edgeguard.fleet.simulation.outbox import Outbox
from edgeguard.telemetry.broker import broker_from
from edgeguard.telemetry.connection import Message

_QUIET_S: Final = 20.0
_PATIENCE_S: Final = 600.0


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        account: Of the messages.
        faults: Carried out, by kind.
        summary_bytes: Of the database for each summary, indexes included.
        seconds: From the first message until the last row.
        revivals: How often a worker ended by itself, and was started again.
        tracebacks: In the workers' output.
        exit_codes: Of the workers' clean stops.
    """

    account: Account
    faults: dict[str, int]
    summary_bytes: float
    seconds: float
    revivals: int
    tracebacks: int
    exit_codes: tuple[int, ...]

    def complaints(self, *, may_lose: bool = False) -> list[str]:
        """All that is wrong, one line each."""
        found = self.account.complaints(may_lose=may_lose)
        if self.tracebacks or any(self.exit_codes):
            found.append(f"{self.tracebacks} tracebacks, exit codes {self.exit_codes}")
        return found

    def figures(self) -> dict[str, Any]:
        """For a results file."""
        return {
            "faults": self.faults,
            "messages": self.account.figures(),
            "summary_bytes": round(self.summary_bytes),
            "seconds": round(self.seconds, 1),
            "workers": {"revivals": self.revivals, "tracebacks": self.tracebacks},
        }


def run(
    site: Site,
    traffic: Traffic,
    faults: Sequence[Fault],
    chance: random.Random,
    rate_hz: float,
    tell: Callable[[str], None],
) -> Outcome:
    """Send everything at `rate_hz`, carry the faults out meanwhile, wait until all has settled, and look."""
    began = time.monotonic()
    outbox = Outbox(broker_from(site.broker_url), retry_s=(0.1, 0.5), patience_s=math.inf)
    outbox.start()
    progress = _Progress(outbox, traffic, rate_hz)
    try:
        _wait_listening(site, outbox, traffic.messages[0])
        progress.start()
        for number, fault in enumerate(faults, start=1):
            site.wait_until(partial(progress.reached, fault.at), "the messages were not sent")
            tell(
                f"{time.strftime('%X')} {number}/{len(faults)}: {fault.kind} after {progress.share:.0%} of the messages"
            )
            FAULTS[fault.kind](site, chance)
        site.wait_until(partial(progress.reached, 1.0), "the messages were not sent")
        site.wait_until(lambda: outbox.wait_delivered(0.5), "the broker did not take all messages")
    finally:
        progress.give_up()
        outbox.stop()
    tell(f"{time.strftime('%X')} the broker has everything, {site.rows()} are rows")
    site.wait_settled(len(traffic.keys), _QUIET_S, _PATIENCE_S)
    tell(f"{time.strftime('%X')} {site.rows()} are rows")
    seconds = time.monotonic() - began
    return Outcome(
        account=site.account(traffic.keys),
        faults=dict(sorted(Counter(fault.kind for fault in faults).items())),
        summary_bytes=site.summary_bytes(),
        seconds=seconds,
        revivals=sum(worker.revivals for worker in site.workers),
        exit_codes=tuple(worker.stop() for worker in site.workers),
        tracebacks=sum(worker.tracebacks() for worker in site.workers),
    )


def _wait_listening(site: Site, outbox: Outbox, state: Message) -> None:
    """Until a state becomes a row: what is sent before anybody has subscribed, no broker keeps."""

    def known() -> bool:
        outbox.put(state)
        time.sleep(0.2)
        return site.devices() > 0

    site.wait_until(known, "no worker takes anything in", 60.0)


class _Progress(threading.Thread):
    """Puts messages into the outbox, evenly in time."""

    def __init__(self, outbox: Outbox, traffic: Traffic, rate_hz: float) -> None:
        super().__init__(name="traffic", daemon=True)
        self._outbox = outbox
        self._messages = traffic.messages
        self._pause_s = 1 / rate_hz
        self._put = 0
        self._over = threading.Event()

    @property
    def share(self) -> float:
        """Of the messages, put so far."""
        return self._put / len(self._messages)

    def reached(self, share: float) -> bool:
        """Whether so many were put."""
        return self.share >= share

    def run(self) -> None:
        """Until all are put, or given up."""
        began = time.monotonic()
        for number, message in enumerate(self._messages, start=1):
            if self._over.wait(max(0.0, began + number * self._pause_s - time.monotonic())):
                return
            self._outbox.put(message)
            self._put = number

    def give_up(self) -> None:
        """Put no more."""
        self._over.set()
