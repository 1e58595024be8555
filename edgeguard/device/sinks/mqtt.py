"""Verdicts for the fleet: a summary of each source every interval and an alert per alarm, by way of the spool."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from typing import Final

from edgeguard.bundle.manifest import Manifest
from edgeguard.device.commands import Answer, Commands
from edgeguard.device.delivery import Delivery
from edgeguard.device.interval import Interval
from edgeguard.device.reports import Reports
from edgeguard.device.samples import Alarm, StreamCounts, Verdict
from edgeguard.device.spool import Spool, Writer
from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.messages import Command, Precious, Status, encode
from edgeguard.telemetry.session import Presence, Session
from edgeguard.telemetry.topics import Address

_DRAIN_S: Final = 10.0
_AT_ONCE: Final = 64  # summaries, which take some ten milliseconds


class MqttSink:
    """Keeps messages in the spool, and once connected sends them, with a retained state beside them.

    `connected`, `delivered`, `waiting`, `dropped`, `answer` and `set_interval` are for any thread.

    Args:
        reports: Writes the messages.
        address: Whose messages these are.
        spool: Holds them until the broker has them; closed with the sink.
        interval_s: Seconds from one summary of a source to the next.
        monotonic: A clock that never jumps, in seconds.
    """

    def __init__(
        self,
        reports: Reports,
        address: Address,
        spool: Spool,
        interval_s: float = 60.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reports = reports
        self._address = address
        self._spool = spool
        self._delivery = Delivery(spool)
        self._interval_s = interval_s
        self._monotonic = monotonic
        self._commands = Commands(address.topic("cmd"))
        self._intervals: dict[str, Interval] = {}
        self._state_is_old = False

    def connect(
        self,
        broker: Broker,
        on_command: Callable[[Command], None] = lambda _command: None,
        retry_s: tuple[float, float] = (1.0, 60.0),
    ) -> None:
        """Connect and stay connected; BrokerError where the broker refuses us, nothing where it is not there yet.

        `on_command` is called in the session's thread with each command to carry out; `answer` must follow.
        """

        def on_message(topic: str, payload: bytes, retained: bool) -> None:
            match self._commands.receive(topic, payload, retained):
                case Command() as command:
                    on_command(command)
                case Answer() as answer:
                    self._tell(answer)

        presence = Presence(self._address.topic("state"), self._state)
        self._state_is_old = False
        self._delivery.connect(
            lambda changed: Session(
                broker,
                self._address.client_id,
                presence=presence,
                on_connection=changed,
                subscriptions=[self._address.topic("cmd")],
                on_message=on_message,
                retry_s=retry_s,
            )
        )

    @property
    def connected(self) -> bool:
        """Whether the broker is there right now."""
        return self._delivery.connected

    @property
    def delivered(self) -> int:
        """Messages that the broker has acknowledged since the start."""
        return self._delivery.delivered

    @property
    def waiting(self) -> int:
        """Messages still in the spool."""
        return len(self._spool)

    @property
    def dropped(self) -> Counter[Precious]:
        """Messages that the spool has lost since it was begun, by kind."""
        return self._spool.dropped.copy()

    def add_source(self, name: str, counts: StreamCounts) -> None:
        """Report on a source from here on; `counts` are live, and its first summary tells what they hold by then."""
        reports = self._reports
        self._intervals[name] = Interval(counts, reports.manifest, reports.now_ms, self._monotonic)
        self._state_is_old = True

    def set_interval(self, interval_s: float) -> None:
        """Seconds from one summary to the next, from here on."""
        self._interval_s = interval_s

    def serve(self, manifest: Manifest, bundle_sha256: str) -> None:
        """Report on another bundle from here on; first comes a summary of what the old one judged."""
        self._summarize(list(self._intervals))
        self._reports = replace(self._reports, manifest=manifest, bundle_sha256=bundle_sha256)
        for interval in self._intervals.values():
            interval.judged_by(manifest)
        self._state_is_old = True

    def put(self, verdict: Verdict, alarms: Sequence[Alarm], latency_ms: float) -> None:
        """Count one verdict on a source that was added, and send an alert for each alarm."""
        self._intervals[verdict.source].put(verdict, latency_ms)
        if alarms:
            self._send("alert", [self._alert(alarm) for alarm in alarms])

    def tick(self) -> None:
        """Send the summaries that are due, the state if it is another, and again what the broker did not take."""
        for interval in self._intervals.values():
            interval.look()
        self._summarize(self._due())
        if self._state_is_old:
            self._state_is_old = False
            self._delivery.renew()
        self._delivery.pump()

    def answer(self, command: Command, reason: str = "") -> None:
        """Tell the fleet that a command was carried out, or for which `reason` it could not be."""
        self._tell(self._commands.settle(command, reason))

    def close(self) -> None:
        """Send the last summaries, wait a little for what is in flight, say good-bye; harmless when called twice."""
        if not self._spool.closed:
            self._summarize(list(self._intervals))
            self._delivery.close(_DRAIN_S)
            self._spool.close()

    def _state(self, status: Status) -> bytes:
        return encode(self._reports.state(status, tuple(self._intervals) if status == "online" else ()))

    def _alert(self, alarm: Alarm) -> Writer:
        return lambda seq: encode(self._reports.alert(seq, alarm))

    def _due(self) -> list[str]:
        """The longest due, and not all of hundreds in one second; from then on they come spread over the interval."""
        ages = {name: interval.age_s for name, interval in self._intervals.items()}
        due = [name for name, age_s in ages.items() if age_s >= self._interval_s]
        return sorted(due, key=ages.__getitem__, reverse=True)[: max(_AT_ONCE, ceil(len(ages) / self._interval_s))]

    def _summarize(self, names: Sequence[str]) -> None:
        if names:
            self._send("telemetry", [self._summary(name) for name in names])

    def _summary(self, name: str) -> Writer:
        taken = self._intervals[name].take()
        spool, reports = self._spool, self._reports
        return lambda seq: encode(reports.summary(seq, name, taken, dropped=spool.dropped, waiting=len(spool)))

    def _tell(self, answer: Answer) -> None:
        self._send("ack", [lambda seq: encode(self._reports.ack(seq, answer))])

    def _send(self, kind: Precious, writers: Sequence[Writer]) -> None:
        self._delivery.send(self._address.topic(kind), kind, writers)
