"""What waits until a broker has it: a message is forgotten only on PUBACK, and sent again after a lost connection."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
import zlib
from typing import Final

from edgeguard.errors import BrokerError
from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.connection import Message
from edgeguard.telemetry.session import OnAck, Session

_LIMIT: Final = 1000  # messages of one connection that may wait


class _Lane:
    """One connection with the messages that it has yet to deliver."""

    def __init__(self, broker: Broker, retry_s: tuple[float, float]) -> None:
        self.changed = threading.Condition()
        self.acknowledged = 0
        self.refused = ""
        self.waiting: dict[int, Message] = {}
        self._numbers = itertools.count()
        name = f"edgeguard-simulate-{secrets.token_hex(4)}"
        self.session = Session(broker, name, on_connection=self._connection_changed, retry_s=retry_s)

    def put(self, message: Message) -> None:
        with self.changed:
            self.changed.wait_for(lambda: len(self.waiting) < _LIMIT or self.refused)
            number = next(self._numbers)
            self.waiting[number] = message
            self.session.publish(message, self._on_ack(number))

    def _connection_changed(self, up: bool) -> None:
        with self.changed:
            for number, message in self.waiting.items() if up else ():
                self.session.publish(message, self._on_ack(number))

    def _on_ack(self, number: int) -> OnAck:
        def on_ack(accepted: bool) -> None:
            with self.changed:
                message = self.waiting.pop(number, None)
                if message is not None and accepted:
                    self.acknowledged += 1
                elif message is not None:
                    self.refused = message.topic
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
    """

    def __init__(self, broker: Broker, connections: int = 4, retry_s: tuple[float, float] = (0.2, 5.0)) -> None:
        self._lanes = [_Lane(broker, retry_s) for _ in range(connections)]

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
        """Send a message; blocks while too many wait. BrokerError where the broker threw one away."""
        device, _, _ = message.topic.rpartition("/")
        lane = self._lanes[zlib.crc32(device.encode()) % len(self._lanes)]
        lane.put(message)
        if lane.refused:
            raise BrokerError(f"the broker throws away what is sent to {lane.refused}: let this login publish there")

    def wait_delivered(self, patience_s: float) -> bool:
        """Wait until nothing waits; whether that came about in time."""
        until = time.monotonic() + patience_s
        return all(self._delivered(lane, until) for lane in self._lanes)

    def stop(self) -> None:
        """Disconnect."""
        for lane in self._lanes:
            lane.session.stop()

    @staticmethod
    def _delivered(lane: _Lane, until: float) -> bool:
        with lane.changed:
            return lane.changed.wait_for(lambda: not lane.waiting, max(0.0, until - time.monotonic()))
