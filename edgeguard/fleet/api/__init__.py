"""The web application: REST, live events, metrics, health, and who may."""
