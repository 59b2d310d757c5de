"""The three contracts, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from assay.ports.journal import Journal
from assay.ports.profiles import Profiles
from assay.ports.registry import Registry
from assay.storage.sql import Database, SqlJournal, SqlProfiles, SqlRegistry
from assay.testing import JournalContract, ProfilesContract, RegistryContract


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
