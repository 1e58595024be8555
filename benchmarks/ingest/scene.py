"""Broker, database, publisher and receivers, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.config import Ingest
from edgeguard.fleet.ingest.intake import Intake
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.schema_version import migrate
from edgeguard.fleet.store.tables import boots, quarantine, summaries
from edgeguard.telemetry.subscriber import Delivery
from edgeguard.telemetry.topics import Address

_BROKER: Final = "max_inflight_messages 0\nmax_queued_messages 0\n"
_PATIENCE_S: Final = 300.0
_POLL_S: Final = 0.05


@dataclass
class Scene:
    """What all cases share: PostgreSQL, and how much is sent.

    Attributes:
        folder: For brokers and SQLite files.
        devices: That send.
        rounds: Summaries of each in the timed part; one more goes ahead of it.
    """

    folder: Path
    devices: int
    rounds: int
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Scene:
        from tests.postgres import Postgres

        self.postgres = Postgres(fsync=True)
        self._open.callback(self.postgres.remove)
        self.postgres.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def messages(self) -> int:
        """In the timed part."""
        return self.devices * self.rounds

    @contextmanager
    def broker(self) -> Iterator[int]:
        """A fresh Mosquitto, that remembers no earlier subscriber: its port."""
        from tests.brokers import Mosquitto

        broker = Mosquitto(self.folder, _BROKER)
        try:
            yield broker.start().port
        finally:
            broker.kill()

    def database(self, kind: str, name: str) -> Database:
        """A fresh migrated database."""
        sqlite = f"sqlite:///{self.folder / name}.db"
        database = Database(self.postgres.new_database() if kind == "postgresql" else sqlite)
        migrate(database)
        return database

    def publisher(self, port: int, first: int, last: int) -> subprocess.Popen[str]:
        """A publisher of rounds `first` to `last`, ready to begin."""
        return _ready("benchmarks.ingest.publisher", port, self.devices, first, last, 1)


def bare(scene: Scene) -> dict[str, float]:
    """Figures of the subscriber that only counts."""
    with scene.broker() as port:
        subscriber = _ready("benchmarks.ingest.bare", port, scene.messages)
        publisher = scene.publisher(port, 1, 1 + scene.rounds)
        began = time.time()
        _begin(publisher)
        ended, used_s = map(float, _line(subscriber).split())
        return _figures(scene, ended - began, used_s) | {"published_per_s": scene.messages / float(_line(publisher))}


def workers(scene: Scene, kind: str, count: int) -> dict[str, float]:
    """Figures of ingest workers, from the first message published to the last row committed."""
    with scene.broker() as port, ExitStack() as stack:
        database = scene.database(kind, f"{kind}-{count}")
        stack.callback(database.close)
        started = [_worker(port, database, f"worker-{k}") for k in range(count)]
        for worker in started:
            stack.callback(_stop, worker)
        _begin(scene.publisher(port, 0, 1))
        _until_committed(database, scene.devices)
        used_before = sum(_used_s(worker.pid) for worker in started)
        publisher = scene.publisher(port, 1, 1 + scene.rounds)
        began = time.time()
        _begin(publisher)
        ended = _until_committed(database, scene.devices + scene.messages)
        used_s = sum(_used_s(worker.pid) for worker in started) - used_before
        with database.reading() as connection:
            rows = connection.execute(select(func.count()).select_from(summaries)).scalar_one()
        if rows != scene.devices + scene.messages:
            raise EdgeGuardError(f"{rows} rows of {scene.devices + scene.messages} messages")
        return _figures(scene, ended - began, used_s) | {"published_per_s": scene.messages / float(_line(publisher))}


def _figures(scene: Scene, seconds: float, used_s: float) -> dict[str, float]:
    return {"messages_per_s": scene.messages / seconds, "processor_us_per_message": 1e6 * used_s / scene.messages}


def _worker(port: int, database: Database, name: str) -> subprocess.Popen[str]:
    url = database.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    words = ["-m", "edgeguard", "fleet", "ingest", "--database", url, "--broker", f"mqtt://127.0.0.1:{port}"]
    return _started([*words, "--name", name])


def unknown(scene: Scene, devices: int) -> dict[str, float]:
    """How a worker bears so many unknown ids that it takes none of in, without a broker between."""
    from benchmarks.ingest.payloads import payloads

    now_ms = time.time_ns() // 1_000_000
    payload = payloads(now_ms, 1)[0]
    database = scene.database("postgresql", "unknown")
    intake = Intake(database, Ingest(registration="closed"))
    used, began = time.process_time(), time.perf_counter()
    for start in range(0, devices, 500):
        some = range(start, min(start + 500, devices))
        intake.write([Delivery(Address("x", f"id-{k}").topic("telemetry"), payload, now_ms) for k in some])
    seconds, used_s = time.perf_counter() - began, time.process_time() - used
    with database.reading() as connection:
        rows = connection.execute(select(func.count()).select_from(quarantine)).scalar_one()
    database.close()
    each = {"messages_per_s": devices / seconds, "processor_us_per_message": 1e6 * used_s / devices}
    return each | {"devices": devices, "quarantine_rows": rows}


def _until_committed(database: Database, messages: int) -> float:
    until = time.time() + _PATIENCE_S
    while time.time() < until:
        with database.reading() as connection:
            if (connection.execute(select(func.sum(boots.c.messages))).scalar_one() or 0) >= messages:
                return time.time()
        time.sleep(_POLL_S)
    raise EdgeGuardError(f"not all of {messages} messages were committed within {_PATIENCE_S:.0f} s")


def _used_s(pid: int) -> float:
    """Processor time of a process of this machine so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ready(module: str, *words: object) -> subprocess.Popen[str]:
    return _started(["-m", module, *map(str, words)])


def _started(words: list[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    _line(process)
    return process


def _line(process: subprocess.Popen[str]) -> str:
    if process.stdout is None or not (line := process.stdout.readline()):
        raise EdgeGuardError("a process of the benchmark ended early")
    return line


def _begin(publisher: subprocess.Popen[str]) -> None:
    if publisher.stdin is not None:
        publisher.stdin.write("\n")
        publisher.stdin.flush()


def _stop(worker: subprocess.Popen[str]) -> None:
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)
