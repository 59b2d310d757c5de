"""Requests that wait for their response, and responses that wait for their request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "import_halves",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("model_id", NAME, nullable=False),
        sa.Column("request_id", NAME, nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_import_halves"),
    )
    op.create_index(
        "ix_import_halves_settled_at_arrived_at_size", "import_halves", ["settled_at", "arrived_at", "size"]
    )
