"""The server's side: broker, PostgreSQL and ingest workers, each a process that can be killed and started again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import psycopg

from benchmarks.faults.broker import PersistentBroker
from benchmarks.fleet_loss.audit import Account, account
from benchmarks.fleet_loss.traffic import Key
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.schema_version import migrate
from tests.postgres import Postgres

_CONFIG: Final = """\
[broker]
url = "{broker}"
[database]
url = "{database}"
[ingest]
name = "{name}"
"""
_ROWS: Final = """\
SELECT device, boots.boot, seq, 'telemetry' FROM summaries JOIN boots ON boots.id = boot_id
    JOIN devices ON devices.id = boots.device_id
UNION ALL
SELECT device, boots.boot, seq, 'alert' FROM alerts JOIN boots ON boots.id = boot_id
    JOIN devices ON devices.id = boots.device_id
"""
_LEDGER: Final = (
    "SELECT device, boots.boot, boots.received, boots.missing FROM boots JOIN devices ON devices.id = device_id"
)
_SIZE: Final = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'summaries'::regclass"
_COUNT: Final = "SELECT (SELECT count(*) FROM summaries) + (SELECT count(*) FROM alerts)"


class IngestWorker:
    """``edgeguard fleet ingest`` as a process of its own.

    Attributes:
        revivals: How often it ended by itself, as where there was no database at its start, and was started again.
    """

    def __init__(self, folder: Path, name: str, broker: str, database: str) -> None:
        self.revivals = 0
        self.output = folder / f"{name}.log"
        self._config = folder / f"{name}.toml"
        self._config.write_text(_CONFIG.format(broker=broker, database=database, name=name), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it may not be running."""
        words = [sys.executable, "-m", "edgeguard", "fleet", "ingest", "--config", str(self._config)]
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                words, stdout=output, stderr=output, env={**os.environ, "OMP_NUM_THREADS": "1"}
            )

    def kill(self) -> None:
        """SIGKILL, whatever it is doing; harmless when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def revive(self) -> None:
        """Start it again if it has ended by itself, as systemd would."""
        if self._process is None or self._process.poll() is not None:
            self.revivals += 1
            self.start()

    def stop(self, patience_s: float = 30.0) -> int:
        """SIGTERM; its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(patience_s)

    def tracebacks(self) -> int:
        """How many errors nobody had foreseen are in its output."""
        return self.output.read_text(encoding="utf-8", errors="replace").count("Traceback (most recent call last)")


class Site:
    """Opened with `with`: everything started; nothing is left of it at the end.

    Args:
        folder: Where everything writes, but for the database.
        autosave: When the broker writes what it holds; see `benchmarks.faults.broker`.
        workers: How many share the subscription.
    """

    def __init__(self, folder: Path, autosave: str, workers: int = 2) -> None:
        self.broker = PersistentBroker(folder / "broker", autosave)
        self.postgres = Postgres(fsync=True)
        self.broker_url = f"mqtt://127.0.0.1:{self.broker.port}"
        url = self.postgres.url()
        names = [f"worker-{number}" for number in range(1, workers + 1)]
        self.workers: Sequence[IngestWorker] = [IngestWorker(folder, name, self.broker_url, url) for name in names]

    def __enter__(self) -> Site:
        with ExitStack() as opened:
            opened.callback(self.postgres.remove)
            self.postgres.start()
            database = Database(self.postgres.url())
            migrate(database)
            database.close()
            opened.callback(self.broker.kill)
            self.broker.start()
            for worker in self.workers:
                opened.callback(worker.kill)
                worker.start()
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def rows(self) -> int:
        """Summaries and alerts so far."""
        return int(self._ask(_COUNT)[0][0])

    def devices(self) -> int:
        """That the database knows."""
        return int(self._ask("SELECT count(*) FROM devices")[0][0])

    def summary_bytes(self) -> float:
        """Of disk for each summary, indexes included."""
        return float(self._ask(_SIZE)[0][0]) / int(self._ask("SELECT count(*) FROM summaries")[0][0])

    def wait_until(self, condition: Callable[[], bool], complaint: str, patience_s: float = 600.0) -> None:
        """Until `condition()` is true; workers that ended by themselves are started again. TimeoutError."""
        until = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"{complaint} within {patience_s:g} s")
            for worker in self.workers:
                worker.revive()
            time.sleep(0.05)

    def wait_settled(self, wanted: int, quiet_s: float, patience_s: float) -> None:
        """Until there are so many rows, or none came for `quiet_s`; workers that ended by themselves are revived."""
        until = time.monotonic() + patience_s
        count, since = self.rows(), time.monotonic()
        while count < wanted and time.monotonic() < min(until, since + quiet_s):
            time.sleep(0.1)
            for worker in self.workers:
                worker.revive()
            if (now := self.rows()) != count:
                count, since = now, time.monotonic()

    def account(self, sent: frozenset[Key]) -> Account:
        """What became of every message that was sent."""
        ledger = self._ask(_LEDGER)
        return account(
            sent,
            (Key(*row) for row in self._ask(_ROWS)),
            {(device, boot): received for device, boot, received, _ in ledger},
            gaps=sum(missing for *_, missing in ledger),
            set_aside=int(self._ask("SELECT coalesce(sum(messages), 0) FROM quarantine")[0][0]),
        )

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        """By a client of our own, not by the store that is to be proved."""
        with psycopg.connect(self.postgres.url()) as connection:
            return connection.execute(query.encode()).fetchall()
