"""The limit: a bare paho subscriber that only counts: ``python -m benchmarks.ingest.bare PORT MESSAGES``."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any, Final

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

_RECEIVE_MAXIMUM: Final = 2000  # as the worker's


def main() -> None:
    """Say when subscribed; after the last message, when it came and the processor time for all."""
    port, messages = int(sys.argv[1]), int(sys.argv[2])
    heard = 0
    subscribed, done = threading.Event(), threading.Event()

    def count(*_: Any) -> None:
        nonlocal heard
        heard += 1
        if heard == messages:
            done.set()

    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it so
    properties.ReceiveMaximum = _RECEIVE_MAXIMUM
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_message = count
    client.on_connect = lambda client, *_: client.subscribe("$share/bench/edgeguard/v1/+/+/telemetry", qos=1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port, properties=properties)
    client.loop_start()
    subscribed.wait()
    used = time.process_time()
    print("ready", flush=True)
    done.wait()
    print(time.time(), time.process_time() - used, flush=True)
    client.disconnect()


if __name__ == "__main__":
    main()
