"""The three contracts, in memory."""

from __future__ import annotations

import pytest

from assay.ports.journal import Journal
from assay.ports.profiles import Profiles
from assay.testing import JournalContract, ProfilesContract, RegistryContract
from assay.testing.memory import MemoryJournal, MemoryProfiles, MemoryRegistry


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
