"""Devices: who they are, when they were there, and which model they ran."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Double, Index, Integer, String, Table, Text, UniqueConstraint

from edgeguard.fleet.store.tables.metadata import METADATA, Id, Json, Ms, key, reference

# Models. `name` and `version` are empty until a device's state has named them.
bundles: Final = Table(
    "bundles",
    METADATA,
    key(),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("name", String(64), nullable=False, server_default=""),
    Column("version", String(64), nullable=False, server_default=""),
    Column("first_seen_ms", Ms, nullable=False),
)

# One row a device, kept so that the fleet page reads nothing else. `*_day` and `open_alarms` are brought up to date by
# the upkeep; all else by ingest.
devices: Final = Table(
    "devices",
    METADATA,
    key(),
    Column("fleet", String(64), nullable=False),
    Column("device", String(64), nullable=False),
    Column("first_seen_ms", Ms, nullable=False),
    Column("last_seen_ms", Ms, nullable=False),  # when its newest message came
    Column("status", String(8), nullable=False, server_default="unknown"),  # online, stopped, offline, unknown
    Column(
        "status_ms", Ms, nullable=False, server_default="0"
    ),  # the state's own time_ms: an older one changes nothing
    Column("boot", String(16), nullable=False, server_default=""),
    Column("software", String(64), nullable=False, server_default=""),
    reference("bundle_id", "bundles", nullable=True, ondelete="SET NULL"),
    Column("sources", Json, nullable=False, server_default="[]"),
    Column("clock_offset_ms", Ms),  # its clock minus ours where that is out of bounds, else NULL
    Column("waiting", Id, nullable=False, server_default="0"),  # messages in its spool
    Column("dropped", Json, nullable=False, server_default="{}"),  # lost by its spool, by kind
    Column("battery", Double),  # the wearable's, in [0, 1]
    Column("limited", Id, nullable=False, server_default="0"),  # its messages that the rate limit refused
    Column("limited_ms", Ms),  # when it last did
    Column("missing", Id, nullable=False, server_default="0"),  # gaps in its seq, in messages, over all boots
    Column("windows_day", Id, nullable=False, server_default="0"),  # of the last 24 hours
    Column("rejected_day", Id, nullable=False, server_default="0"),
    Column("alarms_day", Id, nullable=False, server_default="0"),  # windows over the threshold
    Column("disagreement_day", Double),  # mean
    Column("open_alarms", Integer, nullable=False, server_default="0"),  # alarms nobody has closed
    Column("largest_alarm", Id, nullable=False, server_default="0"),  # most windows in a window alarm of them
    Column("lasting_alarms", Integer, nullable=False, server_default="0"),  # those of them that go on for minutes
    UniqueConstraint("fleet", "device"),
)
Index("ix_devices_last_seen_ms", devices.c.last_seen_ms)
Index("ix_devices_open_alarms", devices.c.open_alarms)

# What has come of each start of a device: the ledger that makes every row once, and shows what is missing.
boots: Final = Table(
    "boots",
    METADATA,
    key(),
    reference("device_id", "devices"),
    Column("boot", String(16), nullable=False),
    Column("first_ms", Ms, nullable=False),
    Column("last_ms", Ms, nullable=False),
    Column("received", Text, nullable=False),  # of seq, as ranges: "1-40,42-57"
    Column("messages", Integer, nullable=False),
    Column("missing", Id, nullable=False),  # between the first that came and the last
    UniqueConstraint("device_id", "boot"),
)

# Every change of a device's status, and of the model that it runs.
presence: Final = Table(
    "presence",
    METADATA,
    key(),
    reference("device_id", "devices"),
    Column("at_ms", Ms, nullable=False),
    Column("status", String(8), nullable=False),
    Column("boot", String(16), nullable=False),
    Index("ix_presence_device_id_at_ms", "device_id", "at_ms"),
)
deployments: Final = Table(
    "deployments",
    METADATA,
    key(),
    reference("device_id", "devices"),
    reference("bundle_id", "bundles", index=True),
    Column("since_ms", Ms, nullable=False),
    Column("until_ms", Ms),
    UniqueConstraint("device_id", "since_ms"),
)

commands: Final = Table(
    "commands",
    METADATA,
    Column("id", String(64), primary_key=True),
    reference("device_id", "devices"),
    Column("sent_ms", Ms, nullable=False),
    Column("action", String(16), nullable=False),
    Column("interval_s", Double),
    reference("user_id", "users", nullable=True, ondelete="SET NULL"),
    Column("answered_ms", Ms),
    Column("done", Boolean),
    Column("reason", String(200), nullable=False, server_default=""),
)
