"""Data files: Parquet, sorted by time, in row groups whose statistics let a reader skip them.

The statistics that go into Delta's log are those of time and position only. The log outlives the rows,
so it shall hold nothing of what they say.
"""

from __future__ import annotations

import datetime as dt
import inspect
import json
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from assay.storage.lake.canonical import POSITION
from assay.storage.lake.faults import reported
from assay.storage.lake.location import TableLocation

__all__ = ["FILE_BYTES", "ROW_GROUP", "write_files"]

ROW_GROUP = 100_000
"""Rows of a row group: what one statistic covers and what one thread decodes."""

FILE_BYTES = 128 * 2**20
"""Size in memory of the rows of a file. Whatever rewrites files holds one of them at a time."""

_HAS_BLOOM = "bloom_filter_options" in inspect.signature(pq.write_table).parameters  # newer than our oldest
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def write_files(
    location: TableLocation, rows: pa.Table, *, time_column: str, now: int, data_change: bool = True
) -> list[AddAction]:
    """Write `rows` (names on disk, positions ascending) and return what a commit must say about them.

    The files are on the disk, power cut or not, but no part of the table until the commit.

    Parameters
    ----------
    rows
        Rows to write; none, no file.
    time_column
        Column by which each file is sorted.
    now
        Microseconds since the epoch, for the log.
    data_change
        Whether the rows are new, rather than moved from other files.

    Raises
    ------
    StorageFull, StorageUnavailable
        No file of this call remains.
    """
    actions: list[AddAction] = []
    if rows.num_rows == 0:
        return actions
    pieces = max(1, -(-rows.nbytes // FILE_BYTES))
    each = -(-rows.num_rows // pieces)
    try:
        for start in range(0, rows.num_rows, each):
            piece = _sorted(rows.slice(start, each), time_column)
            low, high = _range(piece.column(POSITION))
            name = f"part-{low:016d}-{uuid.uuid4().hex}.parquet"
            # Listed before it is written: a file that fails half-way is deleted, too.
            actions.append(AddAction(name, 0, {}, now // 1000, data_change, ""))
            actions[-1].stats = _statistics(piece, time_column, low, high)
            with reported(f"Writing {location.path(name)}"):
                _write(location.path(name), piece)
                location.sync(name)
                actions[-1].size = location.size(name)
    except BaseException:
        location.delete([action.path for action in actions])
        raise
    return actions


def _write(path: str, rows: pa.Table) -> None:
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    options: dict[str, object] = {}
    if _HAS_BLOOM:
        # Looks up ids among millions of rows by reading next to none of them. A group is read in vain when
        # one of the ids asked for looks present, so the share of false hits is small enough for thousands.
        options["bloom_filter_options"] = {
            "prediction_id": {"ndv": min(rows.num_rows, ROW_GROUP), "fpp": 0.0001}
        }
    pq.write_table(
        rows,
        path,
        row_group_size=ROW_GROUP,
        compression="zstd",
        compression_level=1,
        # A dictionary of ids would hold every one of them; for numbers it costs more time than it saves.
        use_dictionary=[*(name for name in texts if name != "prediction_id"), POSITION],
        store_schema=False,  # Delta's log holds the schema
        write_page_checksum=True,
        **options,
    )


def _sorted(rows: pa.Table, time_column: str) -> pa.Table:
    times = rows.column(time_column).cast(pa.int64()).to_numpy()
    if np.all(times[1:] >= times[:-1]):
        return rows.combine_chunks()
    return rows.take(pa.array(np.argsort(times, kind="stable"))).combine_chunks()


def _range(column: pa.ChunkedArray) -> tuple[int, int]:
    bounds = pc.min_max(column)
    return bounds["min"].as_py(), bounds["max"].as_py()


def _statistics(rows: pa.Table, time_column: str, low: int, high: int) -> str:
    first, last = _range(rows.column(time_column).cast(pa.int64()))
    smallest: dict[str, int | str] = {POSITION: low}
    largest: dict[str, int | str] = {POSITION: high}
    try:
        smallest[time_column], largest[time_column] = _text(first), _text(last)
    except OverflowError:  # before the year 1 or after 9999: readable, only never skipped
        smallest.pop(time_column, None)
    return json.dumps(
        {"numRecords": rows.num_rows, "minValues": smallest, "maxValues": largest, "nullCount": {}}
    )


def _text(micros: int) -> str:
    return (_EPOCH + dt.timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27)
