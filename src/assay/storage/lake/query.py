"""DuckDB over the files of a version: in memory only, confined to the lake's folder.

No text of a client becomes SQL: values are parameters, ids a registered table, and identifiers the
lake's own slugs, quoted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from assay.storage.lake.canonical import POSITION
from assay.storage.lake.location import TableLocation
from assay.storage.lake.snapshot import DataFile, Snapshot

__all__ = ["Engine", "Selection"]


_FAR = 2**62
"""Beyond what DuckDB's times can hold, and any journal's positions."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows, by time, id and position; None is no limit.

    Times are microseconds, `start` inclusive and `end` exclusive; positions lie above `after` and up to
    `upto`; `newest` keeps the rows with the latest times.
    """

    start: int | None = None
    end: int | None = None
    ids: frozenset[str] | None = None
    after: int | None = None
    upto: int | None = None
    newest: int | None = None

    def touches(self, file: DataFile) -> bool:
        """Whether `file` may hold rows of the selection."""
        return not (
            (self.start is not None and file.last_time is not None and file.last_time < self.start)
            or (self.end is not None and file.first_time is not None and file.first_time >= self.end)
            or (self.upto is not None and file.first_position > self.upto)
            or (self.after is not None and file.last_position <= self.after)
        )

    def covers(self, file: DataFile) -> bool:
        """Whether every row of `file` is surely in the selection."""
        return (
            self.ids is None
            and file.first_time is not None
            and file.last_time is not None
            and (self.start is None or file.first_time >= self.start)
            and (self.end is None or file.last_time < self.end)
            and (self.upto is None or file.last_position <= self.upto)
            and (self.after is None or file.first_position > self.after)
        )


class Engine:
    """A DuckDB without a database: it reads the files of the lake and nothing else.

    Parameters
    ----------
    root
        The only folder it may read.
    memory
        Limit, such as ``512MB``.
    threads
        How many it may use.
    """

    def __init__(self, root: Path, *, memory: str, threads: int) -> None:
        self._database = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "memory_limit": memory,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "arrow_large_buffer_size": False,
                "preserve_insertion_order": False,
            },
        )
        folder = str(root).replace("'", "''")
        for setting in (
            "TimeZone = 'UTC'",
            "temp_directory = ''",
            f"allowed_directories = ['{folder}/']",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._database.execute(f"SET {setting}")

    def close(self) -> None:
        """Free its memory."""
        self._database.close()

    def read(
        self,
        location: TableLocation,
        snapshot: Snapshot,
        time_column: str,
        columns: Collection[str],
        selection: Selection,
    ) -> pa.Table | None:
        """Return the selected rows of `columns` (canonical names, all in the table), or None for no file."""
        files = [file for file in snapshot.files if selection.touches(file)]
        start = selection.start
        if selection.newest is not None:
            floor = _floor(files, selection)
            if floor is not None:
                start = floor if start is None else max(start, floor)
                files = [file for file in files if file.last_time is None or file.last_time >= floor]
        if not files:
            return None
        wanted = [snapshot.columns[name] for name in columns]
        time = _quoted(snapshot.physical(time_column))
        where, values = [], []
        for condition, value in (
            (f"{time} >= make_timestamptz(?)", start),
            (f"{time} < make_timestamptz(?)", selection.end),
            (f"{_quoted(POSITION)} > ?", selection.after),
            (f"{_quoted(POSITION)} <= ?", selection.upto),
        ):
            if value is not None:
                where.append(condition)
                values.append(max(-_FAR, min(value, _FAR)))
        if selection.ids is not None:
            where.append('"prediction_id" IN (SELECT id FROM assay_ids)')
        selected = ", ".join(_quoted(column.physical) for column in wanted)
        sql = f"SELECT {selected} FROM read_parquet(?, union_by_name = true)"  # noqa: S608 - quoted slugs
        if where:
            sql += f" WHERE {' AND '.join(where)}"
        if selection.newest is not None:
            sql += f" ORDER BY {time} DESC LIMIT {int(selection.newest)}"
        with self._database.cursor() as cursor:
            if selection.ids is not None:
                ids = pa.table({"id": pa.array(sorted(selection.ids), pa.string())})
                cursor.register("assay_ids", ids)
            paths = [location.path(file.name) for file in files]
            found = cursor.sql(sql, params=[paths, *values]).to_arrow_table()
        arrays = [found.column(i).cast(column.type) for i, column in enumerate(wanted)]
        return pa.Table.from_arrays(arrays, names=[column.canonical for column in wanted])


def _floor(files: Sequence[DataFile], selection: Selection) -> int | None:
    """Return a time that the `newest` rows are surely not older than, if the statistics tell."""
    count = 0
    times = []
    for file in sorted(files, key=lambda file: file.last_time or 0, reverse=True):
        if selection.covers(file) and file.first_time is not None:
            count += file.rows
            times.append(file.first_time)
            if selection.newest is not None and count >= selection.newest:
                return min(times)
    return None


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
