"""A real MQTT broker on this machine for as long as the demo runs: Mosquitto where installed, else amqtt."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from edgeguard.errors import BrokerError, MissingExtra

HOST: Final = "127.0.0.1"
_START_S: Final = 10.0
_END_S: Final = 2.0


@contextmanager
def local_broker(port: int | None = None) -> Iterator[tuple[str, str]]:
    """Yield the broker's name and URL; it listens on 127.0.0.1 alone and ends with the block.

    BrokerError where the port is in use or the broker does not start.
    """
    port = _free_port(port)
    program = shutil.which(
        "mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
    )
    with _mosquitto(program, port) if program else _amqtt(port):
        yield ("Mosquitto" if program else "amqtt"), f"mqtt://{HOST}:{port}"


def _free_port(port: int | None) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a broker that just ended does not count
        try:
            probe.bind((HOST, port or 0))
        except OSError as error:
            raise BrokerError(f"port {port} is in use or not allowed: choose another with --port") from error
        return int(probe.getsockname()[1])


@contextmanager
def _mosquitto(program: str, port: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mosquitto.conf"
        config.write_text(f"listener {port} {HOST}\nallow_anonymous true\npersistence false\n")
        process = subprocess.Popen(  # noqa: S603 - a fixed program with our own configuration
            [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
        )
        try:
            _await_listener(port, lambda: process.poll() is None)
            yield
        finally:
            process.terminate()
            process.wait(_START_S)


@contextmanager
def _amqtt(port: int) -> Iterator[None]:
    try:
        from amqtt.broker import Broker  # noqa: PLC0415 - an extra
        from amqtt.errors import AMQTTError  # noqa: PLC0415
        from amqtt.errors import BrokerError as AmqttError  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra("amqtt") from error
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)  # its chatter is not the demo's
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }

    async def start(loop: asyncio.AbstractEventLoop) -> Broker:
        broker = Broker(config, loop)
        await broker.start()
        return broker

    with _loop_in_thread() as loop:
        try:
            broker = asyncio.run_coroutine_threadsafe(start(loop), loop).result(_START_S)
        except (AMQTTError, AmqttError, OSError, FutureTimeout) as error:
            raise _not_started(port) from error
        try:
            yield
        finally:
            # amqtt waits forever for a client that leaves at the same moment; what is left then is abandoned below
            with suppress(FutureTimeout, AMQTTError, AmqttError):
                asyncio.run_coroutine_threadsafe(broker.shutdown(), loop).result(_END_S)


class _Loop(asyncio.SelectorEventLoop):
    """Knows its servers, so that they end even where whoever began them does not end them."""

    def __init__(self) -> None:
        super().__init__()
        self._servers: list[asyncio.Server] = []

    async def create_server(self, *args: Any, **options: Any) -> asyncio.Server:
        server = await super().create_server(*args, **options)
        self._servers.append(server)
        return server

    async def abandon(self) -> None:
        """Listen no more, and cancel what still runs."""
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=_END_S / 2)


@contextmanager
def _loop_in_thread() -> Iterator[asyncio.AbstractEventLoop]:
    loop = _Loop()
    thread = threading.Thread(target=loop.run_forever, name="amqtt", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(loop.abandon(), loop).result(_START_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_S)
        loop.close()


def _await_listener(port: int, alive: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and alive():
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.02)
    raise _not_started(port)


def _not_started(port: int) -> BrokerError:
    return BrokerError(f"the demo's broker did not start on port {port}: choose another with --port")
