"""The connection to the database: SQLite by default, PostgreSQL by URL; the library's errors are translated here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from edgeguard.errors import ConfigError, MissingExtra, StoreError, StoreUnavailable

try:
    from sqlalchemy import Connection, create_engine, event, text
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError
except ImportError as error:
    raise MissingExtra("sqlalchemy") from error

__all__ = ["DEFAULT_URL", "Connection", "Database"]  # Connection for actions, whose transactions span statements

DEFAULT_URL: Final = "sqlite:///edgeguard-fleet.db"
_BUSY_S: Final = 30.0


class Database:
    """A pool of connections; safe to share between threads, not between processes.

    Args:
        url: ``sqlite:///path`` or ``postgresql://user:password@host/name``; the password never shows in an error.

    Attributes:
        dialect: ``sqlite`` or ``postgresql``.
        shown: The URL without its password.
    """

    def __init__(self, url: str = DEFAULT_URL) -> None:
        parsed = _parsed(url)
        self.shown = parsed.render_as_string(hide_password=True)
        self.dialect = parsed.get_backend_name()
        try:
            self.engine = create_engine(parsed, hide_parameters=True, **_options(self.dialect))
        except ImportError as error:
            raise MissingExtra("psycopg") from error
        if self.dialect == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the data and changes nothing; StoreUnavailable, StoreError."""
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._translated(), self.engine.connect() as connection:
            yield connection.execution_options(**options if self.dialect == "postgresql" else {})

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at the end of the block, or rolled back by what is raised in it."""
        with self._translated(), self.engine.connect() as pooled:
            connection = pooled.execution_options(edgeguard_writes=True)
            with connection.begin():
                yield connection

    def ping(self) -> None:
        """StoreUnavailable unless the database answers."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError) as error:
            raise StoreError(f"the database {self.shown} refuses a row: {_reason(error)}") from error
        except DBAPIError as error:
            raise StoreUnavailable(f"the database {self.shown} cannot be used: {_reason(error)}") from error
        except SQLAlchemyError as error:
            raise StoreError(f"the database {self.shown}: {error}") from error


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, SQLAlchemyError) as error:
        raise ConfigError("the database's URL is malformed: write sqlite:///path or postgresql://host/name") from error
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise ConfigError(f"a database of kind {backend!r} is not supported: write sqlite:///path or postgresql://…")
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    return parsed


def _options(dialect: str) -> dict[str, Any]:
    if dialect == "sqlite":
        return {"connect_args": {"timeout": _BUSY_S, "check_same_thread": False}}
    return {"pool_pre_ping": True, "pool_size": 5, "max_overflow": 10, "connect_args": {"connect_timeout": 5}}


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves: the driver would begin them too late
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Writers queue up from their first statement: a reader that turns writer would fail at once."""
    writes = connection.get_execution_options().get("edgeguard_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _reason(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]
