"""Recently seen prediction ids, so that one sent twice is kept once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["IdWindow", "hash_ids"]

_EMPTY = np.uint64(0)
_MASK = 0xFFFF_FFFF_FFFF_FFFF
_FACTOR = 0x9E37_79B9_7F4A_7C15  # 2^64 over the golden ratio, an odd number (Knuth, TAOCP 3, 6.4)
_FEW = 16


def hash_ids(model_id: str, ids: Sequence[str]) -> np.ndarray:
    """64-bit hashes (uint64) of prediction ids within a model.

    Python's own string hash is used: it is keyed anew in every process, so nobody outside can make two ids
    collide on purpose, and it costs some 40 ns an id. The hashes must therefore not be stored.
    """
    # The hash of a tuple, not of the name: an id that equals its model's name must not cancel it.
    salt = hash((model_id,)) & _MASK
    if len(ids) <= _FEW:
        return np.array([_mixed((hash(name) ^ salt) & _MASK) for name in ids], dtype=np.uint64)
    hashes = np.fromiter(map(hash, ids), dtype=np.int64, count=len(ids)).view(np.uint64) ^ np.uint64(salt)
    hashes *= np.uint64(_FACTOR)  # arrays wrap around without a warning
    hashes ^= hashes >> np.uint64(29)
    hashes[hashes == _EMPTY] = np.uint64(1)
    return hashes


def _mixed(value: int) -> int:
    """Spread one hash over all bits, as for arrays; never 0, which marks an empty slot."""
    value = value * _FACTOR & _MASK
    return (value ^ value >> 29) or 1


class _Generation:
    """A set of hashes: open addressing with linear probing, whole batches at a time."""

    def __init__(self, slots: int = 1 << 12) -> None:
        self._table = np.zeros(slots, dtype=np.uint64)
        self.size = 0

    def ensure(self, extra: int) -> None:
        """Grow so that `extra` more hashes leave the table at most half full."""
        needed = 2 * (self.size + extra)
        if needed <= len(self._table):
            return
        slots = len(self._table)
        while slots < needed:
            slots *= 2
        old = self._table[self._table != _EMPTY]
        self._table = np.zeros(slots, dtype=np.uint64)
        self.size = 0
        self.add(old)

    def contains(self, hashes: np.ndarray) -> np.ndarray:
        """Which of `hashes` are in the set (bool, same shape)."""
        table = self._table
        mask = np.uint64(len(table) - 1)
        found = np.zeros(len(hashes), dtype=bool)
        pending = np.arange(len(hashes))
        slots = hashes & mask
        while len(pending):
            held = table[slots[pending]]
            hit = held == hashes[pending]
            found[pending[hit]] = True
            pending = pending[~hit & (held != _EMPTY)]
            slots[pending] = (slots[pending] + np.uint64(1)) & mask
        return found

    def add(self, hashes: np.ndarray) -> None:
        """Add `hashes`, which are distinct and not in the set; room was made by :meth:`ensure`."""
        table = self._table
        mask = np.uint64(len(table) - 1)
        pending = hashes
        slots = hashes & mask
        while len(pending):
            free = table[slots] == _EMPTY
            table[slots[free]] = pending[free]  # of several for one slot the last is written, and seen below
            left = table[slots] != pending
            pending = pending[left]
            slots = (slots[left] + np.uint64(1)) & mask
        self.size += len(hashes)

    def remove_last(self, hashes: np.ndarray) -> None:
        """Take back the batch added last.

        Only the last one may go: no hash added later can have been placed behind it, so the chains of
        those that stay have no holes.
        """
        table = self._table
        mask = np.uint64(len(table) - 1)
        pending = hashes
        slots = hashes & mask
        places = []
        while len(pending):
            hit = table[slots] == pending
            places.append(slots[hit])
            pending = pending[~hit]
            slots = (slots[~hit] + np.uint64(1)) & mask
        for found in places:
            table[found] = _EMPTY
        self.size -= len(hashes)


class IdWindow:
    """The last `capacity` to ``2 * capacity`` prediction ids, over all models.

    Two generations are kept; when the newer one is full, the older is forgotten. Memory is at most
    64 bytes times `capacity`. Two different ids are taken for one with probability 2^-64 times the number
    held, for each id that comes. Not thread-safe: the one thread that commits owns it.

    Parameters
    ----------
    capacity : ids after which a generation is full.

    Examples
    --------
    >>> window = IdWindow(1000)
    >>> window.admit(hash_ids("m", ["a", "b", "a"])).tolist()
    [True, True, False]
    >>> window.admit(hash_ids("m", ["b", "c"])).tolist()
    [False, True]
    """

    def __init__(self, capacity: int = 1_000_000) -> None:
        self._capacity = capacity
        self._current = _Generation()
        self._previous = _Generation()
        self._last = np.empty(0, dtype=np.uint64)

    def __len__(self) -> int:
        return self._current.size + self._previous.size

    def admit(self, hashes: np.ndarray) -> np.ndarray:
        """Add those of `hashes` that are new; return which ones (bool), the first of equal ones only."""
        if self._current.size >= self._capacity:
            self._previous, self._current = self._current, _Generation()
        distinct, first = np.unique(hashes, return_index=True)
        new = ~self._current.contains(distinct)
        if self._previous.size:
            new &= ~self._previous.contains(distinct)
        fresh = distinct[new]
        self._current.ensure(len(fresh))
        self._current.add(fresh)
        self._last = fresh
        admitted = np.zeros(len(hashes), dtype=bool)
        admitted[first[new]] = True
        return admitted

    def take_back(self) -> None:
        """Undo the last :meth:`admit`, because nothing of it was stored."""
        self._current.remove_last(self._last)
        self._last = np.empty(0, dtype=np.uint64)
