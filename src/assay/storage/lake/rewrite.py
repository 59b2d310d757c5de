"""Reading a data file as the table has it today, to write it anew."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from assay.storage.lake.faults import reported
from assay.storage.lake.snapshot import Column, DataFile
from assay.storage.lake.table import LakeTable

__all__ = ["read_file"]


def read_file(table: LakeTable, file: DataFile, columns: Mapping[str, Column]) -> pa.Table:
    """Return all rows of `file` with `columns` by their names on disk: absent ones null, types as given."""
    path = table.location.path(file.name)
    with reported(f"Reading {path}"), pq.ParquetFile(path, page_checksum_verification=True) as source:
        found = source.read(use_threads=True)
    arrays = []
    for column in columns.values():
        if column.physical not in found.column_names:
            arrays.append(pa.nulls(found.num_rows, column.type))
        else:
            values = found.column(column.physical)
            arrays.append(values if values.type == column.type else values.cast(column.type, safe=False))
    return pa.Table.from_arrays(arrays, names=[column.physical for column in columns.values()])
