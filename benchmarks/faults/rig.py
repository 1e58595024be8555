"""Everything that runs in a replay: wearables, daemon, network, broker, receiver, disk and clock."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from benchmarks.faults.broker import PersistentBroker
from benchmarks.faults.clock import JumpingClock
from benchmarks.faults.disk import SmallDisk
from benchmarks.faults.feeder import Feeder
from benchmarks.faults.process import Daemon
from benchmarks.faults.proxy import Proxy
from benchmarks.faults.receiver import Receiver
from benchmarks.faults.track import Track
from edgeguard.telemetry.messages import State, Summary
from edgeguard.telemetry.topics import Address

_ADDRESS: Final = Address("faults", "bed-1")
_CONFIG: Final = """\
[device]
id = "bed-1"
fleet = "faults"
[broker]
url = "mqtt://127.0.0.1:{broker_port}"
[telemetry]
interval_s = {interval_s}
[spool]
folder = "{disk}/spool"
[bundle]
path = "{bundle}"
[log]
file = "{disk}/verdicts.jsonl"
max_mb = {disk_mb}
[alarms]
max_per_hour = 10000
"""
_SOURCE: Final = """\
[[source]]
name = "{name}"
spec = "{spec}"
speed = inf
"""


class Rig:
    """Opened with `with`: everything started but the daemon.

    Args:
        folder: Where everything writes.
        bundle: What the daemon runs.
        tracks: One for each source.
        interval_s: Seconds from one summary to the next.
        speed: Of the wearables, times faster than real time; infinity: as fast as the daemon reads.
        disk_mb: Room for spool and log.
        jumping_clock: Whether the daemon's wall clock can be set.
    """

    def __init__(
        self,
        folder: Path,
        bundle: Path,
        tracks: Sequence[Track],
        *,
        interval_s: float = 1.0,
        speed: float = float("inf"),
        disk_mb: int = 512,
        jumping_clock: bool = True,
    ) -> None:
        self.interval_s = interval_s
        self.broker = PersistentBroker(folder / "broker")
        self.proxy = Proxy(self.broker.port)
        self.disk = SmallDisk(folder / "disk", disk_mb)
        self.clock = JumpingClock(folder / "clock")
        self.feeders = {f"s{number}": Feeder(track, number, speed) for number, track in enumerate(tracks, start=1)}
        config = _CONFIG.format(
            broker_port=self.proxy.port, interval_s=interval_s, disk=self.disk.folder, bundle=bundle, disk_mb=disk_mb
        )
        sources = (_SOURCE.format(name=name, spec=feeder.spec) for name, feeder in self.feeders.items())
        environment = self.clock.environment() if jumping_clock else {}
        self.daemon = Daemon(folder, config + "".join(sources), environment)
        self.log_file = self.disk.folder / "verdicts.jsonl"

    def __enter__(self) -> Rig:
        with ExitStack() as opened:
            opened.callback(self.disk.close)
            opened.callback(self.proxy.close)
            for feeder in self.feeders.values():
                opened.callback(feeder.close)
            opened.callback(self.broker.kill)
            self.broker.start()
            self.receiver = Receiver(self.broker.port, f"{_ADDRESS.topic('state').rpartition('/')[0]}/#")
            opened.callback(self.receiver.close)
            self.receiver.wait_subscribed()
            opened.callback(self.daemon.end)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    @property
    def hours(self) -> float:
        """Of signal, sent so far, all sources together."""
        return sum(feeder.sent / feeder.track.rate_hz for feeder in self.feeders.values()) / 3600

    @property
    def all_hours(self) -> float:
        """Of signal there are."""
        return sum(feeder.track.seconds for feeder in self.feeders.values()) / 3600

    def any_feeder(self, chance: random.Random) -> Feeder:
        """One of the wearables that still have something to send, else any."""
        feeders = list(self.feeders.values())
        return chance.choice([feeder for feeder in feeders if not feeder.done] or feeders)

    def play_until(self, hours: float, patience_s: float = 600.0) -> None:
        """Let the signal run until so many hours were sent; the daemon is started again if it ends by itself."""

        def there() -> bool:
            self.daemon.revive()
            return self.hours >= hours

        wait_until(there, f"{hours:.2f} h of signal were not taken", patience_s)

    def wait_delivered(self, patience_s: float = 150.0) -> None:
        """Until each source's newest summary says that no window came any more, and that hardly anything waits."""
        before = len(self.receiver.heard)

        def delivered() -> bool:
            self.daemon.revive()
            new = [message for message in self.receiver.heard[before:] if isinstance(message, Summary)]
            newest = {summary.source: summary for summary in sorted(new, key=lambda summary: summary.seq)}
            return newest.keys() == self.feeders.keys() and all(
                not summary.tally.windows and summary.waiting <= len(self.feeders) for summary in newest.values()
            )

        wait_until(delivered, "the spool was not emptied", patience_s)

    def retained_state(self) -> State:
        """What the broker tells whoever asks now."""
        asker = Receiver(self.broker.port, _ADDRESS.topic("state"), client_id="asker")
        try:
            wait_until(lambda: bool(asker.states), "no state is retained", 10.0)
            return asker.states[-1]
        finally:
            asker.close()


def wait_until(condition: Callable[[], bool], complaint: str, patience_s: float) -> None:
    """Until `condition()` is true; TimeoutError with `complaint` after `patience_s`."""
    until = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{complaint} within {patience_s:g} s")
        time.sleep(0.02)
