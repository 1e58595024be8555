"""One connection to an MQTT broker, from CONNECT to its end; the only module that knows paho.

What happens on it is handed to the owner as events, from paho's network thread: the owner decides in which thread
they are acted on.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Literal

from edgeguard.errors import MissingExtra
from edgeguard.telemetry.broker import Broker

try:
    from paho.mqtt import client as paho
    from paho.mqtt.enums import CallbackAPIVersion
    from paho.mqtt.reasoncodes import ReasonCode
except ImportError as error:
    raise MissingExtra("paho") from error

log = logging.getLogger(__name__)

_KEEPALIVE_S: Final = 30
_CONNECT_S: Final = 5.0
_RECEIVE_MAXIMUM: Final = 65535  # where the broker names none
# CONNACK reasons that no waiting cures: client id, bad login, not authorized, banned, bad method. paho gives those of
# MQTT 3.1.1 the same numbers.
_REFUSED: Final = frozenset({0x85, 0x86, 0x87, 0x8A, 0x8C})
_UNSUPPORTED_VERSION: Final = 0x84
# OpenSSL's verdicts "not yet valid" and "expired": on a device, its own clock is wrong more often than the broker.
_WRONG_TIME: Final = frozenset({9, 10})


@dataclass(frozen=True)
class Message:
    """What is published, always with QoS 1."""

    topic: str
    payload: bytes
    retain: bool = False


class Cause(Enum):
    """Why a connection ended."""

    REFUSED = auto()  # and will be again
    UNREACHABLE = auto()  # for now
    UNANSWERED = auto()  # closed before CONNACK: perhaps not a broker of this MQTT version
    LOST = auto()  # or closed by us


@dataclass(frozen=True)
class Connected:
    """The broker has let us in, and takes so many messages that it has not acknowledged."""

    receive_maximum: int


@dataclass(frozen=True)
class Ended:
    """The connection is over, or never was; `reason` is for people."""

    cause: Cause
    reason: str


@dataclass(frozen=True)
class Acknowledged:
    """PUBACK for the message that `Connection.publish` numbered `number`; not `accepted`: the broker threw it away."""

    number: int
    accepted: bool


@dataclass(frozen=True)
class Arrived:
    """A message on a topic that we subscribed to; `retained`: the broker had kept it from before."""

    topic: str
    payload: bytes
    retained: bool


Event = Connected | Ended | Acknowledged | Arrived


class Connection:
    """A client that connects once.

    Args:
        broker: Where, and how to be let in.
        client_id: A broker ends the older of two connections that bear the same.
        version: Of MQTT: 5, or 4 for 3.1.1.
        will: What the broker publishes for us when the connection breaks.
        emit: Takes each event; must not block.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        version: Literal[4, 5],
        will: Message | None,
        emit: Callable[[Event], None],
    ) -> None:
        self._broker = broker
        self._emit = emit
        self._answered = False
        protocol = paho.MQTTv5 if version == 5 else paho.MQTTv311
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=protocol, reconnect_on_failure=False)
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
            Acknowledged(number, not reason.is_failure)
        )
        client.on_subscribe = _say_what_is_denied
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

    def subscribe(self, topic_filter: str) -> None:
        """Ask for all messages whose topic matches, with QoS 1."""
        self._client.subscribe(topic_filter, qos=1)

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


def _say_what_is_denied(_client: Any, _data: Any, _number: int, reasons: list[ReasonCode], _properties: Any) -> None:
    for reason in reasons:
        if reason.is_failure:
            log.error("the broker denies a subscription: %s; mend its access rules", str(reason).lower())


def _cause(error: Exception) -> Cause:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Cause.UNREACHABLE if error.verify_code in _WRONG_TIME else Cause.REFUSED
    cut_short = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return Cause.REFUSED if isinstance(error, ssl.SSLError) and not isinstance(error, cut_short) else Cause.UNREACHABLE


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid here: {error.verify_message}"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
