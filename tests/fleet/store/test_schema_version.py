from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from edgeguard.errors import StoreError
from edgeguard.fleet.store import schema_version
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.tables import METADATA


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, new_database):
    database = Database(new_database(request.param))
    yield database
    database.close()


def tables_of(database):
    with database.reading() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version", "summaries_default"}


def test_up_makes_every_table_and_down_leaves_none(empty):
    assert schema_version.migrate(empty) == (None, schema_version.head())
    assert tables_of(empty) == set(METADATA.tables)
    assert schema_version.migrate(empty, "base") == (schema_version.head(), None)
    assert tables_of(empty) == set()
    assert schema_version.migrate(empty) == (None, schema_version.head())


def test_the_migrated_schema_is_what_the_tables_say(database):
    def ours(name, kind, _parents):
        return not (kind == "table" and (name or "").startswith("summaries_"))

    # SQLite gives defaults back in another spelling
    options = {"include_name": ours, "compare_server_default": database.dialect == "postgresql"}
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_a_database_is_checked_for_its_version(empty):
    with pytest.raises(StoreError, match="no tables yet: run edgeguard fleet migrate"):
        schema_version.check(empty)
    schema_version.migrate(empty)
    schema_version.check(empty)


@pytest.mark.parametrize("use", [schema_version.check, schema_version.migrate])
def test_a_database_of_a_newer_version_is_refused(database, use):
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="of version 9999, which this edgeguard does not know: upgrade it"):
        use(database)


def test_a_version_that_does_not_exist_changes_nothing(empty):
    with pytest.raises(StoreError, match="no version 'newest'"):
        schema_version.migrate(empty, "newest")
    assert tables_of(empty) == set()


def test_many_migrate_at_once(empty):
    with ThreadPoolExecutor(6) as pool:
        steps = list(pool.map(lambda _: schema_version.migrate(empty), range(6)))
    assert sorted(before is None for before, _ in steps) == [False] * 5 + [True]
    schema_version.check(empty)
