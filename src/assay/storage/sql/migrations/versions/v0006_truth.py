"""The truth behind verdicts on drift, and the verdicts that others took the place of."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _truth() -> list[sa.Column[Any]]:
    return [
        sa.Column("drift_types", NAME, nullable=True),
        sa.Column("n_labelled", sa.BigInteger(), nullable=True),
        sa.Column("truth", sa.BigInteger(), nullable=True),
        sa.Column("looks", sa.BigInteger(), nullable=True),
        sa.Column("accuracy_before", sa.Double(), nullable=True),
        sa.Column("accuracy", sa.Double(), nullable=True),
    ]


def upgrade() -> None:
    """Add columns, and a table."""
    for column in _truth():
        op.add_column("drift_detections", column)
    op.create_table(
        "drift_earlier",
        sa.Column("detection", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
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
        *_truth(),
        sa.PrimaryKeyConstraint("detection", "place", name="pk_drift_earlier"),
    )
    op.create_index(
        "ix_drift_earlier_series_key_window_start", "drift_earlier", ["series_key", "window_start"]
    )
