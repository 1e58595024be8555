"""One connection to an MQTT broker, from CONNECT to its end; the only module that knows paho.

What happens on it is handed to the owner as events, from paho's network thread: the owner decides in which thread
they are acted on.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, cast

from edgeguard.errors import MissingExtra
from edgeguard.telemetry.broker import Broker

try:
    from paho.mqtt import client as paho
    from paho.mqtt.enums import CallbackAPIVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode
except ImportError as error:
    raise MissingExtra("paho") from error

log = logging.getLogger(__name__)

_KEEPALIVE_S: Final = 30
_CONNECT_S: Final = 5.0
_RECEIVE_MAXIMUM: Final = 65535  # where the broker names none
_READ_BYTES: Final = 1 << 16
_READ_AT_ONCE: Final = 200  # messages, before anything is written
# CONNACK reasons that no waiting cures: client id, bad login, not authorized, banned, bad method. paho gives those of
# MQTT 3.1.1 the same numbers.
_REFUSED: Final = frozenset({0x85, 0x86, 0x87, 0x8A, 0x8C})
_NOBODY: Final = 0x10  # PUBACK: no matching subscribers
_UNSUPPORTED_VERSION: Final = 0x84
# OpenSSL's verdicts "not yet valid" and "expired": on a device, its own clock is wrong more often than the broker.
_WRONG_TIME: Final = frozenset({9, 10})


@dataclass(frozen=True)
class Message:
    """What is published, always with QoS 1.

    Attributes:
        topic: Where.
        payload: What.
        retain: Whether the broker keeps it for whoever subscribes later.
        for_somebody: Whether it counts as thrown away where the broker says that nobody subscribes: Mosquitto forgets
            shared subscriptions when it starts anew, and the fleet has none until its workers are connected again.
    """

    topic: str
    payload: bytes
    retain: bool = False
    for_somebody: bool = False


class Cause(Enum):
    """Why a connection ended, as what the broker did."""

    REFUSED = "refuses us"  # and will again
    UNREACHABLE = "cannot be reached"  # for now
    UNANSWERED = "does not let us in"  # closed before CONNACK: perhaps not a broker of this MQTT version
    LOST = "is gone"  # or closed by us


@dataclass(frozen=True)
class Connected:
    """The broker has let us in, and takes so many messages that it has not acknowledged."""

    receive_maximum: int


@dataclass(frozen=True)
class Ended:
    """The connection is over, or never was; `reason` is for people."""

    cause: Cause
    reason: str

    def line(self, broker: Broker) -> str:
        """What happened, for people."""
        return f"the broker {broker} {self.cause.value}: {self.reason}"


@dataclass(frozen=True)
class Acknowledged:
    """PUBACK for the message that `Connection.publish` numbered `number`.

    Attributes:
        number: Of the message.
        accepted: Whether the broker has it, and did not throw it away.
        unread: It says that nobody subscribes. Not every broker does, and none over MQTT 3.1.1.
    """

    number: int
    accepted: bool
    unread: bool = False


@dataclass(frozen=True)
class Arrived:
    """A message on a topic that we subscribed to; `retained`: the broker had kept it from before."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True)
class Subscribed:
    """The broker has answered `Connection.subscribe`; what it denies is in the log."""


Event = Connected | Ended | Acknowledged | Arrived | Subscribed
OnArrival = Callable[[int, str, bytes, bool], None]


@dataclass(frozen=True)
class Kept:
    """What the broker keeps for a client that is away, and how much it hands out at once.

    Attributes:
        expiry_s: It forgets a client that stays away for longer; over MQTT 3.1.1 when it likes.
        receive_maximum: Messages that it sends ahead of their acknowledgment; over 3.1.1 it chooses itself.
    """

    expiry_s: int
    receive_maximum: int


class _ReadingAhead(paho.Client):
    """Asks the socket once for many packets, where paho asks four times for each."""

    # Should paho read in another way one day, `_sock_recv` is never called, and all is as slow as before.
    _ahead = memoryview(b"")

    @property
    def has_more(self) -> bool:
        """Whether something was read that is not handed on yet."""
        return len(self._ahead) > 0

    def _sock_recv(self, bufsize: int) -> Any:
        if not self._ahead:
            self._ahead = memoryview(super()._sock_recv(_READ_BYTES))
        part, self._ahead = self._ahead[:bufsize], self._ahead[bufsize:]
        return part


