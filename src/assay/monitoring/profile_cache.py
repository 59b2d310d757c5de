"""Decoded profiles, kept between reads and writes up to a limit of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Hashable, Mapping
from typing import Generic, TypeVar

from assay.monitoring.summary_pool import StoredSummary, memory_of
from assay.stats.summaries.packed_profile import PackedProfile

__all__ = ["ProfileCache"]


Key = TypeVar("Key", bound=Hashable)
Held = TypeVar("Held", bound=StoredSummary | PackedProfile)


class ProfileCache(Generic[Key, Held]):
    """The most recently used profiles; thread-safe.

    Parameters
    ----------
    max_bytes : limit of memory for what is held.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[Key, tuple[int, Held]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, keys: Collection[Key]) -> dict[Key, Held]:
        """Those of `keys` that are held."""
        found = {}
        with self._lock:
            for key in keys:
                entry = self._held.get(key)
                if entry is not None:
                    self._held.move_to_end(key)
                    found[key] = entry[1]
        return found

    def store(self, summaries: Mapping[Key, Held]) -> None:
        """Hold summaries."""
        with self._lock:
            for key, summary in summaries.items():
                self._drop(key)
                size = summary.nbytes if isinstance(summary, PackedProfile) else memory_of(summary)
                self._held[key] = (size, summary)
                self._bytes += size
            while self._bytes > self._max_bytes and self._held:
                _, (size, _) = self._held.popitem(last=False)
                self._bytes -= size

    def drop(self, keys: Collection[Key]) -> None:
        """Forget some."""
        with self._lock:
            for key in keys:
                self._drop(key)

    def _drop(self, key: Key) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self._bytes -= held[0]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._held.clear()
            self._bytes = 0
