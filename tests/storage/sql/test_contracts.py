"""The contracts, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from assay.ports.access import AuditLog, KeyStore
from assay.ports.drift_log import DriftLog
from assay.ports.halves import Halves
from assay.ports.journal import Journal
from assay.ports.profiles import Profiles
from assay.ports.registry import Registry
from assay.storage.sql import (
    Database,
    SqlAuditLog,
    SqlDriftLog,
    SqlHalves,
    SqlJournal,
    SqlKeyStore,
    SqlProfiles,
    SqlRegistry,
)
from assay.testing import (
    AuditLogContract,
    DriftLogContract,
    HalvesContract,
    JournalContract,
    KeyStoreContract,
    ProfilesContract,
    RegistryContract,
)


class TestSqlJournal(JournalContract):
    @pytest.fixture
    def journal(self, database: Database) -> Journal:
        return SqlJournal(database)


class TestSqlProfiles(ProfilesContract):
    @pytest.fixture
    def profiles(self, database: Database) -> Profiles:
        return SqlProfiles(database)


class TestSqlRegistry(RegistryContract):
    @pytest.fixture
    def registry(self, database: Database) -> Registry:
        return SqlRegistry(database)

    @pytest.fixture
    def profiles(self, database: Database) -> Profiles:
        return SqlProfiles(database)


class TestSqlKeyStore(KeyStoreContract):
    @pytest.fixture
    def keys(self, database: Database) -> KeyStore:
        return SqlKeyStore(database)


class TestSqlAuditLog(AuditLogContract):
    @pytest.fixture
    def log(self, database: Database) -> AuditLog:
        return SqlAuditLog(database)


class TestSqlHalves(HalvesContract):
    @pytest.fixture
    def halves(self, database: Database) -> Halves:
        return SqlHalves(database)


class TestSqlDriftLog(DriftLogContract):
    @pytest.fixture
    def log(self, database: Database) -> DriftLog:
        return SqlDriftLog(database)
