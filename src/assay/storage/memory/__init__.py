"""Journal, profiles and registry in memory: for tests and trials; gone with the process."""

from __future__ import annotations

from assay.storage.memory.journal import MemoryJournal
from assay.storage.memory.profiles import MemoryProfiles
from assay.storage.memory.registry import MemoryRegistry

__all__ = ["MemoryJournal", "MemoryProfiles", "MemoryRegistry"]
