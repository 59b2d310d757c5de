"""Run by Alembic for each command; the connection, in a transaction, is handed over by the caller."""

from __future__ import annotations

from alembic import context

from assay.storage.sql.schema import VERSION_TABLE
from assay.storage.sql.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
context.run_migrations()