class Connection:
    """A client that connects once, driven by a thread of its own.

    Args:
        broker: Where, and how to be let in.
        client_id: A broker ends the older of two connections that bear the same.
        version: Of MQTT: 5, or 4 for 3.1.1.
        will: What the broker publishes for us when the connection breaks.
        emit: Takes each event; must not block.
    """

    _kind: type[paho.Client] = paho.Client

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        version: Literal[4, 5],
        will: Message | None,
        emit: Callable[[Event], None],
        *,
        kept: Kept | None = None,
    ) -> None:
        self._broker = broker
        self._emit = emit
        self._answered = False
        protocol = paho.MQTTv5 if version == 5 else paho.MQTTv311
        client = self._kind(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=protocol,
            clean_session=kept is None if version == 4 else None,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_S
        client.max_inflight_messages = _RECEIVE_MAXIMUM  # it is the session that waits
        client.username_pw_set(broker.username, broker.password)
        if broker.tls is not None:
            client.tls_set_context(broker.tls)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = lambda _client, _data, number, reason, _properties: emit(
            Acknowledged(number, not reason.is_failure, reason.value == _NOBODY)
        )
        client.on_subscribe = self._on_subscribe
        client.on_message = lambda _client, _data, message: emit(
            Arrived(message.topic, bytes(message.payload), message.retain)
        )
        self._client = client

    def open(self) -> None:
        """Connect; `Connected` or `Ended` follows. Blocks for a few seconds at most while the broker is unreachable."""
        try:
            self._client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S)
        except (OSError, UnicodeError) as error:
            self._emit(Ended(_cause(error), _reason(error)))
        else:
            self._client.loop_start()

    def publish(self, message: Message) -> int:
        """Send a message; its number comes back in `Acknowledged`."""
        return self._client.publish(message.topic, message.payload, qos=1, retain=message.retain).mid

    def subscribe(self, *topic_filters: str) -> None:
        """Ask for all messages whose topic matches, with QoS 1; `Subscribed` follows."""
        self._client.subscribe([(topic_filter, 1) for topic_filter in topic_filters])

    def unsubscribe(self, *topic_filters: str) -> None:
        """Ask for no more of them."""
        self._client.unsubscribe(list(topic_filters))

    def close(self) -> None:
        """Say good-bye, so that the last will is not published; `Ended` follows."""
        self._client.disconnect()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._answered = True
        if not reason.is_failure:
            self._emit(Connected(getattr(properties, "ReceiveMaximum", _RECEIVE_MAXIMUM)))
        elif reason.value == _UNSUPPORTED_VERSION:
            self._emit(Ended(Cause.UNANSWERED, "another version of MQTT is wanted"))
        else:
            refused = reason.value in _REFUSED
            self._emit(Ended(Cause.REFUSED if refused else Cause.UNREACHABLE, str(reason).lower()))

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if self._answered:
            self._emit(Ended(Cause.LOST, str(reason).lower()))
        else:
            self._emit(Ended(Cause.UNANSWERED, "closed before it answered"))

    def _on_subscribe(self, _client: Any, _data: Any, _number: int, reasons: list[ReasonCode], _props: Any) -> None:
        for reason in reasons:
            if reason.is_failure:
                log.error("the broker denies a subscription: %s; mend its access rules", str(reason).lower())
        self._emit(Subscribed())


class PolledConnection(Connection):
    """A client that connects once, driven by its owner's thread; a message is acknowledged when the owner says so.

    Polling costs half of what paho's own thread does: it reads on while there is something to read, many packets at
    once, and writes all acknowledgments together.

    Args:
        kept: What the broker keeps for us.
        on_arrival: Takes each message: number, topic, payload, and whether it was retained. The number is for
            `acknowledge`; 0: none is due.
    """

    _kind = _ReadingAhead

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        version: Literal[4, 5],
        emit: Callable[[Event], None],
        *,
        kept: Kept,
        on_arrival: OnArrival,
    ) -> None:
        super().__init__(broker, client_id, version, None, emit, kept=kept)
        self._kept, self._version = kept, version
        self._arrived = 0
        client = self._client
        client.manual_ack_set(True)
        client.on_socket_register_write = lambda *_: None  # else paho writes each packet by itself at once

        def on_message(_client: Any, _data: Any, message: Any) -> None:
            self._arrived += 1
            on_arrival(message.mid if message.qos else 0, message.topic, bytes(message.payload), message.retain)

        client.on_message = on_message

    def open(self) -> None:
        """Send CONNECT; `Connected` or `Ended` follows, the one from `poll`. Blocks for a few seconds at most."""
        options: dict[str, Any] = {}
        if self._version == 5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it so
            properties.SessionExpiryInterval = self._kept.expiry_s
            properties.ReceiveMaximum = self._kept.receive_maximum
            options = {"clean_start": False, "properties": properties}
        try:
            self._client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S, **options)
        except (OSError, UnicodeError) as error:
            self._emit(Ended(_cause(error), _reason(error)))

    def poll(self, timeout_s: float, wake: socket.socket, room: int = _READ_AT_ONCE) -> None:
        """Read and write what there is; wait until there is something, `wake` is readable, or the time is over.

        At most `room` messages are read; without any nothing is, and after a minute of that the connection is lost.
        """
        client, sock = cast("_ReadingAhead", self._client), self._client.socket()
        if sock is None:
            self._emit(Ended(Cause.LOST, "closed"))
            return
        waiting = room > 0 and (client.has_more or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0))
        writable = [sock] if client.want_write() else []
        wanted = [sock, wake] if room > 0 else [wake]
        readable, _, _ = select.select(wanted, writable, [], 0.0 if waiting else timeout_s)
        if waiting or sock in readable:
            self._read(min(room, _READ_AT_ONCE))
        if client.want_write():
            client.loop_write()
        client.loop_misc()

    def close(self) -> None:
        """Say good-bye, and write what is still to be written; `Ended` follows."""
        super().close()
        self._client.loop_write()

    def acknowledge(self, numbers: Iterable[int]) -> None:
        """Send PUBACK for messages of this connection, with the next `poll`; in the polling thread only."""
        for number in numbers:
            if number:
                self._client.ack(number, 1)

    def _read(self, most: int) -> None:
        until = self._arrived + most
        before = -1
        while before < self._arrived < until and self._client.socket() is not None:
            before = self._arrived
            self._client.loop_read()


def _cause(error: Exception) -> Cause:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Cause.UNREACHABLE if error.verify_code in _WRONG_TIME else Cause.REFUSED
    cut_short = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return Cause.REFUSED if isinstance(error, ssl.SSLError) and not isinstance(error, cut_short) else Cause.UNREACHABLE


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid here: {error.verify_message}"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
