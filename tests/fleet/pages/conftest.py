"""A running server with a ward of devices, and the same without any, or with its tables gone."""

import shutil

import pytest

from edgeguard.fleet.store import tables
from edgeguard.fleet.store.database import Database
from tests.browser import chromium, contexts, visit  # noqa: F401 - fixtures
from tests.fleet.pages import ward
from tests.fleet.web import START_MS, running


@pytest.fixture(scope="session")
def ward_server(tmp_path_factory, sqlite_template):
    """One server for all tests of pages: NiceGUI knows one application a process."""
    folder = tmp_path_factory.mktemp("pages")
    path, other = (shutil.copy(sqlite_template, folder / f"{name}.db") for name in ("ward", "empty"))
    with running(path, pages=True) as server:
        ward.fill(server.database, START_MS)
        server.engines = {"ward": server.database.engine, "empty": Database(f"sqlite:///{other}").engine}
        yield server
    server.engines["empty"].dispose()


@pytest.fixture
def full(ward_server):
    """The server with the ward."""
    return ward_server


@pytest.fixture
def empty(ward_server):
    """The server without any device."""
    ward_server.database.engine = ward_server.engines["empty"]
    yield ward_server
    ward_server.database.engine = ward_server.engines["ward"]


@pytest.fixture
def broken(ward_server):
    """Calling it takes the tables of devices and alarms away until the test is over."""
    taken = []

    def take():
        for table in (tables.devices, tables.alarms, tables.deployments):
            _rename(ward_server, table.name, f"{table.name}_away")
            taken.append(table.name)

    yield take
    for name in taken:
        _rename(ward_server, f"{name}_away", name)


def _rename(server, old, new):
    with server.engines["ward"].begin() as connection:
        connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
