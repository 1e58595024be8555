"""Real brokers for the session's tests."""

from tests.brokers import listen, mosquitto, mosquitto_for  # noqa: F401 - fixtures
