"""A running server with a ward of devices, and the same without any, or with its tables gone."""

import shutil

import pytest

from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.store import tables
from edgeguard.fleet.store.database import Database
from tests.browser import chromium, contexts, visit  # noqa: F401 - fixtures
from tests.fleet.pages import cohort as wearers_in_groups
from tests.fleet.pages import ward
from tests.fleet.web import START_MS, Server, add_person

ROLES = ("viewer", "clinician", "admin")


@pytest.fixture(scope="session")
def running(tmp_path_factory, sqlite_template):
    """One server for all tests of pages: NiceGUI knows one application a process."""
    folder = tmp_path_factory.mktemp("pages")
    urls = {name: f"sqlite:///{folder / name}.db" for name in ("ward", "cohort", "empty")}
    for name, url in urls.items():
        shutil.copy(sqlite_template, folder / f"{name}.db")
        database = Database(url)
        for role in ROLES:
            add_person(database, role, role)
        if name == "ward":
            ward.fill(database, START_MS)
        if name == "cohort":
            wearers_in_groups.fill(database, START_MS)
        database.close()
    from msgspec.structs import replace

    config = FleetConfig()
    config = replace(config, web=replace(config.web, port=0))
    server = Server(Database(urls["ward"]), config, pages=True)
    others = {name: Database(urls[name]).engine for name in ("cohort", "empty")}
    server.engines = {"ward": server.database.engine, **others}
    yield server
    server.stop()
    for engine in server.engines.values():
        engine.dispose()


@pytest.fixture
def full(running):
    """The server with the ward."""
    return running


@pytest.fixture
def empty(running):
    """The server without any device."""
    running.database.engine = running.engines["empty"]
    yield running
    running.database.engine = running.engines["ward"]


@pytest.fixture
def cohort(running):
    """The server with a ward, wearers in groups, and many alarms."""
    running.database.engine = running.engines["cohort"]
    yield running
    running.database.engine = running.engines["ward"]


@pytest.fixture
def broken(running):
    """Calling it takes the tables of devices and alarms away until the test is over."""
    taken = []

    def take():
        for table in (tables.devices, tables.alarms, tables.deployments):
            _rename(running, table.name, f"{table.name}_away")
            taken.append(table.name)

    yield take
    for name in taken:
        _rename(running, f"{name}_away", name)


def _rename(server, old, new):
    with server.engines["ward"].begin() as connection:
        connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
