"""The messages and topics between device and fleet, and the MQTT session. No torch, no numpy models."""
