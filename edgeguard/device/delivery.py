"""From the spool to the broker: a few messages in flight, each forgotten on PUBACK and only then."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from edgeguard.device.spool import Entry, Spool, Writer
from edgeguard.errors import StorageError
from edgeguard.telemetry.connection import Message
from edgeguard.telemetry.messages import Precious
from edgeguard.telemetry.session import OnAck, Session

log = logging.getLogger(__name__)

_IN_FLIGHT: Final = 16  # brokers take 20 unless told otherwise
_REST_S: Final = 30.0  # after the broker threw a message away: its rules or its quota must change first


class Delivery:
    """Sends what is in `spool`, oldest first, and again after each reconnect what was not acknowledged.

    Attributes:
        delivered: Messages acknowledged since the start.
    """

    def __init__(self, spool: Spool) -> None:
        self.delivered = 0
        self._spool = spool
        self._session: Session | None = None
        self._changed = threading.Condition()
        self._up = False
        self._in_flight: set[int] = set()
        self._sent_up_to = 0
        self._resting_until = 0.0

    def connect(self, session_for: Callable[[Callable[[bool], None]], Session]) -> None:
        """Start the session that `session_for` makes from what is to be called when its connection comes or goes.

        BrokerError where the broker refuses us.
        """
        self._session = session_for(self._connection_changed)
        self._session.start()

    @property
    def connected(self) -> bool:
        """Whether the broker is there right now."""
        return self._up

    def send(self, topic: str, kind: Precious, writers: Sequence[Writer]) -> None:
        """Keep messages on disk and send them when the broker is there; StorageError where the disk fails."""
        self._spool.append(topic, kind, writers)
        self.pump()

    def renew(self) -> None:
        """Connect anew, so that birth and last will say what is true now."""
        if self._session is not None:
            self._session.renew()

    def pump(self) -> None:
        """Send what can be sent by now."""
        with self._changed:
            self._pump()

    def close(self, patience_s: float) -> None:
        """Let the broker, while it is there, have what is left, for `patience_s` at most; then end the session."""
        with self._changed:
            self._changed.wait_for(lambda: not self._up or not len(self._spool), patience_s)
        if self._session is not None:
            self._session.stop()

    def _connection_changed(self, up: bool) -> None:
        with self._changed:
            self._up = up
            self._begin_again()
            self._pump()
            self._changed.notify_all()

    def _begin_again(self) -> None:
        self._in_flight.clear()
        self._sent_up_to = 0

    def _pump(self) -> None:
        while (
            self._up and self._session and len(self._in_flight) < _IN_FLIGHT and time.monotonic() >= self._resting_until
        ):
            if (entry := self._next()) is None:
                return
            self._sent_up_to = entry.seq
            self._in_flight.add(entry.seq)
            self._session.publish(Message(entry.topic, entry.payload), self._on_ack(entry.seq))

    def _next(self) -> Entry | None:
        try:
            return self._spool.first_after(self._sent_up_to)
        except StorageError as error:
            log.warning("%s", error)
            return None

    def _on_ack(self, seq: int) -> OnAck:
        def on_ack(accepted: bool) -> None:
            with self._changed:
                if accepted:
                    self._forget(seq)
                else:
                    self._rest()
                self._pump()
                self._changed.notify_all()

        return on_ack

    def _rest(self) -> None:
        now = time.monotonic()
        if now >= self._resting_until:
            log.warning("the broker throws our messages away; mend its access rules. They stay in the spool")
        self._resting_until = now + _REST_S
        self._begin_again()

    def _forget(self, seq: int) -> None:
        self._in_flight.discard(seq)
        try:
            self.delivered += self._spool.acknowledge(seq)
        except StorageError as error:  # it stays, and is sent a second time after the next connect
            log.warning("%s", error)
