"""Who may do what, and who did."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Integer, String, Table

from edgeguard.fleet.store.tables.metadata import METADATA, Json, Ms, key, reference

users: Final = Table(
    "users",
    METADATA,
    key(),
    Column("name", String(64), nullable=False, unique=True),
    Column("password_hash", String(200)),  # argon2id; NULL: only by OIDC
    Column("subject", String(300), unique=True),  # "<issuer> <sub>" of OIDC
    Column("role", String(12), nullable=False),  # viewer, clinician, admin
    Column("disabled", Boolean, nullable=False, server_default="0"),
    Column("created_ms", Ms, nullable=False),
)
# Only hashes of secrets are kept: a copy of the database lets nobody in.
sessions: Final = Table(
    "sessions",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    reference("user_id", "users"),
    Column("csrf_sha256", String(64), nullable=False),
    Column("created_ms", Ms, nullable=False),
    Column("used_ms", Ms, nullable=False),
    Column("expires_ms", Ms, nullable=False),
)
tokens: Final = Table(
    "tokens",
    METADATA,
    key(),
    reference("user_id", "users"),
    Column("name", String(64), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("scopes", Json, nullable=False),  # of read, label, manage
    Column("created_ms", Ms, nullable=False),
    Column("expires_ms", Ms, nullable=False),
    Column("used_ms", Ms),
    Column("revoked_ms", Ms),
)
# Links to open once: the first start's, and invitations. `user_id` is NULL for the first admin.
invitations: Final = Table(
    "invitations",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    reference("user_id", "users", nullable=True),
    Column("expires_ms", Ms, nullable=False),
    Column("used_ms", Ms),
)
# Failed logins by account and by address, for throttling.
attempts: Final = Table(
    "attempts",
    METADATA,
    Column("key", String(200), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_ms", Ms, nullable=False),
)
audit: Final = Table(
    "audit",
    METADATA,
    key(),
    Column("at_ms", Ms, nullable=False, index=True),
    reference("user_id", "users", nullable=True, ondelete="SET NULL"),
    Column("name", String(64), nullable=False),  # of the user, or "system"
    Column("action", String(64), nullable=False),  # "alarm.label", "user.create", …
    Column("subject", String(200), nullable=False),  # what it was done to
    Column("details", Json, nullable=False, server_default="{}"),
)
settings: Final = Table(
    "settings",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("value", Json, nullable=False),
)
