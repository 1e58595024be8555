"""Real brokers for the commands that need one."""

from tests.brokers import listen, mosquitto, mosquitto_for  # noqa: F401 - fixtures
