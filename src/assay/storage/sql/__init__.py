"""Journal, profiles, registry, keys and halves of calls in SQLite or PostgreSQL."""

from __future__ import annotations

from assay.storage.sql.access import SqlAuditLog, SqlKeyStore
from assay.storage.sql.drift_log import SqlDriftLog
from assay.storage.sql.engine import Database
from assay.storage.sql.halves import SqlHalves
from assay.storage.sql.journal import SqlJournal
from assay.storage.sql.profiles import SqlProfiles
from assay.storage.sql.registry import SqlRegistry
from assay.storage.sql.schema import open_database

__all__ = [
    "Database",
    "SqlAuditLog",
    "SqlDriftLog",
    "SqlHalves",
    "SqlJournal",
    "SqlKeyStore",
    "SqlProfiles",
    "SqlRegistry",
    "open_database",
]
