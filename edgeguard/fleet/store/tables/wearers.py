"""Who wears which device, and the groups they belong to: known here alone, never asked from a device."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Double, Index, String, Table, Text, UniqueConstraint

from edgeguard.fleet.store.tables.metadata import METADATA, Json, Ms, key, reference

wearers: Final = Table(
    "wearers",
    METADATA,
    key(),
    Column("pseudonym", String(64), nullable=False, unique=True),
    Column("created_ms", Ms, nullable=False),
)
attributes: Final = Table(
    "attributes",
    METADATA,
    reference("wearer_id", "wearers", primary_key=True),
    Column("attribute", String(64), primary_key=True),
    Column("value", String(64), nullable=False),
    Index("ix_attributes_attribute_value", "attribute", "value"),
)
# [from_ms, until_ms) of one source of a device, or of all where `source` is empty; open where `until_ms` is NULL.
wearings: Final = Table(
    "wearings",
    METADATA,
    key(),
    reference("wearer_id", "wearers", index=True),
    reference("device_id", "devices"),
    Column("source", String(64), nullable=False, server_default=""),
    Column("from_ms", Ms, nullable=False),
    Column("until_ms", Ms),
    UniqueConstraint("device_id", "source", "from_ms"),
)

# A gap between groups that has left its band, until its interval touches the band again.
fairness_alerts: Final = Table(
    "fairness_alerts",
    METADATA,
    key(),
    Column("began_ms", Ms, nullable=False),
    Column("ended_ms", Ms),
    Column("figure", String(64), nullable=False),
    Column("attribute", String(64), nullable=False),
    reference("bundle_id", "bundles", nullable=True),  # None: all models
    Column("gap", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("band", Double, nullable=False),
    Column("worst", String(200), nullable=False),  # "value / value"
    Column("details", Json, nullable=False, server_default="{}"),
    Column("note", Text, nullable=False, server_default=""),
)
