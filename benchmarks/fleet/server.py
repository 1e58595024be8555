"""`edgeguard fleet serve` as a process, with a user of ours to ask it."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

from edgeguard.fleet.actions.tokens import create
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.clock import unix_ms
from edgeguard.fleet.passwords import hashed
from edgeguard.fleet.store import accounts
from edgeguard.fleet.store.database import Database

NAME: Final = "benchmark"
PASSWORD: Final = "only for this measurement"
_START_S: Final = 60.0
_URL: Final = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Server:
    """Where it is, and a token that may read."""

    url: str
    token: str


@contextmanager
def serving(database: Database) -> Iterator[Server]:
    """A server on the database, until the block ends."""
    token = _let_in(database)
    url = database.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    words = [sys.executable, "-m", "edgeguard", "fleet", "serve", "--no-ingest", "--port", "0"]
    environment = {**os.environ, "EDGEGUARD_DATABASE_URL": url}
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield Server(_address(process), token)
    finally:
        process.terminate()
        process.wait(30)


def _let_in(database: Database) -> str:
    """Make the user and a token of theirs."""
    now_ms = unix_ms()
    with database.writing() as connection:
        found = accounts.user_named(connection, NAME)
        number = accounts.add(connection, NAME, "admin", now_ms) if found is None else found.id
        accounts.change(connection, number, password_hash=hashed(PASSWORD))
    return create(database, Actor(number, NAME, frozenset({"read"})), "benchmark", ["read"], 1, now_ms)[1]


def _address(process: subprocess.Popen[str]) -> str:
    """As the server says it."""
    lines: queue.Queue[str] = queue.Queue()
    if process.stdout is None:
        raise TypeError("the server's output is not read")
    threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True).start()
    until = time.monotonic() + _START_S
    while not (found := _URL.search(lines.get(timeout=max(0.1, until - time.monotonic())))):
        pass
    return found[0]


def _pump(stream: IO[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
