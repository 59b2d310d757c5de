"""Keeping a bounded number of names so that merging stays exact.

Of the names seen, those with the smallest hashes are kept. A name among the smallest of the whole is
among the smallest of every part that it occurs in, so its count is exact however the rows were split,
and merging stays commutative and associative. Keeping the most frequent ones would have neither property.

References
----------
.. [1] E. Cohen and H. Kaplan, "Summarizing data using bottom-k sketches", PODC 2007.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from hashlib import blake2b

__all__ = ["MAX_TEXT", "bottom_k", "hash_text", "merge_counters", "shorten", "trim_counter"]

MAX_TEXT = 256
"""The longest text kept as a category or class; longer ones are cut and told apart by a digest."""


def hash_text(text: str) -> bytes:
    """Return 8 bytes that order names at random but always the same: BLAKE2b of the text's UTF-8."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def shorten(text: str) -> str:
    """Return `text`, or, where it is longer than `MAX_TEXT`, its beginning and a digest of the whole.

    >>> shorten("late"), len(shorten("x" * 100_000))
    ('late', 218)
    """
    return text if len(text) <= MAX_TEXT else f"{text[:200]}…#{hash_text(text).hex()}"


def bottom_k(names: Iterable[str], k: int) -> list[str]:
    """Return the `k` names with the smallest hashes (all, where there are no more), sorted by name."""
    distinct = set(names)
    if len(distinct) > k:
        distinct = set(heapq.nsmallest(k, distinct, key=lambda name: (hash_text(name), name)))
    return sorted(distinct)


def trim_counter(counts: Mapping[str, int], k: int) -> tuple[dict[str, int], int]:
    """Return the counts of the `k` names kept, and the sum of the others."""
    if len(counts) <= k:
        return dict(counts), 0
    kept = {name: counts[name] for name in bottom_k(counts, k)}
    return kept, sum(counts.values()) - sum(kept.values())


def merge_counters(counters: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add counts by name."""
    total: dict[str, int] = {}
    for counter in counters:
        for name, count in counter.items():
            total[name] = total.get(name, 0) + count
    return total
