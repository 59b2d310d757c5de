"""DuckDB over the files of a version: in memory only, confined to the lake's folder.

No text of a client becomes SQL: values are parameters, ids a registered table, and identifiers the
lake's own slugs, quoted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from assay.storage.lake.canonical import POSITION
from assay.storage.lake.location import TableLocation
from assay.storage.lake.selection import Selection
from assay.storage.lake.snapshot import Column, Snapshot

__all__ = ["Engine"]


_FROM = "FROM read_parquet(?, union_by_name = true)"

_FAR = 2**62
"""Beyond what DuckDB's times can hold, and any journal's positions."""

_LOOKED_UP = 4_000
"""Ids that are looked up in Bloom filters; with more of them most row groups have one anyway."""

_TOP = 100_000
"""More of the newest rows than this are sorted in Arrow: DuckDB would hold them twice, within its limit."""


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
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "arrow_large_buffer_size": False,
                "preserve_insertion_order": False,
            },
        )
        # A path is checked as it is asked for, as a pattern, and again as it is opened.
        folders = [f"{each}/".replace("'", "''") for each in (root, _literal(str(root)))]
        for setting in (
            "TimeZone = 'UTC'",
            "temp_directory = ''",
            # Up to so many ids are held against the files' Bloom filters, rather than against every row.
            f"GLOBAL dynamic_or_filter_threshold = {_LOOKED_UP}",
            f"allowed_directories = ['{folders[0]}', '{folders[1]}']",
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
        files, start = selection.files(snapshot.files)
        if not files:
            return None
        wanted = [snapshot.columns[name] for name in columns]
        time = snapshot.columns[time_column]
        many = selection.newest is not None and selection.newest > _TOP
        chosen = [*wanted, time] if many else wanted
        rest, values = _conditions(_quoted(time.physical), start, selection)
        if selection.newest is not None and not many:
            rest += f" ORDER BY {_quoted(time.physical)} DESC LIMIT {int(selection.newest)}"
        parameters = [[_literal(location.path(file.name)) for file in files], *values]
        with self._database.cursor() as cursor:
            if selection.ids is not None:
                ids = pa.table({"id": pa.array(sorted(selection.ids), pa.string())})
                cursor.register("assay_ids", ids)
            try:
                found = cursor.sql(_select(chosen, chosen) + rest, params=parameters).to_arrow_table()
            except duckdb.BinderException:  # none of these files has one of the columns
                schema = cursor.sql(f"SELECT * {_FROM} LIMIT 0", params=parameters[:1])
                there = set(schema.columns)
                present = [column for column in chosen if column.physical in there]
                found = cursor.sql(_select(chosen, present) + rest, params=parameters).to_arrow_table()
        if many:
            order = pc.sort_indices(found.column(len(wanted)), sort_keys=[("", "descending")])
            found = found.take(order.slice(0, selection.newest))
        arrays = [found.column(i).cast(column.type) for i, column in enumerate(wanted)]
        return pa.Table.from_arrays(arrays, names=[column.canonical for column in wanted])


def _select(columns: Sequence[Column], present: Sequence[Column]) -> str:
    """Return the query's first half: `columns`, null where they are not `present`."""
    names = [_quoted(c.physical) if c in present else "NULL" for c in columns]
    return f"SELECT {', '.join(names)} {_FROM}"


def _conditions(time: str, start: int | None, selection: Selection) -> tuple[str, list[int]]:
    """Return the WHERE clause and its parameters."""
    clauses: list[str] = []
    values: list[int] = []
    for clause, value in (
        (f"{time} >= make_timestamptz(?)", start),
        (f"{time} < make_timestamptz(?)", selection.end),
        (f"{_quoted(POSITION)} > ?", selection.after),
        (f"{_quoted(POSITION)} <= ?", selection.upto),
    ):
        if value is not None:
            clauses.append(clause)
            values.append(max(-_FAR, min(value, _FAR)))
    if selection.ids is not None:
        clauses.append('"prediction_id" IN (SELECT id FROM assay_ids)')
    return (f" WHERE {' AND '.join(clauses)}" if clauses else ""), values


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _literal(path: str) -> str:
    """Return `path` as a pattern that matches it alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)
