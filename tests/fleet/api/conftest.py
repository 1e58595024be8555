"""A small server for each test."""

import pytest

from tests.fleet.api.small_server import SmallServer


@pytest.fixture
def server(new_database, sqlite_template):
    with SmallServer(new_database("sqlite", sqlite_template)) as made:
        yield made
