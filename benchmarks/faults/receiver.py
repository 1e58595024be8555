"""The far end: hears every message of one device, and keeps it with the time it came."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edgeguard.telemetry.messages import Ack, Alert, State, Summary, decode
from edgeguard.telemetry.topics import Kind, parse

Heard = Alert | Summary | Ack
_NUMBERED: Final[dict[Kind, type[Heard]]] = {"alert": Alert, "telemetry": Summary, "ack": Ack}
_DAY_S: Final = 86_400


class Receiver:
    """Subscribes straight to the broker with a session that outlives its connections, and acknowledges what it kept.

    Attributes:
        heard: Alerts, summaries and acks, in the order of arrival.
        states: Of the device; retained ones come again with each connect.
    """

    def __init__(self, port: int, topic_filter: str, client_id: str = "receiver") -> None:
        self.heard: list[Heard] = []
        self.states: list[State] = []
        self._subscribed = threading.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, manual_ack=True
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(topic_filter, qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_disconnect = lambda *_: self._subscribed.clear()
        self._client.on_message = self._keep
        lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it so
        lasting.SessionExpiryInterval = _DAY_S
        self._client.connect("127.0.0.1", port, clean_start=False, properties=lasting)
        self._client.loop_start()

    def wait_subscribed(self, patience_s: float = 10.0) -> None:
        """Until the broker has our subscription; TimeoutError where it never has."""
        if not self._subscribed.wait(patience_s):
            raise TimeoutError("the receiver cannot subscribe")

    def wait_quiet(self, quiet_s: float, patience_s: float) -> None:
        """Until nothing came for `quiet_s`, or for `patience_s` at most."""
        until = time.monotonic() + patience_s
        before, since = len(self.heard), time.monotonic()
        while (now := time.monotonic()) < until and now - since < quiet_s:
            if len(self.heard) != before:
                before, since = len(self.heard), now
            time.sleep(0.05)

    def close(self) -> None:
        """Be gone."""
        self._client.disconnect()
        self._client.loop_stop()

    def _keep(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        _, kind = parse(message.topic)
        if kind == "state":
            self.states.append(decode(bytes(message.payload), State))
        elif kind in _NUMBERED:
            self.heard.append(decode(bytes(message.payload), _NUMBERED[kind]))
        client.ack(message.mid, message.qos)
