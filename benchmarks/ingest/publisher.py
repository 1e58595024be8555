"""Publishes prepared packets as fast as the broker takes them: ``python -m benchmarks.ingest.publisher PORT …``.

A socket and no MQTT library: what is measured is who receives.
"""

from __future__ import annotations

import socket
import sys
import time
from typing import Final

from benchmarks.ingest.payloads import packets

_WINDOW: Final = 2000  # packets that the broker has not acknowledged
_CHUNK: Final = 100
_CONNECT: Final = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04push"


def publish(port: int, prepared: list[bytes]) -> None:
    """Send all, and wait until the broker has acknowledged all."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(_CONNECT)
        _receive(connection, 4)
        acknowledged = 0
        for start in range(0, len(prepared), _CHUNK):
            connection.sendall(b"".join(prepared[start : start + _CHUNK]))
            while start + _CHUNK - acknowledged // 4 > _WINDOW:
                acknowledged += len(connection.recv(1 << 16))
        _receive(connection, 4 * len(prepared) - acknowledged)


def _receive(connection: socket.socket, size: int) -> None:
    while size:
        size -= len(connection.recv(min(size, 1 << 16)))


def main() -> None:
    """Prepare, say so, wait for a line, publish, say how long it took."""
    port, devices, first, last, seed = map(int, sys.argv[1:])
    prepared = list(packets(devices, range(first, last), time.time_ns() // 1_000_000, seed))
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    publish(port, prepared)
    print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
