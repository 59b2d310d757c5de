"""The contracts, in memory."""

from __future__ import annotations

import pytest

from assay.ports.access import AuditLog, KeyStore
from assay.ports.drift_log import DriftLog
from assay.ports.halves import Halves
from assay.ports.journal import Journal
from assay.ports.profiles import Profiles
from assay.testing import (
    AuditLogContract,
    DriftLogContract,
    HalvesContract,
    JournalContract,
    KeyStoreContract,
    ProfilesContract,
    RegistryContract,
)
from assay.testing.memory import MemoryJournal, MemoryProfiles, MemoryRegistry
from assay.testing.memory_access import MemoryAuditLog, MemoryKeyStore
from assay.testing.memory_drift_log import MemoryDriftLog
from assay.testing.memory_halves import MemoryHalves


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> Journal:
        return MemoryJournal()


class TestMemoryProfiles(ProfilesContract):
    @pytest.fixture
    def profiles(self) -> Profiles:
        return MemoryProfiles(MemoryRegistry())


class TestMemoryRegistry(RegistryContract):
    @pytest.fixture
    def registry(self) -> MemoryRegistry:
        return MemoryRegistry()

    @pytest.fixture
    def profiles(self, registry: MemoryRegistry) -> Profiles:
        return MemoryProfiles(registry)


class TestMemoryKeyStore(KeyStoreContract):
    @pytest.fixture
    def keys(self) -> KeyStore:
        return MemoryKeyStore()


class TestMemoryAuditLog(AuditLogContract):
    @pytest.fixture
    def log(self) -> AuditLog:
        return MemoryAuditLog()


class TestMemoryHalves(HalvesContract):
    @pytest.fixture
    def halves(self) -> Halves:
        return MemoryHalves()


class TestMemoryDriftLog(DriftLogContract):
    @pytest.fixture
    def log(self) -> DriftLog:
        return MemoryDriftLog()
