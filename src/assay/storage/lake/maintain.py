"""Maintenance: few large files instead of many small ones, no expired rows, no strays."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from assay.storage.lake.data_file import FILE_BYTES
from assay.storage.lake.rewrite import read_columns, rewritten
from assay.storage.lake.snapshot import DataFile, Snapshot
from assay.storage.lake.table import LakeTable

__all__ = ["maintain"]

_FEWEST = 4
"""Files that are worth a compaction."""

_COMMITS = 20
"""Commits in the log that are worth a checkpoint."""


def maintain(table: LakeTable, *, rows_before: int | None, now: int, grace: int) -> None:
    """Keep a table small and quick; see :meth:`assay.ports.lake.Lake.maintain`.

    Parameters
    ----------
    table
        The table; writes to it wait for one step at a time only.
    rows_before
        Rows with earlier times (microseconds) go; None keeps all.
    now
        Microseconds since the epoch, for the log.
    grace
        Microseconds that a file stays after the table stopped needing it, for those who still read it.
    """
    if table.snapshot().version < 0:
        return
    if rows_before is not None:
        _expire(table, rows_before, now=now)
    while _compact(table, now=now):
        pass
    with table.writing() as seen:
        needed = {file.name for file in seen.files}
        strays = [name for name in table.location.data_names() if name not in needed]
        table.location.delete([name for name in strays if table.location.age(name) >= grace])
        if len(table.location.log_names(".json")) > _COMMITS:
            table.tidy_log(grace=grace)


def _expire(table: LakeTable, before: int, *, now: int) -> None:
    with table.writing() as seen:
        old = [file for file in seen.files if file.first_time is None or file.first_time < before]
        time = seen.physical(table.time_column)
        limit = pa.scalar(before, seen.columns[table.time_column].type)

        def kept(rows: pa.Table) -> pa.ChunkedArray:
            return pc.greater_equal(rows.column(time), limit)

        # A file without statistics of time may turn out to hold nothing old.
        unsure = [file for file in old if file.first_time is None]
        column = [seen.columns[table.time_column]]
        young = [file for file in unsure if pc.all(kept(read_columns(table, file, column))).as_py()]
        old = [file for file in old if file not in young]
        mixed = [[file] for file in old if file.last_time is None or file.last_time >= before]
        if not old:
            return
        written = rewritten(table, mixed, columns=seen.columns, now=now, keep=kept)
        table.commit(written, old, now=now)


def _compact(table: LakeTable, *, now: int) -> bool:
    """Merge one run of small files; return whether there was one."""
    with table.writing() as seen:
        run = worth_merging(seen)
        if not run:
            return False
        written = rewritten(table, [run], columns=seen.columns, now=now, data_change=False)
        table.commit(written, run, now=now, data_change=False)
        return True


def worth_merging(seen: Snapshot) -> Sequence[DataFile]:
    """Return neighbours in position that are worth merging, the newest first; none, if there are none.

    A run grows from newer to older files as long as the next one is no larger than all gathered, so that
    a row is rewritten about log2(rows) times in its life, and as long as the result fits into one file.
    """
    weights = [_weight(file, len(seen.columns)) for file in seen.files]
    end = len(weights)
    while end > 0:
        start, total = end - 1, weights[end - 1]
        while start > 0 and weights[start - 1] <= max(total, FILE_BYTES // 64):
            if total + weights[start - 1] > FILE_BYTES:
                break
            start -= 1
            total += weights[start]
        if end - start >= _FEWEST:
            return seen.files[start:end]
        end = start
    return ()


def _weight(file: DataFile, columns: int) -> int:
    """Estimate the bytes of a file's rows in memory."""
    return max(file.rows * (9 * columns + 40), 2 * file.size)
