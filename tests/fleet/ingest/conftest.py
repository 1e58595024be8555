"""An intake on each kind of database."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from edgeguard.fleet.config import Ingest
from edgeguard.fleet.ingest.intake import Intake
from tests.fleet.ingest.messages import NOW


@pytest.fixture
def intake_of(database):
    """Makes an intake of the database: a worker's."""

    def make(now_ms=lambda: NOW, **config):
        return Intake(database, msgspec.structs.replace(Ingest(), **config), now_ms)

    return make


@pytest.fixture
def intake(intake_of):
    return intake_of()


@pytest.fixture
def all_rows(database):
    """All rows of a table, in order of a column."""

    def read(table, *order):
        with database.reading() as connection:
            return connection.execute(select(table).order_by(*order)).all()

    return read
