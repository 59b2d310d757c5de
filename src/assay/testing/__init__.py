"""Contracts that every adapter passes, for ours and for other people's.

A contract is a class of tests with a fixture or two to supply::

    class TestMyJournal(JournalContract):
        @pytest.fixture
        def journal(self, tmp_path):
            return MyJournal(tmp_path)
"""

from __future__ import annotations

from assay.testing.access_contract import AuditLogContract, KeyStoreContract
from assay.testing.drift_log_contract import DriftLogContract
from assay.testing.halves_contract import HalvesContract
from assay.testing.journal_contract import JournalContract
from assay.testing.lake_contract import LakeContract
from assay.testing.naive_lake import NaiveLake
from assay.testing.names import HOSTILE_NAMES
from assay.testing.profiles_contract import ProfilesContract
from assay.testing.registry_contract import RegistryContract

__all__ = [
    "HOSTILE_NAMES",
    "AuditLogContract",
    "DriftLogContract",
    "HalvesContract",
    "JournalContract",
    "KeyStoreContract",
    "LakeContract",
    "NaiveLake",
    "ProfilesContract",
    "RegistryContract",
]
