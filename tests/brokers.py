"""Real MQTT brokers and an independent ear, as fixtures."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Mosquitto:
    """A real broker on a free port of 127.0.0.1; `lines` are added to its configuration."""

    def __init__(self, folder: Path, lines: str = "") -> None:
        self.port = free_port()
        self.config = folder / f"mosquitto-{self.port}.conf"
        access = "" if "password_file" in lines else "allow_anonymous true\n"
        self.config.write_text(f"user root\nlistener {self.port} 127.0.0.1\n{access}{lines}\n")
        self.url = f"mqtt{'s' if 'certfile' in lines else ''}://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Mosquitto:
        log = self.config.with_suffix(".log").open("ab")
        with log:
            self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(self.config)], stdout=log, stderr=log)
        eventually(self._listens)
        return self

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def eventually(condition, deadline_s=30.0):
    """Wait until `condition()` is true, and return what it said; a failed test after `deadline_s`."""
    until = time.monotonic() + deadline_s
    while not (result := condition()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.005)
    return result


@pytest.fixture(scope="session")
def mosquitto_for(tmp_path_factory):
    """Makes a Mosquitto that is not started yet; all are killed at the end."""
    if not Path("/usr/sbin/mosquitto").exists():
        message = "Mosquitto is not at /usr/sbin/mosquitto: install it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    made = []

    def make(lines=""):
        made.append(Mosquitto(tmp_path_factory.mktemp("mosquitto"), lines))
        return made[-1]

    yield make
    for broker in made:
        broker.kill()


@pytest.fixture(scope="session")
def mosquitto(mosquitto_for):
    """One Mosquitto for everybody: use a device id of your own."""
    return mosquitto_for().start()


class Listener:
    """A bare paho subscriber: what a broker really gives to others, as (topic, payload, retained)."""

    def __init__(self, port: int, topic_filter: str) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        self.client.on_message = lambda _c, _d, m: self.heard.append((m.topic, bytes(m.payload), m.retain))
        self.client.on_connect = lambda client, *_: client.subscribe(topic_filter, qos=1)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert subscribed.wait(30)

    def payloads(self, topic_end: str) -> list[bytes]:
        return [payload for topic, payload, _ in self.heard if topic.endswith(topic_end)]


@pytest.fixture
def listen():
    """Subscribes to a topic filter of the broker on a port of this machine."""
    listeners = []

    def make(port, topic_filter):
        listeners.append(Listener(port, topic_filter))
        return listeners[-1]

    yield make
    for listener in listeners:
        listener.client.disconnect()
        listener.client.loop_stop()


class Gate:
    """A way to the broker on `target` that can be opened and shut; connections are refused while it is shut."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.server: socket.socket | None = None
        self.ends: list[socket.socket] = []
        self._lock = threading.Lock()

    def open(self) -> None:
        self.server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self.server,), daemon=True).start()

    def shut(self) -> None:
        with self._lock:
            ends, self.ends = self.ends, []
            server, self.server = self.server, None
        for end in [server, *ends] if server else ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _serve(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near = self._kept(server, server.accept()[0])
                far = self._kept(server, socket.create_connection(("127.0.0.1", self.target)))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _kept(self, server: socket.socket, end: socket.socket) -> socket.socket:
        """In the list, where it is closed with the gate; at once, where that was shut in the meantime."""
        with self._lock:
            if self.server is server:
                self.ends.append(end)
                return end
        end.close()
        raise ConnectionAbortedError

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(4096):
                sink.sendall(block)
            sink.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def gate_to():
    """Makes a gate to the broker on a port of this machine, shut at first."""
    gates = []

    def make(port):
        gates.append(Gate(port))
        return gates[-1]

    yield make
    for gate in gates:
        gate.shut()
