"""From int64 to float64: what happens to a column of whole numbers when a fraction comes.

Delta cannot widen long to double in place, so the files are written anew, one at a time, and swapped in
one commit. It happens at most once in a column's life, as a rule in its first minutes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import pyarrow as pa

from assay.storage.lake.rewrite import rewritten
from assay.storage.lake.table import LakeTable

__all__ = ["widen"]


def widen(table: LakeTable, names: Collection[str], *, now: int) -> None:
    """Make float64 of the int64 columns `names` (canonical) for all rows. Inside ``table.writing()``.

    Integers beyond 2^53 are rounded to the nearest float.

    Raises
    ------
    StorageFull, StorageUnavailable
        The table is as it was.
    """
    before = table.snapshot()
    columns = {
        name: dataclasses.replace(column, type=pa.float64()) if name in names else column
        for name, column in before.columns.items()
    }
    groups = [[file] for file in before.files]
    written = rewritten(table, groups, columns=columns, now=now)
    table.commit(written, before.files, now=now, columns=columns)
