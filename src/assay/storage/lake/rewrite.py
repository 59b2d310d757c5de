"""Writing data files anew: wider, fewer, or without some of their rows.

Data files never change. Whatever changes rows reads a file as the table has it today, writes another
one, and swaps them in a commit; one file is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from assay.storage.lake.data_file import write_files
from assay.storage.lake.faults import reported
from assay.storage.lake.snapshot import Column, DataFile
from assay.storage.lake.table import LakeTable

__all__ = ["read_columns", "read_file", "rewritten"]


def read_columns(table: LakeTable, file: DataFile, columns: Collection[Column]) -> pa.Table:
    """Return `columns` of `file` under their names on disk: absent ones null, types as the columns say."""
    path = table.location.path(file.name)
    with reported(f"Reading {path}"), pq.ParquetFile(path, page_checksum_verification=True) as source:
        there = set(source.schema_arrow.names)
        wanted = [column.physical for column in columns if column.physical in there]
        found = source.read(columns=wanted)
    arrays = []
    for column in columns:
        if column.physical not in there:
            arrays.append(pa.nulls(file.rows, column.type))
        else:
            values = found.column(column.physical)
            arrays.append(values if values.type == column.type else values.cast(column.type, safe=False))
    return pa.Table.from_arrays(arrays, names=[column.physical for column in columns])


def read_file(table: LakeTable, file: DataFile, columns: Mapping[str, Column]) -> pa.Table:
    """Return `file` whole, as a table of `columns` has it today."""
    return read_columns(table, file, columns.values())


def rewritten(
    table: LakeTable,
    groups: Iterable[Sequence[DataFile]],
    *,
    columns: Mapping[str, Column],
    now: int,
    keep: Callable[[pa.Table], pa.Array | pa.ChunkedArray] | None = None,
    data_change: bool = True,
) -> list[AddAction]:
    """Write each group of files as one (or few), and return what the commit must add.

    Parameters
    ----------
    table
        The table, inside ``table.writing()``.
    groups
        Files to write together.
    columns
        Columns that the new files have, by canonical name.
    now
        Microseconds since the epoch.
    keep
        Says which rows stay, as booleans; None keeps all.
    data_change
        Whether rows or values change.

    Raises
    ------
    StorageFull, StorageUnavailable
        No new file remains.
    """
    written: list[AddAction] = []
    try:
        for group in groups:
            rows = pa.concat_tables([read_file(table, file, columns) for file in group])
            if keep is not None:
                rows = rows.filter(keep(rows))
            written += write_files(
                table.location, rows, time_column=table.time_column, now=now, data_change=data_change
            )
    except BaseException:
        table.location.delete([action.path for action in written])
        raise
    return written
