"""No test in here waits for Argon2; a small server for each that asks for one."""

import pytest

from tests.fleet.api.small_server import SmallServer


@pytest.fixture(autouse=True)
def _quick(quick_hashes):
    pass


@pytest.fixture
def server(new_database, sqlite_template):
    with SmallServer(new_database("sqlite", sqlite_template)) as made:
        yield made
