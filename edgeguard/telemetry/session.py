"""A lasting MQTT session: connects, says so, connects again when the connection breaks.

All callbacks run in the session's own thread, one at a time, and no lock is held meanwhile. Every connection starts
afresh: what was not acknowledged when one broke is the caller's to send again, from its spool.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from edgeguard.errors import BrokerError
from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.connection import Acknowledged, Arrived, Cause, Connected, Connection, Ended, Event, Message
from edgeguard.telemetry.messages import Status

log = logging.getLogger(__name__)

OnAck = Callable[[bool], None]
OnMessage = Callable[[str, bytes, bool], None]

# How long a CONNECT may go unanswered, at first and at most. A broker without MQTT 5 may wait for ever in the middle of
# one (amqtt does when there is a last will), and a slow link takes seconds: so the wait begins short and doubles.
_ANSWER_S: Final = (1.0, 32.0)
_FAREWELL_S: Final = 3.0


def _ignore(*_what: object) -> None:
    pass


@dataclass(frozen=True)
class _Outgoing:
    message: Message
    on_ack: OnAck


class _Stop:
    pass


class _Renew:
    pass


_Item = Event | _Outgoing | _Stop | _Renew


@dataclass(frozen=True)
class Presence:
    """A retained topic that says whether we are there: birth on every connect, farewell on stop, last will."""

    topic: str
    payload: Callable[[Status], bytes]

    def message(self, status: Status) -> Message:
        """The message for one status; retained whichever it is, so that each replaces the one before."""
        return Message(self.topic, self.payload(status), retain=True)


class Session:
    """Keeps one client connected; MQTT 5, and 3.1.1 where the broker has no 5.

    Args:
        broker: Where, and how to be let in.
        client_id: A broker ends the older of two sessions that bear the same.
        presence: Birth, farewell and last will, or None.
        on_connection: Called with True after each connect (the birth went first), with False when it is lost.
        subscriptions: Topic filters, taken with QoS 1 on each connect.
        on_message: Called with each message that arrives: topic, payload, and whether it was retained.
        retry_s: The first and the longest pause before connecting again; it doubles in between, with jitter.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        presence: Presence | None = None,
        on_connection: Callable[[bool], None] = _ignore,
        subscriptions: Sequence[str] = (),
        on_message: OnMessage = _ignore,
        retry_s: tuple[float, float] = (1.0, 60.0),
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._presence = presence
        self._on_connection = on_connection
        self._subscriptions = subscriptions
        self._on_message = on_message
        self._retry_s = retry_s
        self._version: Literal[4, 5] = 5
        self._answer_s = _ANSWER_S[0]
        self._inbox: queue.SimpleQueue[tuple[Connection | None, _Item]] = queue.SimpleQueue()
        self._connection: Connection | None = None  # None while not connected
        self._birth: Message | None = None
        self._in_flight: dict[int, _Outgoing] = {}
        self._unsent: deque[_Outgoing] = deque()  # more than the broker takes before it has acknowledged some
        self._receive_maximum = 0
        self._settled = threading.Event()  # set once it is known how the first attempt went
        self._refusal: str | None = None
        self._stopping = False
        self._renewing = False
        self._give_up_at: float | None = None  # waiting for the answer to CONNECT, or to the farewell
        self._last_line = ""
        self._thread = threading.Thread(target=self._run, name="mqtt-session", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the broker is there right now."""
        return self._connection is not None

    def start(self, timeout_s: float = 10.0) -> None:
        """Connect, and keep connected from here on; an unreachable broker is tried again and again.

        BrokerError where the broker refuses the first attempt: its login or its certificate must be mended.
        """
        self._thread.start()
        self._settled.wait(timeout_s)
        self._settled.set()  # from here on a refusal is logged and tried again
        if self._refusal is not None:
            raise BrokerError(self._refusal)

    def publish(self, message: Message, on_ack: OnAck = _ignore) -> None:
        """Send a message with QoS 1; nothing while not connected.

        `on_ack` is called with True on PUBACK, with False where the broker threw the message away (see
        `Message.for_somebody`), and never where the connection broke before.
        """
        if (connection := self._connection) is not None:
            self._inbox.put((connection, _Outgoing(message, on_ack)))

    def renew(self) -> None:
        """Connect anew, so that birth and last will are written again; the broker keeps the old will to itself."""
        self._inbox.put((None, _Renew()))

    def stop(self) -> None:
        """Publish the farewell, disconnect, end the thread; harmless when called twice or never started."""
        if self._thread.is_alive():
            self._inbox.put((None, _Stop()))
            self._thread.join(2 * _FAREWELL_S)

    def _run(self) -> None:
        first, longest = self._retry_s
        pause = first
        while True:
            began = time.monotonic()
            ended = self._one_connection()
            if self._stopping or self._refused_at_start(ended):
                return
            if self._renewed() or self._older_version_next(ended):
                continue
            self._settled.set()
            self._warn(ended.line(self._broker) + "; trying again")
            pause = first if time.monotonic() - began > longest else pause
            if self._stopped_within(pause * random.uniform(0.5, 1.0)):  # noqa: S311 - spreads a fleet, hides nothing
                return
            pause = min(2 * pause, longest)

    def _renewed(self) -> bool:
        """Whether we closed the connection ourselves, to make another at once."""
        renewing, self._renewing = self._renewing, False
        return renewing

    def _older_version_next(self, ended: Ended) -> bool:
        """Whether to try at once in 3.1.1 what was not answered in 5; every other attempt is made in 5."""
        unanswered = ended.cause is Cause.UNANSWERED
        if unanswered and self._version == 5:
            self._version = 4
            return True
        if unanswered:
            self._answer_s = min(2 * self._answer_s, _ANSWER_S[1])
        self._version = 5
        return False

    def _one_connection(self) -> Ended:
        if self._presence is not None:  # birth before will: so the times in them say which came of which connection
            self._birth = self._presence.message("online")
        will = None if self._presence is None else self._presence.message("offline")

        def emit(event: Event) -> None:
            self._inbox.put((connection, event))

        connection = Connection(self._broker, self._client_id, self._version, will, emit)
        try:
            connection.open()
            self._give_up_at = time.monotonic() + self._answer_s
            while not isinstance(item := self._next_on(connection), Ended):
                self._act(connection, item)
        except Exception as error:  # a callback's: must not silence for months what nobody looks after
            log.exception("a mistake of our own; please report it")
            connection.close()
            item = Ended(Cause.LOST, f"given up for our own {type(error).__name__}")
        self._disconnected()
        return item

    def _next_on(self, connection: Connection) -> _Item:
        """The next item of this connection, or the wish to stop; leftovers of earlier connections are skipped."""
        while True:
            timeout = None if self._give_up_at is None else max(0.0, self._give_up_at - time.monotonic())
            try:
                origin, item = self._inbox.get(timeout=timeout)
            except queue.Empty:
                connection.close()
                return Ended(Cause.UNANSWERED, "no answer")
            if origin in (None, connection):
                return item

    def _act(self, connection: Connection, item: _Item) -> None:
        if isinstance(item, _Outgoing):
            self._send(connection, item)
        elif isinstance(item, Acknowledged):
            outgoing = self._in_flight.pop(item.number)
            outgoing.on_ack(item.accepted and not (item.unread and outgoing.message.for_somebody))
            self._send_more(connection)
        elif isinstance(item, Arrived):
            self._on_message(item.topic, item.payload, item.retained)
        elif isinstance(item, Connected):
            self._receive_maximum = item.receive_maximum
            self._welcome(connection)
        elif isinstance(item, _Renew):
            self._renewing = True
            self._give_up_at = time.monotonic() + _FAREWELL_S
            connection.close()
        elif isinstance(item, _Stop):
            self._farewell(connection)

    def _welcome(self, connection: Connection) -> None:
        log.info("connected to the broker %s", self._broker)
        self._last_line = ""
        self._give_up_at = None
        for topic_filter in self._subscriptions:
            connection.subscribe(topic_filter)
        if self._birth is not None:
            self._send(connection, _Outgoing(self._birth, _ignore))
        self._connection = connection
        self._on_connection(True)
        self._settled.set()

    def _disconnected(self) -> None:
        self._in_flight.clear()
        self._unsent.clear()
        if self._connection is not None:
            self._connection = None
            self._on_connection(False)

    def _farewell(self, connection: Connection) -> None:
        self._stopping = True
        self._give_up_at = time.monotonic() + _FAREWELL_S
        if self._connection is None or self._presence is None:
            connection.close()
        else:
            farewell = self._presence.message("stopped")
            self._send(connection, _Outgoing(farewell, lambda _accepted: connection.close()))

    def _send(self, connection: Connection, outgoing: _Outgoing) -> None:
        self._unsent.append(outgoing)
        self._send_more(connection)

    def _send_more(self, connection: Connection) -> None:
        while self._unsent and len(self._in_flight) < self._receive_maximum:
            outgoing = self._unsent.popleft()
            self._in_flight[connection.publish(outgoing.message)] = outgoing

    def _stopped_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        try:
            while not isinstance(self._inbox.get(timeout=max(0.0, until - time.monotonic()))[1], _Stop):
                pass
        except queue.Empty:
            return False
        return True

    def _refused_at_start(self, ended: Ended) -> bool:
        if ended.cause is Cause.REFUSED and not self._settled.is_set():
            self._refusal = ended.line(self._broker) + "; mend the address, the login or the certificates"
            self._settled.set()
        return self._refusal is not None

    def _warn(self, line: str) -> None:
        if line != self._last_line:  # once per outage, not once per attempt
            log.warning(line)
            self._last_line = line
