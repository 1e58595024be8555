"""The schema, one module a subject; times are in milliseconds since 1970, UTC, by the server's clock unless said."""

from edgeguard.fleet.store.tables.accounts import attempts, audit, invitations, sessions, settings, tokens, users
from edgeguard.fleet.store.tables.alarms import alarms, alerts, comments, labels
from edgeguard.fleet.store.tables.devices import boots, bundles, commands, deployments, devices, presence
from edgeguard.fleet.store.tables.figures import (
    class_days,
    class_hours,
    days,
    hours,
    quarantine,
    stale_hours,
    summaries,
)
from edgeguard.fleet.store.tables.metadata import METADATA
from edgeguard.fleet.store.tables.wearers import attributes, fairness_alerts, wearers, wearings

__all__ = [
    "METADATA",
    "alarms",
    "alerts",
    "attempts",
    "attributes",
    "audit",
    "boots",
    "bundles",
    "class_days",
    "class_hours",
    "commands",
    "comments",
    "days",
    "deployments",
    "devices",
    "fairness_alerts",
    "hours",
    "invitations",
    "labels",
    "presence",
    "quarantine",
    "sessions",
    "settings",
    "stale_hours",
    "summaries",
    "tokens",
    "users",
    "wearers",
    "wearings",
]
