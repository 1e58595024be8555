"""MQTT messages into committed rows, each once."""
