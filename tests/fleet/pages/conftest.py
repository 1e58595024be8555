"""A running server with a ward of devices, with a cohort of wearers, without any device, or with tables gone."""

import shutil

import pytest

from edgeguard.fleet.store import tables
from edgeguard.fleet.store.database import Database
from tests.browser import contexts, visit  # noqa: F401 - fixtures
from tests.fleet.pages import cohort as wearers_in_groups
from tests.fleet.pages import ward
from tests.fleet.web import START_MS, running

FILLED = {"ward": ward.fill, "cohort": wearers_in_groups.fill, "empty": lambda *_: None}


@pytest.fixture(scope="session")
def pages_server(tmp_path_factory, sqlite_template):
    """One server for all tests of pages: NiceGUI knows one application a process. It begins with the ward."""
    folder = tmp_path_factory.mktemp("pages")
    databases = {name: Database(f"sqlite:///{shutil.copy(sqlite_template, folder / name)}") for name in FILLED}
    for name, fill in FILLED.items():
        fill(databases[name], START_MS)
    with running(folder / "ward", pages=True) as server:
        server.engines = {name: database.engine for name, database in databases.items()}
        yield server
    for database in databases.values():
        database.close()


def _with(name):
    def fixture(pages_server):
        own = pages_server.database.engine
        pages_server.database.engine = pages_server.engines[name]
        yield pages_server
        pages_server.database.engine = own

    return pytest.fixture(fixture)


full = _with("ward")
cohort = _with("cohort")
empty = _with("empty")


@pytest.fixture
def broken(pages_server):
    """Calling it takes the tables of devices, alarms and models away until the test is over."""
    taken = []

    def take():
        for table in (tables.devices, tables.alarms, tables.deployments):
            _rename(pages_server, table.name, f"{table.name}_away")
            taken.append(table.name)

    yield take
    for name in taken:
        _rename(pages_server, f"{name}_away", name)


def _rename(server, old, new):
    with server.engines["ward"].begin() as connection:
        connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
