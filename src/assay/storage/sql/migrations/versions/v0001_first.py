"""The first schema: journal, profiles, registry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "analyses",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("analysis_id", NAME, nullable=False),
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_analyses"),
    )
    op.create_index("ix_analyses_model_key_kind_created_at", "analyses", ["model_key", "kind", "created_at"])
    op.create_table(
        "dirty_buckets",
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.PrimaryKeyConstraint("model_key", "start", name="pk_dirty_buckets"),
    )
    op.create_table(
        "findings",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("subject", NAME, nullable=False),
        sa.Column("message", NAME, nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("details", NAME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_findings"),
    )
    op.create_index("ix_findings_model_key", "findings", ["model_key"])
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal_head"),
    )
    op.create_table(
        "journal_streams",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal_streams"),
        sa.UniqueConstraint("key", name="uq_journal_streams_key"),
    )
    op.create_table(
        "models",
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("task", NAME, nullable=True),
        sa.Column("task_declared", sa.Boolean(), nullable=False),
        sa.Column("settings", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("reference_id", NAME, nullable=True),
        sa.PrimaryKeyConstraint("model_key", name="pk_models"),
    )
    op.create_table(
        "orphan_labels",
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model_key", name="pk_orphan_labels"),
    )
    op.create_table(
        "profile_position",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profile_position"),
    )
    op.create_table(
        "profile_references",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("reference_id", NAME, nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_profile_references"),
    )
    op.create_index("ix_profile_references_model_key", "profile_references", ["model_key"])
    op.create_table(
        "profile_series",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("group_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("granularity", NAME, nullable=False),
        sa.Column("slice_key", NAME, nullable=False),
        sa.Column("slice_value", NAME, nullable=False),
        sa.Column("reference_id", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profile_series"),
        sa.UniqueConstraint("key", name="uq_profile_series_key"),
    )
    op.create_index("ix_profile_series_group_key", "profile_series", ["group_key"])
    op.create_index(
        "ix_profile_series_model_key_kind_granularity", "profile_series", ["model_key", "kind", "granularity"]
    )
    op.create_table(
        "rebuilds",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("reference_id", NAME, nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("done_before", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("rows_total", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_rebuilds"),
    )
    op.create_index("ix_rebuilds_model_key", "rebuilds", ["model_key"])
    op.create_table(
        "waiting_labels",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("prediction_id", NAME, nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_waiting_labels"),
    )
    op.create_index("ix_waiting_labels_model_key_received_at", "waiting_labels", ["model_key", "received_at"])
    op.create_table(
        "journal_batches",
        sa.Column("position", ID, autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("appended_at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["journal_streams.id"], name="fk_journal_batches_stream_id"),
        sa.PrimaryKeyConstraint("position", name="pk_journal_batches"),
    )
    op.create_index(
        "ix_journal_batches_stream_id_position_rows", "journal_batches", ["stream_id", "position", "rows"]
    )
    op.create_table(
        "profiles",
        sa.Column("series_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["profile_series.id"], name="fk_profiles_series_id"),
        sa.PrimaryKeyConstraint("series_id", "start", name="pk_profiles"),
    )
    op.execute("INSERT INTO journal_head (id, position) VALUES (1, 0)")
    op.execute("INSERT INTO profile_position (id, position) VALUES (1, 0)")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE journal_batches ALTER COLUMN payload SET STORAGE EXTERNAL")
