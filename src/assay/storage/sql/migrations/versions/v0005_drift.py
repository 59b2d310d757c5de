"""Verdicts on drift, and the figures behind them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "drift_detections",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("series_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_key", sa.LargeBinary(), nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("granularity", NAME, nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.Column("window_end", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("drift_type", NAME, nullable=True),
        sa.Column("severity", sa.Double(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("affected_features", NAME, nullable=False),
        sa.Column("columns", sa.BigInteger(), nullable=False),
        sa.Column("reference_id", NAME, nullable=False),
        sa.Column("baseline", NAME, nullable=False),
        sa.Column("learnt_hours", sa.BigInteger(), nullable=False),
        sa.Column("computed_at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_drift_detections"),
    )
    op.create_index(
        "ix_drift_detections_series_key_window_start", "drift_detections", ["series_key", "window_start"]
    )
    op.create_table(
        "drift_metrics",
        sa.Column("detection", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.Column("window_end", sa.BigInteger(), nullable=False),
        sa.Column("granularity", NAME, nullable=False),
        sa.Column("slice_key", NAME, nullable=False),
        sa.Column("slice_value", NAME, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("column", NAME, nullable=False),
        sa.Column("statistic", NAME, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("computed_at", sa.BigInteger(), nullable=False),
        sa.Column("baseline", NAME, nullable=False),
        sa.PrimaryKeyConstraint("detection", "place", name="pk_drift_metrics"),
    )
