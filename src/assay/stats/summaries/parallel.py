"""Running over columns in threads: sorting releases the interpreter lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["map_columns"]

A = TypeVar("A")
B = TypeVar("B")

_WORTH_IT = 200_000
_MOST = 4


def map_columns(function: Callable[[A], B], items: Iterable[A], *, values: int) -> list[B]:
    """Return `function` of each item, in order; in threads where there are many `values` in all."""
    items = list(items)
    workers = min(len(items), os.cpu_count() or 1, _MOST)
    if workers < 2 or values < _WORTH_IT:
        return [function(item) for item in items]
    with ThreadPoolExecutor(workers, thread_name_prefix="assay-profile") as pool:
        return list(pool.map(function, items))
