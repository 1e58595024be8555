"""Real databases and brokers for the fleet's tests."""

from tests.brokers import listen, mosquitto, mosquitto_for  # noqa: F401 - fixtures
from tests.postgres import (  # noqa: F401 - fixtures
    database,
    new_database,
    postgres,
    postgres_database,
    postgres_for,
    postgres_template,
    sqlite_template,
)
from tests.fleet.web import quick_hashes, serve, server  # noqa: F401 - fixtures
