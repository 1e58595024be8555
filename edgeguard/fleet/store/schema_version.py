"""Which version of the schema a database is of, and the way to another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, inspect

from edgeguard.errors import MissingExtra, StoreError
from edgeguard.fleet.store.advisory import Lock, take
from edgeguard.fleet.store.database import Database

try:
    from alembic import command
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
except ImportError as error:
    raise MissingExtra("alembic") from error

_TABLE: Final = "alembic_version"


def head() -> str:
    """The newest version that this program knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(database: Database) -> str | None:
    """The version of the database; None where it has no schema."""
    with database.reading() as connection:
        return _version(connection)


def check(database: Database) -> None:
    """StoreError unless the schema is this program's."""
    found = current(database)
    if found == head():
        return
    if found is None:
        raise StoreError(f"the database {database.shown} has no tables yet: run edgeguard fleet migrate")
    _refuse_newer(database, found)
    raise StoreError(f"the database {database.shown} is of version {found}, not {head()}: run edgeguard fleet migrate")


def migrate(database: Database, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the schema to `revision`, up or down; all of it or nothing. Several at once queue up.

    Args:
        database: Any; one of a newer program is refused.
        revision: A version, ``head`` for the newest, ``base`` for none: all tables go.

    Returns:
        The versions before and after.

    Raises:
        StoreError: There is no such version, or the database is of a newer one.
    """
    with database.writing() as connection:
        take(connection, Lock.SCHEMA)
        before = _version(connection)
        if before is not None:
            _refuse_newer(database, before)
        _go(connection, before, revision)
        return before, _version(connection)


def _go(connection: Connection, before: str | None, revision: str) -> None:
    config = config_for(connection)
    script = ScriptDirectory.from_config(config)
    with _readable(revision):
        down = revision == "base" or (before is not None and revision in _ancestors(script, before))
        (command.downgrade if down else command.upgrade)(config, revision)


def _ancestors(script: ScriptDirectory, version: str) -> set[str]:
    return {one.revision for one in script.iterate_revisions(version, "base")} - {version}


@contextmanager
def _readable(revision: str) -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise StoreError(f"there is no version {revision!r} of the schema: {error}") from error


def _refuse_newer(database: Database, version: str) -> None:
    known = {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}
    if version not in known:
        raise StoreError(
            f"the database {database.shown} is of version {version}, which this edgeguard does not know: upgrade it"
        )


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_TABLE):
        return None
    return MigrationContext.configure(connection).get_current_revision()


def config_for(connection: Connection) -> Config:
    """Alembic's, for its commands on `connection`."""
    config = _config()
    config.attributes["connection"] = connection
    return config


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "edgeguard.fleet.store:migrations")
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "v%%(rev)s")
    return config
