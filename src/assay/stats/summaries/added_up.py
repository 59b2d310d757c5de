"""Counts of many profiles added up, in several threads where there are many."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from assay.stats.summaries.codec import Ints
from assay.stats.summaries.parallel import map_columns

__all__ = ["Counted", "added_up"]

_MANY = 1 << 21  # counts; below, a thread costs more than it saves
_THREADS = 4


class Counted(Protocol):
    """What has counts."""

    def add_to(self, cells: Ints) -> None:
        """Add the counts to `cells`."""
        ...


def added_up(items: Sequence[Counted], size: int) -> Ints:
    """Return the sum of the counts (int64[size]) of all `items`."""

    def add(some: Sequence[Counted]) -> Ints:
        cells = np.zeros(size, dtype=np.int64)
        for one in some:
            one.add_to(cells)
        return cells

    values = size * len(items)
    parts = max(1, min(os.cpu_count() or 1, _THREADS, len(items) // 2)) if values > _MANY else 1
    total, *others = map_columns(add, [items[part::parts] for part in range(parts)], values=values)
    for one in others:
        total += one
    return total
