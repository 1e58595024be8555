"""A real broker for the whole line."""

from tests.brokers import listen, mosquitto, mosquitto_for  # noqa: F401 - fixtures
