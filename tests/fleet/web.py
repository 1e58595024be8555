"""The real web application on a port of 127.0.0.1, with people who are logged in; as fixtures."""

from __future__ import annotations

import itertools
import re
import shutil
import threading
from contextlib import ExitStack, contextmanager
from functools import cache

import argon2
import httpx
import pytest
from msgspec.structs import replace

from edgeguard.fleet import passwords, web_server
from edgeguard.fleet.actions import entry
from edgeguard.fleet.api.app import create_app
from edgeguard.fleet.api.gate import cookie_name
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.secret import csrf_from
from edgeguard.fleet.store import accounts, audit
from edgeguard.fleet.store.database import Database

PASSWORD = "correct horse battery staple"
_NUMBERS = itertools.count(1)
START_MS = 1_790_000_000_000


@cache
def _hashed_by(hasher):
    return hasher.hash(PASSWORD)


def password_hash():
    return _hashed_by(passwords._HASHER)


@pytest.fixture
def quick_hashes(monkeypatch):
    """Argon2 with a thousandth of its cost: what is tested here is not how slow it is."""
    monkeypatch.setattr(passwords, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


def add_person(database, name, role="viewer", now_ms=START_MS):
    """A user with PASSWORD; their number."""
    with database.writing() as connection:
        user_id = accounts.add(connection, name, role, now_ms)
        accounts.change(connection, user_id, password_hash=password_hash())
        return user_id


class Server:
    """One that runs; its clock stands still until `now_ms` is set."""

    def __init__(self, database, config, pages):
        self.database, self.now_ms = database, START_MS
        self.socket = web_server.listen(config.web)
        config = replace(config, web=replace(config.web, port=self.socket.getsockname()[1]))
        self.parts = Parts(database, config, now_ms=lambda: self.now_ms)
        self.app = create_app(self.parts, pages=pages)
        self.url = f"http://127.0.0.1:{config.web.port}"
        self.clients = []
        ready = threading.Event()
        self.uvicorn = web_server.WebServer(self.app, config.web, ready.set)
        self.thread = threading.Thread(target=self.uvicorn.run, args=([self.socket],))
        self.thread.start()
        assert ready.wait(30)

    def stranger(self, **headers):
        """A browser or program that nobody is logged in with."""
        self.clients.append(httpx.Client(base_url=self.url, headers=headers))
        return self.clients[-1]

    def person(self, role="viewer"):
        """A client of somebody new who is logged in; it sends the CSRF token. `.user_id` and `.name` are theirs."""
        name = f"{role}-{next(_NUMBERS)}"
        user_id = add_person(self.database, name, role)
        with self.database.writing() as connection:
            cookie = entry.begin(connection, accounts.user(connection, user_id), "test", "", self.now_ms)
        client = self.stranger(**{"X-CSRF-Token": csrf_from(cookie)})
        client.cookie = f"{cookie_name(self.parts.config.web)}={cookie}"
        client.headers["Cookie"] = client.cookie
        client.user_id, client.name = user_id, name
        return client

    def stop(self):
        for client in self.clients:
            client.close()
        self.uvicorn.should_exit = True
        self.thread.join(20)
        self.socket.close()
        assert not self.thread.is_alive()


@contextmanager
def running(path, pages=False, **tables):
    """The application on the migrated SQLite database at `path`; `tables` are those of the config."""
    config = FleetConfig(**tables)
    database = Database(f"sqlite:///{path}")
    server = Server(database, replace(config, web=replace(config.web, port=0)), pages)
    try:
        yield server
    finally:
        server.stop()
        database.close()


@pytest.fixture
def serve(tmp_path, sqlite_template):
    """Starts an application of one's own, as `running` does."""
    with ExitStack() as stack:

        def start(pages=False, **tables):
            path = shutil.copy(sqlite_template, tmp_path / "web.db")
            return stack.enter_context(running(path, pages, **tables))

        yield start


@pytest.fixture(scope="session")
def server(tmp_path_factory, sqlite_template):
    """An application for everybody: leave its clock alone, and meet only people of your own."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("web") / "web.db")
    with running(path) as server:
        yield server


def form_of(page):
    """The token in a page's form."""
    return re.search(r'name="form" value="([^"]+)"', page.text)[1]


def audited(database):
    """(who, what, whom), oldest first."""
    with database.reading() as connection:
        rows = audit.entries(connection, limit=1000).rows
    return [(row.name, row.action, row.subject) for row in reversed(rows)]
