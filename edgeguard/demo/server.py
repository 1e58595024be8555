"""The demo's fleet half: the server as a process of its own, and what it knows of the attacked device."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from edgeguard import files
from edgeguard.demo.line import DEVICE, LineBroken
from edgeguard.fleet.store.alarms import AlarmRow, alarms
from edgeguard.fleet.store.database import Database

_START_S: Final = 60.0
_END_S: Final = 15.0
_LATE_S: Final = 20.0
_SETUP: Final = "/setup#"


@dataclass(frozen=True)
class FleetServer:
    """What runs.

    Attributes:
        setup_link: Where a browser makes the first user, once.
        database_url: Where it keeps everything.
    """

    setup_link: str
    database_url: str

    def alarms_of_the_device(self) -> list[AlarmRow]:
        """The demo's device in the alarm queue, the newest first; LineBroken where it has not come there."""
        until = time.monotonic() + _LATE_S
        with closing(Database(self.database_url)) as database:
            while time.monotonic() < until:
                with database.reading() as connection:
                    found = [row for row in alarms(connection, limit=1000).rows if row.device == DEVICE.device]
                if found:
                    return found
                time.sleep(0.1)
        raise LineBroken(f"no alarm of {DEVICE.device} came into the server's alarm queue")


@contextmanager
def fleet_server(folder: Path, broker_url: str) -> Iterator[FleetServer]:
    """Serve the pages on 127.0.0.1 and take in what comes over the broker, until the block ends.

    LineBroken where the server does not start.
    """
    for leftover in folder.glob("fleet.db*"):  # of an earlier demo, whose broker is gone
        leftover.unlink()
    database_url = f"sqlite:///{(folder / 'fleet.db').resolve()}"
    config, log = folder / "fleet.toml", folder / "fleet.log"
    files.write_text(
        config,
        f"[broker]\nurl = {json.dumps(broker_url)}\n[database]\nurl = {json.dumps(database_url)}\n[web]\nport = 0\n",
    )
    command = [sys.executable, "-m", "edgeguard", "fleet", "serve", "--config", str(config)]
    with log.open("wb") as errors, running(command, errors) as process:
        yield FleetServer(_setup_link(process, log), database_url)


@contextmanager
def running(command: list[str], errors: IO[bytes]) -> Iterator[subprocess.Popen[str]]:
    """A process of ourselves for as long as the block lasts, however it ends."""
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
            process.kill()


def _setup_link(process: subprocess.Popen[str], log: Path) -> str:
    """The link among what the server says first; what it says later is read too, so that it never waits for us."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    stream = process.stdout
    if stream is None:
        raise ValueError("the server's output must be a pipe")

    def read() -> None:
        with suppress(ValueError):  # closed
            for line in stream:
                lines.put(line)
        lines.put("")

    threading.Thread(target=read, name="fleet-server-output", daemon=True).start()
    until = time.monotonic() + _START_S
    with suppress(queue.Empty):
        while line := lines.get(timeout=max(0.0, until - time.monotonic())):
            for word in line.split():
                if _SETUP in word:
                    return word
    raise LineBroken(f"the fleet server did not start: see {log}")
