"""From the spool to the broker: a few messages in flight, each forgotten on PUBACK and only then."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from edgeguard.device.overflow import Entry
from edgeguard.device.spool import Spool, Writer
from edgeguard.errors import StorageError
from edgeguard.telemetry.connection import Message
from edgeguard.telemetry.messages import Precious
from edgeguard.telemetry.session import OnAck, Session

log = logging.getLogger(__name__)

_IN_FLIGHT: Final = 16  # enough for some hundred messages a second; the session knows how many the broker takes
_SILENCE_S: Final = 60.0  # without any acknowledgement, while some are due: the broker has forgotten us
_REST_S: Final = 30.0  # after the broker threw a message away: its rules or its quota must change first


class Delivery:
    """Sends what is in `spool`, oldest first, and again after each reconnect what was not acknowledged.

    A message that the broker throws away stays in the spool, and those of its kind rest with it; other kinds go on.

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
        self._arrived: set[int] = set()  # acknowledged, and not yet forgotten
        self._sent_up_to = 0
        self._silent_since = 0.0
        self._resting_until: dict[Precious, float] = {}
        self._refused: set[Precious] = set()
        self._last_line = ""

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
        """Keep messages in the spool and send them when the broker is there."""
        self._spool.append(topic, kind, writers)
        self.pump()

    def renew(self) -> None:
        """Connect anew, so that birth and last will say what is true now."""
        if self._session is not None:
            self._session.renew()

    def pump(self) -> None:
        """Send what can be sent by now."""
        with self._changed:
            try:
                self._spool.settle()
                self._forget_arrived()
                self._send_waiting()
                self._end_silence()
            except StorageError as error:
                self._warn(str(error))
            else:
                self._last_line = ""
            self._changed.notify_all()

    def close(self, patience_s: float) -> None:
        """Let the broker, while it is there, have what is left, for `patience_s` at most; then end the session."""
        with self._changed:
            self._changed.wait_for(lambda: not self._up or not self._in_flight, patience_s)
        if self._session is not None:
            self._session.stop()

    def _connection_changed(self, up: bool) -> None:
        with self._changed:
            self._up = up
            self._in_flight.clear()
            self._resting_until.clear()
            self._sent_up_to = 0
            self.pump()

    def _forget_arrived(self) -> None:
        for seq in sorted(self._arrived):
            self.delivered += self._spool.acknowledge(seq)
            self._arrived.remove(seq)

    def _send_waiting(self) -> None:
        self._wake_the_rested()
        while self._up and self._session and len(self._in_flight) < _IN_FLIGHT and (entry := self._next()):
            self._silent_since = self._silent_since if self._in_flight else time.monotonic()
            self._in_flight.add(entry.seq)
            self._session.publish(Message(entry.topic, entry.payload, for_somebody=True), self._on_ack(entry))

    def _next(self) -> Entry | None:
        while entry := self._spool.first_after(self._sent_up_to, self._resting_until):
            self._sent_up_to = entry.seq
            if entry.seq not in self._in_flight and entry.seq not in self._arrived:
                return entry
        return None

    def _on_ack(self, entry: Entry) -> OnAck:
        def on_ack(accepted: bool) -> None:
            with self._changed:
                self._in_flight.discard(entry.seq)
                self._silent_since = time.monotonic()
                if accepted:
                    self._arrived.add(entry.seq)
                    self._refused.discard(entry.kind)
                else:
                    self._rest(entry.kind)
                self.pump()

        return on_ack

    def _rest(self, kind: Precious) -> None:
        if kind not in self._refused:
            log.warning(
                "the broker throws away our %s; mend its access rules, or let a fleet server subscribe. "
                "What it did not take stays here",
                kind,
            )
        self._refused.add(kind)
        self._resting_until[kind] = time.monotonic() + _REST_S

    def _wake_the_rested(self) -> None:
        now = time.monotonic()
        if rested := [kind for kind, until in self._resting_until.items() if until <= now]:
            for kind in rested:
                del self._resting_until[kind]
            self._sent_up_to = 0

    def _end_silence(self) -> None:
        if self._in_flight and time.monotonic() - self._silent_since > _SILENCE_S:
            log.warning("the broker acknowledges nothing for %.0f s: connecting anew", _SILENCE_S)
            self._silent_since = time.monotonic()
            self.renew()

    def _warn(self, line: str) -> None:
        if line != self._last_line:  # once per trouble, not once per attempt
            log.warning(line)
            self._last_line = line
