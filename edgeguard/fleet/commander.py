"""Commands to devices, through an MQTT session of their own."""

from __future__ import annotations

import secrets
import threading
from typing import Final

from edgeguard.errors import BrokerError
from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.connection import Message
from edgeguard.telemetry.messages import Command, encode
from edgeguard.telemetry.session import Session
from edgeguard.telemetry.topics import Address

_ANSWER_S: Final = 5.0  # how long the broker may take


class Commander:
    """Publishes commands; with ``with``, connected and kept so.

    Args:
        broker: Where devices listen.
        client_id: Unique at the broker; random where none is given, for several servers may run.
    """

    def __init__(self, broker: Broker, client_id: str | None = None) -> None:
        self._broker = broker
        self._session = Session(broker, client_id or f"fleet-commander-{secrets.token_hex(4)}")

    def start(self) -> None:
        """Connect, and keep connected; BrokerError where the broker refuses us."""
        self._session.start()

    def stop(self) -> None:
        """Disconnect."""
        self._session.stop()

    @property
    def connected(self) -> bool:
        """Whether the broker is there right now."""
        return self._session.connected

    def send(self, address: Address, command: Command) -> None:
        """Publish, not retained: a device that is away never gets it. BrokerError unless the broker has taken it."""
        taken = threading.Event()
        accepted: list[bool] = []

        def on_ack(was_accepted: bool) -> None:
            accepted.append(was_accepted)
            taken.set()

        if not self.connected:
            raise BrokerError(f"the broker {self._broker} is not connected, so nothing was sent: try again later")
        self._session.publish(Message(address.topic("cmd"), encode(command)), on_ack)
        if not taken.wait(_ANSWER_S):
            raise BrokerError(f"the broker {self._broker} did not take the command: try again later")
        if not accepted[0]:
            raise BrokerError(f"the broker {self._broker} refuses the command: mend its access rules")
