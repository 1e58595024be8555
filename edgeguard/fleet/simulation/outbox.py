"""What waits until a broker has it, as in a device's spool: a message is forgotten only on PUBACK.

It is sent again after a lost connection, and after a PUBACK that says that nobody got it.
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
import zlib
from collections.abc import Callable
from typing import Final

from edgeguard.errors import BrokerError
from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.connection import Message
from edgeguard.telemetry.session import OnAck, Session

_LIMIT: Final = 1000  # messages of one connection that may wait
_REST_S: Final = 0.5  # before what the broker threw away is sent again


class _Lane:
    """One connection with the messages that it has yet to deliver."""

    def __init__(self, broker: Broker, retry_s: tuple[float, float], patience_s: float) -> None:
        self.changed = threading.Condition()
        self.acknowledged = 0
        self.waiting: dict[int, Message] = {}
        self._thrown_away: dict[int, float] = {}  # and when
        self._refused_since = 0.0
        self._patience_s = patience_s
        self._numbers = itertools.count()
        name = f"edgeguard-simulate-{secrets.token_hex(4)}"
        self.session = Session(broker, name, on_connection=self._connection_changed, retry_s=retry_s)

    def put(self, message: Message) -> None:
        with self.changed:
            self.wait_until(lambda: len(self.waiting) < _LIMIT, float("inf"))
            number = next(self._numbers)
            self.waiting[number] = message
            self._send(number)

    def wait_until(self, condition: Callable[[], bool], until: float) -> bool:
        """Whether it came about in time; what was thrown away is sent again meanwhile. The lock is held."""
        while not condition():
            if time.monotonic() >= until:
                return False
            self.changed.wait(min(_REST_S, max(0.0, until - time.monotonic())))
            self._send_again()
        return True

    def _send_again(self) -> None:
        now = time.monotonic()
        rested = [number for number, at in self._thrown_away.items() if now - at >= _REST_S]
        if rested and now - self._refused_since > self._patience_s:
            topic = self.waiting[rested[0]].topic
            raise BrokerError(
                f"the broker throws away what is sent to {topic}: let this login publish there, and a server subscribe"
            )
        for number in rested:
            self._send(number)

    def _send(self, number: int) -> None:
        self._thrown_away.pop(number, None)
        self.session.publish(self.waiting[number], self._on_ack(number))

    def _connection_changed(self, up: bool) -> None:
        with self.changed:
            for number in self.waiting if up else ():
                self._send(number)

    def _on_ack(self, number: int) -> OnAck:
        def on_ack(accepted: bool) -> None:
            with self.changed:
                if accepted:
                    self.acknowledged += self.waiting.pop(number, None) is not None
                    self._refused_since = 0.0
                elif number in self.waiting:
                    self._thrown_away[number] = time.monotonic()
                    self._refused_since = self._refused_since or time.monotonic()
                self.changed.notify_all()

        return on_ack


class Outbox:
    """Publishes with QoS 1 over a few connections; the messages of one device keep their order.

    Whoever logs in must have the right to publish for all devices: a broker that binds topics to logins needs a login
    of its own for this.

    Args:
        broker: Where to.
        connections: How many; each carries many devices.
        retry_s: The first and the longest pause before connecting again.
        patience_s: With a broker that throws everything away.
    """

    def __init__(
        self,
        broker: Broker,
        connections: int = 4,
        retry_s: tuple[float, float] = (0.2, 5.0),
        patience_s: float = 30.0,
    ) -> None:
        self._lanes = [_Lane(broker, retry_s, patience_s) for _ in range(connections)]

    def start(self) -> None:
        """Connect; BrokerError where the broker refuses us."""
        for lane in self._lanes:
            lane.session.start()

    @property
    def acknowledged(self) -> int:
        """Messages that the broker has."""
        return sum(lane.acknowledged for lane in self._lanes)

    @property
    def waiting(self) -> int:
        """Messages that it may not have."""
        return sum(len(lane.waiting) for lane in self._lanes)

    def put(self, message: Message) -> None:
        """Send a message; blocks while too many wait. BrokerError where the broker keeps throwing them away."""
        device, _, _ = message.topic.rpartition("/")
        self._lanes[zlib.crc32(device.encode()) % len(self._lanes)].put(message)

    def wait_delivered(self, patience_s: float) -> bool:
        """Wait until nothing waits; whether that came about in time. BrokerError as of `put`."""
        until = time.monotonic() + patience_s
        return all(_delivered(lane, until) for lane in self._lanes)

    def stop(self) -> None:
        """Disconnect."""
        for lane in self._lanes:
            lane.session.stop()


def _delivered(lane: _Lane, until: float) -> bool:
    with lane.changed:
        return lane.wait_until(lambda: not lane.waiting, until)
