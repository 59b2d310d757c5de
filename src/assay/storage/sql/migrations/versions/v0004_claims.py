"""Calls whose rows are written together are claimed before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column and its index."""
    with op.batch_alter_table("import_halves") as table:
        table.add_column(sa.Column("claim", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_import_halves_claim",
        "import_halves",
        ["claim"],
        sqlite_where=sa.text("claim IS NOT NULL"),
        postgresql_where=sa.text("claim IS NOT NULL"),
    )
