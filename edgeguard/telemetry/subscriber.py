"""A lasting subscription whose messages are acknowledged one batch at a time, once the owner has them safe.

The broker keeps what comes while we are away, and sends again what was not acknowledged when a connection broke.
Message numbers are used again by every connection: so an acknowledgment goes out on the connection that brought the
message, or not at all.
"""

from __future__ import annotations

import logging
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from edgeguard.errors import BrokerError
from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.connection import Cause, Connected, Ended, Event, Kept, OnArrival, PolledConnection, Subscribed

log = logging.getLogger(__name__)

_ANSWER_S: Final = 3.0
_POLL_S: Final = 1.0
_FAREWELL_S: Final = 10.0


class Delivery(NamedTuple):
    """A message as it came; `connection` and `number` are for its acknowledgment."""

    topic: str
    payload: bytes
    received_ms: int
    retained: bool = False
    connection: int = 0
    number: int = 0


@dataclass(frozen=True)
class Wanted:
    """What to subscribe to.

    Attributes:
        shared: Topic filters of which each message goes to one member of `share`; to every one over MQTT 3.1.1, which
            has no shares.
        plain: Topic filters of which every message comes, the retained ones first.
        share: Name of those who divide the messages of `shared` among them.
        leave: To nothing of it any more; what the broker still holds for us comes.
    """

    shared: Sequence[str] = ()
    plain: Sequence[str] = ()
    share: str = "edgeguard"
    leave: bool = False


