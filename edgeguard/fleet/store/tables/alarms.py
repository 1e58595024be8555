"""Alerts as they came, the alarms that they begin and end, and what people say of them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Boolean, Column, Double, Index, String, Table, Text, UniqueConstraint

from edgeguard.fleet.store.tables.metadata import METADATA, Id, Json, Ms, key, reference


def _verdict() -> list[Column[Any]]:
    """What the alert says of its window; see `edgeguard.telemetry.messages.Alert`."""
    return [
        Column("source", String(64), nullable=False),
        Column("kind", String(8), nullable=False),  # window, drift, slowdown
        reference("bundle_id", "bundles"),
        Column("window_start", Id, nullable=False),
        Column("score", String(64), nullable=False),
        Column("value", Double, nullable=False),
        Column("threshold", Double, nullable=False),
        Column("predicted", String(64), nullable=False),
        Column("confidence", Double, nullable=False),
        Column("probabilities", Json, nullable=False),  # the ensemble's, by class
        Column("exit_probabilities", Json, nullable=False),
    ]


alerts: Final = Table(
    "alerts",
    METADATA,
    reference("boot_id", "boots", primary_key=True),
    Column("seq", Id, primary_key=True, autoincrement=False),
    reference("device_id", "devices"),
    Column("at_ms", Ms, nullable=False),
    Column("received_ms", Ms, nullable=False),
    Column("raised", Boolean, nullable=False),
    Column("windows", Id, nullable=False),
    Column("suppressed", Id, nullable=False),
    *_verdict(),
    Index("ix_alerts_device_id_at_ms", "device_id", "at_ms"),
)

# From the alert that begins it to the one that ends it; also over where the device starts anew or changes its model.
alarms: Final = Table(
    "alarms",
    METADATA,
    key(),
    reference("device_id", "devices"),
    reference("boot_id", "boots"),
    Column("seq", Id, nullable=False),  # of the alert that begins it
    Column("began_ms", Ms, nullable=False),
    Column("ended_ms", Ms),
    Column("windows", Id, nullable=False),  # over the threshold, as far as is known
    *_verdict(),
    Column("status", String(12), nullable=False, server_default="open"),  # open, acknowledged, closed
    reference("assignee_id", "users", nullable=True, ondelete="SET NULL"),
    Column("changed_ms", Ms, nullable=False, index=True),  # by anybody: what live views ask for
    UniqueConstraint("boot_id", "seq"),
    Index("ix_alarms_began_ms_id", "began_ms", "id"),
    Index("ix_alarms_status_began_ms", "status", "began_ms"),
    Index("ix_alarms_device_id_began_ms", "device_id", "began_ms"),
)
comments: Final = Table(
    "comments",
    METADATA,
    key(),
    reference("alarm_id", "alarms", index=True),
    reference("user_id", "users", nullable=True, ondelete="SET NULL"),
    Column("at_ms", Ms, nullable=False),
    Column("text", Text, nullable=False),
)

# What a window really was. `origin`: "alarm" where it was labelled because of an alarm, "sample" where it was drawn
# otherwise, by a label file; shares over alarms say nothing about all windows.
labels: Final = Table(
    "labels",
    METADATA,
    key(),
    reference("device_id", "devices"),
    Column("boot", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("window_start", Id, nullable=False),
    Column("at_ms", Ms, nullable=False, index=True),
    reference("bundle_id", "bundles"),
    Column("predicted", String(64), nullable=False),
    Column("probabilities", Json, nullable=False),  # the ensemble's, by class; empty where the label file has none
    Column("label", String(64), nullable=False),
    Column("origin", String(8), nullable=False),
    reference("alarm_id", "alarms", nullable=True, ondelete="SET NULL", index=True),
    reference("user_id", "users", nullable=True, ondelete="SET NULL"),
    Column("labelled_ms", Ms, nullable=False),
    UniqueConstraint("device_id", "boot", "source", "window_start"),
)
