"""Appending: rows and the journal position that they reach, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from assay.domain.columns import is_dynamic
from assay.errors import InvalidInput
from assay.storage.lake.canonical import united
from assay.storage.lake.data_file import write_files
from assay.storage.lake.snapshot import Column
from assay.storage.lake.table import LakeTable
from assay.storage.lake.widen import widen

__all__ = ["append", "on_disk"]


def append(table: LakeTable, batches: Sequence[tuple[int, pa.Table]], *, upto: int, now: int) -> int:
    """Write what the table does not have yet of `batches`; see :meth:`assay.ports.lake.Lake.write`."""
    if any(position > upto for position, _ in batches):
        raise InvalidInput(f"A batch lies beyond the position {upto} that this write goes up to.")
    with table.writing() as before:
        fresh = [(position, rows) for position, rows in batches if position > before.position]
        if upto <= before.position:
            return 0
        rows = united(table.kind, sorted(fresh, key=lambda batch: batch[0]))
        types = {field.name: field.type for field in rows.schema if is_dynamic(field.name)}
        known = table.with_columns(types).columns
        wider = [n for n, kind in types.items() if kind == pa.float64() and known[n].type == pa.int64()]
        if wider:
            widen(table, wider, now=now)
            known = table.snapshot().columns
        files = write_files(table.location, on_disk(rows, known), time_column=table.time_column, now=now)
        table.commit(files, now=now, position=upto)
        return rows.num_rows


def on_disk(rows: pa.Table, columns: Mapping[str, Column]) -> pa.Table:
    """Return `rows` (canonical names) as a file has them: all columns of the table, by their names there."""
    arrays = []
    for column in columns.values():
        if column.canonical not in rows.column_names:
            arrays.append(pa.nulls(rows.num_rows, column.type))
        else:
            found = rows.column(column.canonical)
            # Integers beyond 2^53 are rounded when their column is one of floats.
            arrays.append(found if found.type == column.type else found.cast(column.type, safe=False))
    return pa.Table.from_arrays(arrays, names=[column.physical for column in columns.values()])