class Subscriber:
    """Keeps one client subscribed by MQTT 5; by 3.1.1 where the broker has no 5.

    Args:
        broker: Where, and how to be let in.
        client_id: The broker keeps our messages under it.
        wanted: What to subscribe to.
        kept: What the broker keeps, and how many messages it sends ahead. Where it sends more (Mosquitto 2.0 does), no
            more than that are read before some are taken.
        retry_s: The first and the longest pause before connecting again; it doubles in between, with jitter.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        wanted: Wanted,
        kept: Kept,
        retry_s: tuple[float, float] = (0.5, 30.0),
    ) -> None:
        self._broker, self._client_id = broker, client_id
        self._wanted, self._kept, self._retry_s = wanted, kept, retry_s
        self._version: Literal[4, 5] = 5
        self._inbox: deque[Delivery] = deque()
        self._some, self._enough, self._most = threading.Event(), threading.Event(), 1
        self._acks: deque[tuple[int, list[int]]] = deque()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._number = 0  # of the connection
        self._connected = False
        self._ended: Ended | None = None
        self._settled = threading.Event()  # set once it is known how the first attempt went
        self._refusal: str | None = None
        self._stop = threading.Event()
        self._last_line = ""
        self._thread = threading.Thread(target=self._run, name="mqtt-subscriber", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the broker is there right now."""
        return self._connected

    @property
    def waiting(self) -> int:
        """Messages that came and were not taken yet."""
        return len(self._inbox)

    def start(self, timeout_s: float = 10.0) -> None:
        """Connect, and stay connected; BrokerError where the broker refuses the first attempt."""
        self._thread.start()
        self._settled.wait(timeout_s)
        self._settled.set()  # from here on a refusal is logged and tried again
        if self._refusal is not None:
            raise BrokerError(self._refusal)

    def take(self, most: int, wait_s: float, patience_s: float = 0.2) -> list[Delivery]:
        """The next messages, at most `most`; once there is one, others may join it for `wait_s`.

        Empty where none came within `patience_s`. For one thread only.
        """
        self._most = most
        self._enough.clear()
        if not self._some.wait(patience_s):
            return []
        if len(self._inbox) < most:
            self._enough.wait(wait_s)
        self._some.clear()
        full = len(self._inbox) >= self._kept.receive_maximum
        taken: list[Delivery] = []
        with suppress(IndexError):
            while len(taken) < most:
                taken.append(self._inbox.popleft())
        if self._inbox:
            self._some.set()
        if full:
            self._wake()  # there is room again
        return taken

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that these need not be sent again; those of a connection that broke will be."""
        numbers: dict[int, list[int]] = {}
        for delivery in deliveries:
            numbers.setdefault(delivery.connection, []).append(delivery.number)
        self._acks.extend(numbers.items())
        self._wake()

    def stop(self) -> None:
        """Send the acknowledgments that were given, and disconnect; harmless when called twice or never started."""
        self._stop.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(_FAREWELL_S)
        self._wake_in.close()
        self._wake_out.close()

    def _wake(self) -> None:
        with suppress(OSError):  # full: it is awake; closed: it is over
            self._wake_in.send(b"x")

    def _run(self) -> None:
        first, longest = self._retry_s
        pause = first
        while not self._stop.is_set():
            began = time.monotonic()
            ended = self._one_connection()
            if self._stop.is_set() or self._refused_at_start(ended) or self._older_version_next(ended):
                continue
            self._settled.set()
            self._warn(ended.line(self._broker) + "; trying again")
            pause = first if time.monotonic() - began > longest else pause
            self._stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the workers, hides nothing
            pause = min(2 * pause, longest)

    def _one_connection(self) -> Ended:
        self._number += 1
        self._ended = None
        self._inbox.clear()  # all of it comes again
        connection = PolledConnection(
            self._broker,
            self._client_id,
            self._version,
            lambda event: self._happened(connection, event),
            kept=self._kept,
            on_arrival=self._arrival_on(self._number),
        )
        try:
            connection.open()
            self._serve(connection)
        except Exception as error:  # ours or paho's: must not silence for months what nobody looks after
            log.exception("a mistake of our own; please report it")
            self._ended = Ended(Cause.LOST, f"given up for our own {type(error).__name__}")
        self._connected = False
        connection.close()
        return self._ended or Ended(Cause.UNANSWERED, "no answer")

    def _serve(self, connection: PolledConnection) -> None:
        answer_by = time.monotonic() + _ANSWER_S
        while self._ended is None and (self._connected or time.monotonic() < answer_by):
            connection.poll(_POLL_S, self._wake_out, self._kept.receive_maximum - len(self._inbox))
            if self._inbox:
                self._some.set()
                if len(self._inbox) >= self._most:
                    self._enough.set()
            stopping = self._stop.is_set()  # before settling: what was acknowledged before the stop is still sent
            self._settle(connection)
            if stopping:
                connection.poll(0.0, self._wake_out)
                return

    def _settle(self, connection: PolledConnection) -> None:
        """Hand on the acknowledgments that were given for messages of this connection; drop the others."""
        with suppress(BlockingIOError):
            self._wake_out.recv(4096)
        while self._acks:
            number, messages = self._acks.popleft()
            if number == self._number and self._connected:
                connection.acknowledge(messages)

    def _happened(self, connection: PolledConnection, event: Event) -> None:
        if isinstance(event, Ended):
            self._ended = self._ended or event  # the first says why
        elif isinstance(event, Connected):
            self._connected, self._last_line = True, ""
            self._subscribe(connection)
        elif isinstance(event, Subscribed):
            log.info("subscribed at the broker %s", self._broker)
            self._settled.set()

    def _subscribe(self, connection: PolledConnection) -> None:
        """Ask for what is wanted, and for nothing else that the broker may remember of us."""
        wanted = self._wanted
        shared = [f"$share/{wanted.share}/{name}" for name in wanted.shared]
        now, never = (shared, wanted.shared) if self._version == 5 else (wanted.shared, ())
        if wanted.leave:
            connection.unsubscribe(*wanted.plain, *now, *never)
            self._settled.set()
        else:
            if never:
                connection.unsubscribe(*never)  # of a time when it did not answer in MQTT 5
            connection.subscribe(*wanted.plain, *now)

    def _arrival_on(self, number: int) -> OnArrival:
        put = self._inbox.append

        def arrived(message: int, topic: str, payload: bytes, retained: bool) -> None:
            put(Delivery(topic, payload, time.time_ns() // 1_000_000, retained, number, message))

        return arrived

    def _refused_at_start(self, ended: Ended) -> bool:
        if ended.cause is Cause.REFUSED and not self._settled.is_set():
            self._refusal = ended.line(self._broker) + "; mend the address, the login or the certificates"
            self._stop.set()
            self._settled.set()
        return self._refusal is not None

    def _older_version_next(self, ended: Ended) -> bool:
        """Whether to try at once in 3.1.1 what was not answered in 5; every other attempt is made in 5."""
        self._version = 4 if ended.cause is Cause.UNANSWERED and self._version == 5 else 5
        return self._version == 4

    def _warn(self, line: str) -> None:
        if line != self._last_line:  # once per outage, not once per attempt
            log.warning(line)
            self._last_line = line
