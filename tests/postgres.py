"""A real PostgreSQL of our own, and a migrated database of either kind, as fixtures."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.schema_version import migrate
from tests.brokers import eventually, free_port

TEMPLATE = "edgeguard_template"
_QUICK = ("fsync=off", "full_page_writes=off")  # a killed server still keeps what it has committed


def program(name: str) -> Path | None:
    """One of PostgreSQL's programs; Debian keeps them off the PATH."""
    if found := shutil.which(name):
        return Path(found)
    return max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), default=None)


class Postgres:
    """A server on a free port of 127.0.0.1 with its data in a folder of its own.

    `fsync`: wait for the disk at every commit, as in production.
    """

    def __init__(self, fsync: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="edgeguard-postgres-"))
        self.port = free_port()
        self.settings = () if fsync else _QUICK
        self.process: subprocess.Popen[bytes] | None = None
        self.numbers = itertools.count(1)
        self.as_user = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to be root
            self.as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "edgeguard", "--auth", "trust", "--no-sync",
                  "--encoding", "UTF8", "--locale", "C")  # fmt: skip

    def _run(self, name: str, *words: str) -> None:
        subprocess.run([program(name), *words], cwd=self.folder, check=True, capture_output=True, **self.as_user)

    def start(self) -> Postgres:
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", *self.settings)
        options = [word for setting in settings for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *options],
                cwd=self.folder, stdout=log, stderr=log, **self.as_user,
            )  # fmt: skip
        eventually(self._answers)
        return self

    def stop(self, mode: str = "fast") -> None:
        """`fast` breaks connections off; `immediate` is a crash: the next start recovers from the log."""
        if self.process is not None:
            self.process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
            self.process.wait(30)
            self.process = None

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://edgeguard@127.0.0.1:{self.port}/{name}"

    def new_database(self, template: str = "template1") -> str:
        """The URL of a database that nobody else has: empty, or a copy of `template`."""
        name = f"test_{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture(scope="session")
def postgres_for():
    """Makes a PostgreSQL that is not started yet; all are killed and removed at the end."""
    if program("initdb") is None:
        message = "PostgreSQL's initdb is neither on the PATH nor in /usr/lib/postgresql: install it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    made = []

    def make(fsync=False):
        made.append(Postgres(fsync))
        return made[-1]

    yield make
    for server in made:
        server.remove()


@pytest.fixture(scope="session")
def postgres(postgres_for):
    """One PostgreSQL for everybody: use a database of your own."""
    return postgres_for().start()


@pytest.fixture(scope="session")
def postgres_template(postgres):
    """The name of a migrated database to copy: that is ten times faster than to migrate each."""
    postgres.execute(f"CREATE DATABASE {TEMPLATE}")
    made = Database(postgres.url(TEMPLATE))
    migrate(made)
    made.close()
    return TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    made = Database(f"sqlite:///{path}")
    migrate(made)
    with made.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    made.close()
    return path


@pytest.fixture
def new_database(request, tmp_path):
    """Makes the URL of an empty database of a dialect that nobody else has."""
    numbers = itertools.count(1)
    dropped = []

    def make(dialect, template=None):
        if dialect == "sqlite":
            path = tmp_path / f"fleet-{next(numbers)}.db"
            if template is not None:
                shutil.copy(template, path)
            return f"sqlite:///{path}"
        server = request.getfixturevalue("postgres")
        url = server.new_database(template or "template1")
        dropped.append((server, url))
        return url

    yield make
    for server, url in dropped:
        server.drop(url)


@pytest.fixture
def postgres_database(new_database, postgres_template):
    """An empty, migrated database for what only PostgreSQL has."""
    made = Database(new_database("postgresql", postgres_template))
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, new_database):
    """An empty, migrated database: each test runs on both kinds."""
    template = "postgres_template" if request.param == "postgresql" else "sqlite_template"
    made = Database(new_database(request.param, request.getfixturevalue(template)))
    yield made
    made.close()
