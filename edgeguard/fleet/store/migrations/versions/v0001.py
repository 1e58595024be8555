"""The tables of the fleet server."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: Final = "0001"
down_revision: Final = None

# As they were when this was written: a version does not change with the tables.
Id: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json: Final = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:  # noqa: PLR0915 - every table once
    """Bring the database to this version."""
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempts")),
    )
    op.create_table(
        "bundles",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), server_default="", nullable=False),
        sa.Column("version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundles")),
        sa.UniqueConstraint("sha256", name=op.f("uq_bundles_sha256")),
    )
    op.create_table(
        "class_days",
        sa.Column("device_id", Id, autoincrement=False, nullable=False),
        sa.Column("bucket_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("bundle_id", Id, autoincrement=False, nullable=False),
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("predictions", Id, nullable=False),
        sa.Column("confidence_sum", sa.Double(), nullable=False),
        sa.Column("probability_sum", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "bucket_ms", "source", "bundle_id", "class", name=op.f("pk_class_days")),
    )
    op.create_index("ix_class_days_bucket_ms", "class_days", ["bucket_ms"], unique=False)
    op.create_table(
        "class_hours",
        sa.Column("device_id", Id, autoincrement=False, nullable=False),
        sa.Column("bucket_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("bundle_id", Id, autoincrement=False, nullable=False),
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("predictions", Id, nullable=False),
        sa.Column("confidence_sum", sa.Double(), nullable=False),
        sa.Column("probability_sum", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "bucket_ms", "source", "bundle_id", "class", name=op.f("pk_class_hours")),
    )
    op.create_index("ix_class_hours_bucket_ms", "class_hours", ["bucket_ms"], unique=False)
    op.create_table(
        "days",
        sa.Column("device_id", Id, autoincrement=False, nullable=False),
        sa.Column("bucket_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("bundle_id", Id, autoincrement=False, nullable=False),
        sa.Column("battery", sa.Double(), nullable=True),
        sa.Column("windows", Id, nullable=False),
        sa.Column("rejected", Id, nullable=False),
        sa.Column("alarms", Id, nullable=False),
        sa.Column("suppressed", Id, nullable=False),
        sa.Column("gaps", Id, nullable=False),
        sa.Column("missing_samples", Id, nullable=False),
        sa.Column("repeated_samples", Id, nullable=False),
        sa.Column("faults", Id, nullable=False),
        sa.Column("disagreement_sum", sa.Double(), nullable=False),
        sa.Column("margin_sum", sa.Double(), nullable=False),
        sa.Column("confidence_sum", sa.Double(), nullable=False),
        sa.Column("latency_sum", sa.Double(), nullable=False),
        sa.Column("tally", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "bucket_ms", "source", "bundle_id", name=op.f("pk_days")),
    )
    op.create_index("ix_days_bucket_ms", "days", ["bucket_ms"], unique=False)
    op.create_table(
        "hours",
        sa.Column("device_id", Id, autoincrement=False, nullable=False),
        sa.Column("bucket_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("bundle_id", Id, autoincrement=False, nullable=False),
        sa.Column("battery", sa.Double(), nullable=True),
        sa.Column("windows", Id, nullable=False),
        sa.Column("rejected", Id, nullable=False),
        sa.Column("alarms", Id, nullable=False),
        sa.Column("suppressed", Id, nullable=False),
        sa.Column("gaps", Id, nullable=False),
        sa.Column("missing_samples", Id, nullable=False),
        sa.Column("repeated_samples", Id, nullable=False),
        sa.Column("faults", Id, nullable=False),
        sa.Column("disagreement_sum", sa.Double(), nullable=False),
        sa.Column("margin_sum", sa.Double(), nullable=False),
        sa.Column("confidence_sum", sa.Double(), nullable=False),
        sa.Column("latency_sum", sa.Double(), nullable=False),
        sa.Column("tally", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "bucket_ms", "source", "bundle_id", name=op.f("pk_hours")),
    )
    op.create_index("ix_hours_bucket_ms", "hours", ["bucket_ms"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("fleet", sa.String(length=64), nullable=True),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("messages", sa.Integer(), server_default="1", nullable=False),
        sa.Column("kind", sa.SmallInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_index(op.f("ix_quarantine_received_ms"), "quarantine", ["received_ms"], unique=False)
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "stale_hours",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("bucket_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stale_hours")),
    )
    op.create_index("ix_stale_hours_bucket_ms_device_id", "stale_hours", ["bucket_ms", "device_id"], unique=False)
    op.create_table(
        "summaries",
        sa.Column("device_id", Id, autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("boot_id", Id, autoincrement=False, nullable=False),
        sa.Column("seq", Id, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("bundle_id", Id, nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("waiting", Id, nullable=False),
        sa.Column("battery", sa.Double(), nullable=True),
        sa.Column("windows", Id, nullable=False),
        sa.Column("rejected", Id, nullable=False),
        sa.Column("alarms", Id, nullable=False),
        sa.Column("suppressed", Id, nullable=False),
        sa.Column("gaps", Id, nullable=False),
        sa.Column("missing_samples", Id, nullable=False),
        sa.Column("repeated_samples", Id, nullable=False),
        sa.Column("faults", Id, nullable=False),
        sa.Column("disagreement_sum", sa.Double(), nullable=False),
        sa.Column("margin_sum", sa.Double(), nullable=False),
        sa.Column("confidence_sum", sa.Double(), nullable=False),
        sa.Column("latency_sum", sa.Double(), nullable=False),
        sa.Column("tally", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "at_ms", "boot_id", "seq", name=op.f("pk_summaries")),
        postgresql_partition_by="RANGE (at_ms)",
    )
    op.create_index("ix_summaries_at_ms", "summaries", ["at_ms"], unique=False)
    op.create_table(
        "users",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.String(length=300), nullable=True),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
        sa.UniqueConstraint("subject", name=op.f("uq_users_subject")),
    )
    op.create_table(
        "wearers",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wearers")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_wearers_pseudonym")),
    )
    op.create_table(
        "attributes",
        sa.Column("wearer_id", Id, nullable=False),
        sa.Column("attribute", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["wearer_id"], ["wearers.id"], name=op.f("fk_attributes_wearer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("wearer_id", "attribute", name=op.f("pk_attributes")),
    )
    op.create_index("ix_attributes_attribute_value", "attributes", ["attribute", "value"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("details", Json, server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_audit_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at_ms"), "audit", ["at_ms"], unique=False)
    op.create_table(
        "devices",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("fleet", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=8), server_default="unknown", nullable=False),
        sa.Column("status_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("boot", sa.String(length=16), server_default="", nullable=False),
        sa.Column("software", sa.String(length=64), server_default="", nullable=False),
        sa.Column("bundle_id", Id, nullable=True),
        sa.Column("sources", Json, server_default="[]", nullable=False),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("waiting", Id, server_default="0", nullable=False),
        sa.Column("dropped", Json, server_default="{}", nullable=False),
        sa.Column("battery", sa.Double(), nullable=True),
        sa.Column("limited", Id, server_default="0", nullable=False),
        sa.Column("limited_ms", sa.BigInteger(), nullable=True),
        sa.Column("missing", Id, server_default="0", nullable=False),
        sa.Column("windows_day", Id, server_default="0", nullable=False),
        sa.Column("rejected_day", Id, server_default="0", nullable=False),
        sa.Column("alarms_day", Id, server_default="0", nullable=False),
        sa.Column("disagreement_day", sa.Double(), nullable=True),
        sa.Column("open_alarms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("largest_alarm", Id, server_default="0", nullable=False),
        sa.Column("lasting_alarms", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_devices_bundle_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("fleet", "device", name=op.f("uq_devices_fleet_device")),
    )
    op.create_index("ix_devices_last_seen_ms", "devices", ["last_seen_ms"], unique=False)
    op.create_index("ix_devices_open_alarms", "devices", ["open_alarms"], unique=False)
    op.create_table(
        "fairness_alerts",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("figure", sa.String(length=64), nullable=False),
        sa.Column("attribute", sa.String(length=64), nullable=False),
        sa.Column("bundle_id", Id, nullable=True),
        sa.Column("gap", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("band", sa.Double(), nullable=False),
        sa.Column("worst", sa.String(length=200), nullable=False),
        sa.Column("details", Json, server_default="{}", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["bundles.id"], name=op.f("fk_fairness_alerts_bundle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fairness_alerts")),
    )
    op.create_table(
        "invitations",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_invitations_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_invitations")),
    )
    op.create_table(
        "sessions",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("csrf_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_sessions")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("sha256", name=op.f("uq_tokens_sha256")),
    )
    op.create_table(
        "boots",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("boot", sa.String(length=16), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.Text(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("missing", Id, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_boots_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boots")),
        sa.UniqueConstraint("device_id", "boot", name=op.f("uq_boots_device_id_boot")),
    )
    op.create_table(
        "commands",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("interval_s", sa.Double(), nullable=True),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("answered_ms", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_commands_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_commands_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
    )
    op.create_table(
        "deployments",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("bundle_id", Id, nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["bundles.id"], name=op.f("fk_deployments_bundle_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_deployments_device_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        sa.UniqueConstraint("device_id", "since_ms", name=op.f("uq_deployments_device_id_since_ms")),
    )
    op.create_index(op.f("ix_deployments_bundle_id"), "deployments", ["bundle_id"], unique=False)
    op.create_table(
        "presence",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("boot", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_presence_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
    )
    op.create_index("ix_presence_device_id_at_ms", "presence", ["device_id", "at_ms"], unique=False)
    op.create_table(
        "wearings",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("wearer_id", Id, nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("source", sa.String(length=64), server_default="", nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_wearings_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearers.id"], name=op.f("fk_wearings_wearer_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wearings")),
        sa.UniqueConstraint("device_id", "source", "from_ms", name=op.f("uq_wearings_device_id_source_from_ms")),
    )
    op.create_index(op.f("ix_wearings_wearer_id"), "wearings", ["wearer_id"], unique=False)
    op.create_table(
        "alarms",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("boot_id", Id, nullable=False),
        sa.Column("seq", Id, nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("windows", Id, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("bundle_id", Id, nullable=False),
        sa.Column("window_start", Id, nullable=False),
        sa.Column("score", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("predicted", sa.String(length=64), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("probabilities", Json, nullable=False),
        sa.Column("exit_probabilities", Json, nullable=False),
        sa.Column("status", sa.String(length=12), server_default="open", nullable=False),
        sa.Column("assignee_id", Id, nullable=True),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_alarms_assignee_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["boot_id"], ["boots.id"], name=op.f("fk_alarms_boot_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_alarms_bundle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_alarms_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("boot_id", "seq", name=op.f("uq_alarms_boot_id_seq")),
    )
    op.create_index(op.f("ix_alarms_changed_ms"), "alarms", ["changed_ms"], unique=False)
    op.create_index("ix_alarms_began_ms_id", "alarms", ["began_ms", "id"], unique=False)
    op.create_index("ix_alarms_device_id_began_ms", "alarms", ["device_id", "began_ms"], unique=False)
    op.create_index("ix_alarms_status_began_ms", "alarms", ["status", "began_ms"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("boot_id", Id, nullable=False),
        sa.Column("seq", Id, autoincrement=False, nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("raised", sa.Boolean(), nullable=False),
        sa.Column("windows", Id, nullable=False),
        sa.Column("suppressed", Id, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("bundle_id", Id, nullable=False),
        sa.Column("window_start", Id, nullable=False),
        sa.Column("score", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("predicted", sa.String(length=64), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("probabilities", Json, nullable=False),
        sa.Column("exit_probabilities", Json, nullable=False),
        sa.ForeignKeyConstraint(["boot_id"], ["boots.id"], name=op.f("fk_alerts_boot_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_alerts_bundle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_alerts_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("boot_id", "seq", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_device_id_at_ms", "alerts", ["device_id", "at_ms"], unique=False)
    op.create_table(
        "comments",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("alarm_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_comments_alarm_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_comments_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_alarm_id"), "comments", ["alarm_id"], unique=False)
    op.create_table(
        "labels",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("device_id", Id, nullable=False),
        sa.Column("boot", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("window_start", Id, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("bundle_id", Id, nullable=False),
        sa.Column("predicted", sa.String(length=64), nullable=False),
        sa.Column("probabilities", Json, nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("alarm_id", Id, nullable=True),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("labelled_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_labels_alarm_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_labels_bundle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_labels_device_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_labels_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
        sa.UniqueConstraint(
            "device_id", "boot", "source", "window_start", name=op.f("uq_labels_device_id_boot_source_window_start")
        ),
    )
    op.create_index(op.f("ix_labels_alarm_id"), "labels", ["alarm_id"], unique=False)
    op.create_index(op.f("ix_labels_at_ms"), "labels", ["at_ms"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        # no row is ever refused: `partitions` moves what lands here
        op.execute("CREATE TABLE summaries_default PARTITION OF summaries DEFAULT")


def downgrade() -> None:  # noqa: PLR0915 - as above
    """Bring it back to the one before."""
    op.drop_index(op.f("ix_labels_at_ms"), table_name="labels")
    op.drop_index(op.f("ix_labels_alarm_id"), table_name="labels")
    op.drop_table("labels")
    op.drop_index(op.f("ix_comments_alarm_id"), table_name="comments")
    op.drop_table("comments")
    op.drop_index("ix_alerts_device_id_at_ms", table_name="alerts")
    op.drop_table("alerts")
    op.drop_index("ix_alarms_status_began_ms", table_name="alarms")
    op.drop_index("ix_alarms_device_id_began_ms", table_name="alarms")
    op.drop_index("ix_alarms_began_ms_id", table_name="alarms")
    op.drop_index(op.f("ix_alarms_changed_ms"), table_name="alarms")
    op.drop_table("alarms")
    op.drop_index(op.f("ix_wearings_wearer_id"), table_name="wearings")
    op.drop_table("wearings")
    op.drop_index("ix_presence_device_id_at_ms", table_name="presence")
    op.drop_table("presence")
    op.drop_index(op.f("ix_deployments_bundle_id"), table_name="deployments")
    op.drop_table("deployments")
    op.drop_table("commands")
    op.drop_table("boots")
    op.drop_table("tokens")
    op.drop_table("sessions")
    op.drop_table("invitations")
    op.drop_table("fairness_alerts")
    op.drop_index("ix_devices_open_alarms", table_name="devices")
    op.drop_index("ix_devices_last_seen_ms", table_name="devices")
    op.drop_table("devices")
    op.drop_index(op.f("ix_audit_at_ms"), table_name="audit")
    op.drop_table("audit")
    op.drop_index("ix_attributes_attribute_value", table_name="attributes")
    op.drop_table("attributes")
    op.drop_table("wearers")
    op.drop_table("users")
    op.drop_index("ix_summaries_at_ms", table_name="summaries")
    op.drop_table("summaries")
    op.drop_index("ix_stale_hours_bucket_ms_device_id", table_name="stale_hours")
    op.drop_table("stale_hours")
    op.drop_table("settings")
    op.drop_index(op.f("ix_quarantine_received_ms"), table_name="quarantine")
    op.drop_table("quarantine")
    op.drop_index("ix_hours_bucket_ms", table_name="hours")
    op.drop_table("hours")
    op.drop_index("ix_days_bucket_ms", table_name="days")
    op.drop_table("days")
    op.drop_index("ix_class_hours_bucket_ms", table_name="class_hours")
    op.drop_table("class_hours")
    op.drop_index("ix_class_days_bucket_ms", table_name="class_days")
    op.drop_table("class_days")
    op.drop_table("bundles")
    op.drop_table("attempts")
