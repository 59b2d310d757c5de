"""The lake's port on Delta tables in a folder."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import DeltaTable

from assay.domain.columns import Kind
from assay.errors import InvalidInput, StorageCorrupt
from assay.ports.lake import LakeStats
from assay.storage.lake.append import append
from assay.storage.lake.canonical import POSITION, empty, fixed_fields
from assay.storage.lake.erase import erase
from assay.storage.lake.faults import FileVanished, reported
from assay.storage.lake.location import TableLocation
from assay.storage.lake.maintain import maintain
from assay.storage.lake.pieces import PIECE_BYTES, cuts
from assay.storage.lake.query import Engine
from assay.storage.lake.selection import Selection, reach_back
from assay.storage.lake.snapshot import MODEL_KEY
from assay.storage.lake.table import LakeTable

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DeltaLake"]

_KINDS = (Kind.PREDICTIONS, Kind.LABELS)
_ATTEMPTS = 6


def _names(names: Collection[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise InvalidInput(f"Give a list of names: {names!r} alone would be read letter by letter.")
    return frozenset(names)


def _now() -> int:
    return time.time_ns() // 1000


class DeltaLake:
    """Delta tables under a folder, read by DuckDB: the :class:`assay.ports.lake.Lake` of one machine.

    Every other engine that knows Delta may read the tables, too; a table's configuration names its
    model (``assay.model``) and each column's metadata its canonical name (``assay.name``).

    Parameters
    ----------
    root
        Folder of the lake; made if it is not there.
    storage_options
        Passed to deltalake.
    clock
        Microseconds since the epoch.
    memory
        What a query may use, such as ``512MB``.
    threads
        Threads of a query.
    patience
        Seconds that a write waits for another process's write to the same table.
    grace
        Seconds that a file stays after the table stopped needing it, for those who still read it.
        Erasure does not wait.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> from assay.domain.columns import PREDICTION_FIELDS, Kind
    >>> row = {"prediction_id": "a", "model_version": "1", "timestamp": 0, "received_at": 0}
    >>> fields = [(name, PREDICTION_FIELDS[name]) for name in row]
    >>> batch = pa.Table.from_pylist([row], schema=pa.schema(fields))
    >>> lake = DeltaLake(tempfile.mkdtemp())
    >>> lake.write("fraud", Kind.PREDICTIONS, [(7, batch)], upto=7)
    1
    >>> lake.scan("fraud", Kind.PREDICTIONS, columns=["prediction_id"]).to_pylist()
    [{'prediction_id': 'a', '_position': 7}]
    """

    def __init__(
        self,
        root: str | Path,
        *,
        storage_options: Mapping[str, str] | None = None,
        clock: Callable[[], int] = _now,
        memory: str = "512MB",
        threads: int = 2,
        patience: float = 30.0,
        grace: float = 600.0,
    ) -> None:
        self._root = Path(root).resolve()
        with reported(f"Making the folder {self._root}"):
            self._root.mkdir(parents=True, exist_ok=True)
        self._options = dict(storage_options) if storage_options else None
        self._clock = clock
        self._patience = patience
        self._grace = int(grace * 1_000_000)
        self._engine = Engine(self._root, memory=memory, threads=threads)
        self._tables: dict[tuple[str, Kind], LakeTable] = {}
        self._names: dict[str, str] = {}
        self._guard = threading.Lock()

    def close(self) -> None:
        """Free the query engine. Tables need no closing."""
        self._engine.close()

    def models(self) -> list[str]:
        """Names of the models that have a table, sorted."""
        found = set()
        with reported(f"Listing {self._root}"):
            for folder in self._root.iterdir():
                if folder.name not in self._names:
                    for kind in _KINDS:
                        if TableLocation(folder / kind.value).exists():
                            table = DeltaTable(str(folder / kind.value), storage_options=self._options)
                            self._names[folder.name] = table.metadata().configuration[MODEL_KEY]
                            break
                if folder.name in self._names:
                    found.add(self._names[folder.name])
        return sorted(found)

    def write(self, model_id: str, kind: Kind, batches: Sequence[tuple[int, pa.Table]], *, upto: int) -> int:
        """See :meth:`assay.ports.lake.Lake.write`."""
        return append(self._table(model_id, kind), batches, upto=upto, now=self._clock())

    def position(self, model_id: str, kind: Kind) -> int:
        """See :meth:`assay.ports.lake.Lake.position`."""
        return self._table(model_id, kind).snapshot().position

    def scan(
        self,
        model_id: str,
        kind: Kind,
        *,
        columns: Collection[str] | None = None,
        start: int | None = None,
        end: int | None = None,
        ids: Collection[str] | None = None,
        upto: int | None = None,
        newest: int | None = None,
    ) -> pa.Table:
        """See :meth:`assay.ports.lake.Lake.scan`."""
        selection = Selection(
            start=start,
            end=end,
            ids=None if ids is None else _names(ids),
            upto=upto,
            newest=newest,
        )
        return self._read(self._table(model_id, kind), columns, selection)

    def scan_batches(
        self,
        model_id: str,
        kind: Kind,
        *,
        columns: Collection[str] | None = None,
        start: int | None = None,
        end: int | None = None,
        upto: int | None = None,
    ) -> Iterator[pa.Table]:
        """See :meth:`assay.ports.lake.Lake.scan_batches`. What is appended meanwhile is not seen."""
        table = self._table(model_id, kind)
        seen = table.snapshot()
        whole = Selection(start=start, end=end, upto=seen.position if upto is None else upto)
        width = 40 + 9 * (len(seen.columns) if columns is None else len(columns))
        files = [file for file in seen.files if whole.touches(file)]
        after = None
        for cut in cuts(files, rows=PIECE_BYTES // width, upto=whole.upto or 0) if files else ():
            piece = self._read(table, columns, dataclasses.replace(whole, after=after, upto=cut))
            after = cut
            if piece.num_rows:
                yield piece

    def reach_back(self, model_id: str, kind: Kind, *, end: int | None, rows: int) -> int | None:
        """See :meth:`assay.ports.lake.Lake.reach_back`. Only the statistics of the log are looked at."""
        return reach_back(self._table(model_id, kind).snapshot().files, end=end, rows=rows)

    def latest_ids(self, model_id: str, *, limit: int) -> pa.ChunkedArray:
        """See :meth:`assay.ports.lake.Lake.latest_ids`. Whole files are read, the latest ones."""
        table = self._table(model_id, Kind.PREDICTIONS)
        rows, after = 0, 0
        for file in sorted(table.snapshot().files, key=lambda file: file.last_position, reverse=True):
            if rows >= limit:
                break
            rows += file.rows
            after = file.first_position - 1
        return self._read(table, ["prediction_id"], Selection(after=after)).column("prediction_id")

    def scan_polars(
        self,
        model_id: str,
        kind: Kind,
        *,
        start: int | None = None,
        end: int | None = None,
        upto: int | None = None,
    ) -> pl.LazyFrame:
        """Return the rows as a Polars LazyFrame with canonical column names; nothing is read yet.

        The frame names the files of the version that is newest now: collect it within the grace time.

        Raises
        ------
        MissingExtra
            Polars is not installed.
        """
        from assay.storage.lake.frames import scan_polars

        selection = Selection(start=start, end=end, upto=upto)
        return scan_polars(self._table(model_id, kind), selection)

    def erase(
        self,
        model_id: str,
        *,
        ids: Collection[str] = (),
        tag: tuple[str, str] | None = None,
        upto: int,
    ) -> pa.Table:
        """See :meth:`assay.ports.lake.Lake.erase`."""
        predictions, labels = (self._table(model_id, kind) for kind in _KINDS)
        return erase(predictions, labels, ids=_names(ids), tag=tag, upto=upto, now=self._clock())

    def maintain(self, model_id: str, kind: Kind, *, rows_before: int | None, now: int) -> None:
        """See :meth:`assay.ports.lake.Lake.maintain`."""
        maintain(self._table(model_id, kind), rows_before=rows_before, now=now, grace=self._grace)

    def stats(self, model_id: str, kind: Kind) -> LakeStats:
        """See :meth:`assay.ports.lake.Lake.stats`."""
        seen = self._table(model_id, kind).snapshot()
        names = {column.canonical: column.physical for column in seen.columns.values()}
        size = sum(file.size for file in seen.files)
        return LakeStats(
            rows=seen.rows, files=len(seen.files), bytes=size, position=seen.position, column_of=names
        )

    def _table(self, model_id: str, kind: Kind) -> LakeTable:
        fixed_fields(kind)  # refuses kinds that have no table
        try:
            model_id.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(f"Model name {model_id!r} is no Unicode text: {error.reason}.") from error
        with self._guard:
            table = self._tables.get((model_id, kind))
            if table is None:
                location = TableLocation.of(self._root, model_id, kind)
                table = LakeTable(
                    location,
                    model_id,
                    Kind(kind),
                    storage_options=self._options,
                    patience=self._patience,
                    grace=self._grace,
                )
                self._tables[model_id, kind] = table
            return table

    def _read(self, table: LakeTable, columns: Collection[str] | None, selection: Selection) -> pa.Table:
        """Read the newest version; if a file of it is swept away meanwhile, the next one."""
        if columns is not None:
            columns = _names(columns)
        seen = table.snapshot()
        for attempt in range(_ATTEMPTS):
            if seen.version < 0:
                return empty(table.kind, columns)
            names = [n for n in seen.columns if columns is None or n in columns or n == POSITION]
            try:
                with reported(f"Reading {table.location.folder}"):
                    found = self._engine.read(table.location, seen, table.time_column, names, selection)
            except FileVanished as error:
                before, seen = seen, table.snapshot()
                if seen.version == before.version and attempt > 0:
                    message = f"{table.location.folder} lacks a file that its log names: {error}"
                    raise StorageCorrupt(message) from error
                continue
            if found is not None:
                return found
            kept = {name: seen.columns[name].type for name in names}
            return pa.schema(list(kept.items())).empty_table()
        raise StorageCorrupt(f"Files of {table.location.folder} keep vanishing; something else deletes them.")
