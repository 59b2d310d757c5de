"""Files of typed columns: Parquet, Arrow IPC, and the Parquet files of a Delta table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from assay.cli.backfill.source import Chunk, Identity, Malformed, identify, rechunked, unreadable
from assay.errors import InvalidInput
from assay.monitoring.rows_out import NAME_KEY

__all__ = ["ArrowFile", "ParquetPart", "delta_parts"]

_READ_ROWS = 16_384


class ParquetPart:
    """A Parquet file, alone or of a Delta table.

    Parameters
    ----------
    path : the file.
    fixed : columns that its path tells, such as ``{"country": "NL"}``.
    """

    def __init__(self, path: Path, *, fixed: Mapping[str, str | None] | None = None) -> None:
        self.name = str(path)
        self.malformed: list[Malformed] = []
        self._path = path
        self._fixed = dict(fixed or {})

    @cached_property
    def identity(self) -> Identity:
        """See :class:`assay.cli.backfill.source.Source`."""
        own = identify(self._path)
        if not self._fixed:
            return own
        # The rows of equal files in two partitions are not the same rows.
        text = json.dumps([own.digest, self._fixed], sort_keys=True)
        return replace(own, digest=hashlib.blake2b(text.encode(), digest_size=8).hexdigest())

    def columns(self) -> dict[str, str]:
        """See :class:`assay.cli.backfill.source.Source`."""
        with self._open() as file:
            schema = file.schema_arrow
        _no_twins(self.name, schema)
        return {field.name: str(field.type) for field in schema} | dict.fromkeys(self._fixed, "string")

    def stored_as(self) -> Mapping[str, str]:
        """See :class:`assay.cli.backfill.source.Source`."""
        with self._open() as file:
            return _stored_as(file.schema_arrow)

    def count(self) -> int:
        """See :class:`assay.cli.backfill.source.Source`."""
        with self._open() as file:
            return int(file.metadata.num_rows)

    def chunks(self, *, skip: int, rows: int) -> Iterator[Chunk]:
        """See :class:`assay.cli.backfill.source.Source`. Row groups before `skip` are not read."""
        with self._open() as file:
            begin = 0
            groups: list[int] = []
            for group in range(file.num_row_groups):
                size = file.metadata.row_group(group).num_rows
                if not groups and begin + size <= skip:
                    begin += size
                else:
                    groups.append(group)

            def tables() -> Iterator[pa.Table]:
                try:
                    for batch in file.iter_batches(
                        batch_size=min(rows, _READ_ROWS), row_groups=groups, use_threads=True
                    ):
                        table = pa.Table.from_batches([batch])
                        for name, value in self._fixed.items():
                            if name not in table.column_names:
                                constant = pa.repeat(pa.scalar(value, pa.string()), table.num_rows)
                                table = table.append_column(name, constant)
                        yield table
                except (pa.ArrowException, OSError) as error:
                    raise unreadable(self.name, error) from error

            yield from rechunked(tables(), skip=skip, rows=rows, begin=begin)

    def _open(self) -> Any:
        from pyarrow import parquet

        try:
            # Column chunks are read as they are needed: a row group may be larger than the memory.
            return parquet.ParquetFile(self._path, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            raise unreadable(self.name, error) from error


class ArrowFile:
    """An Arrow IPC file or stream."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.malformed: list[Malformed] = []
        self._path = path

    @cached_property
    def identity(self) -> Identity:
        """See :class:`assay.cli.backfill.source.Source`."""
        return identify(self._path)

    def columns(self) -> dict[str, str]:
        """See :class:`assay.cli.backfill.source.Source`."""
        schema = self._read(lambda schema, _: schema)
        _no_twins(self.name, schema)
        return {field.name: str(field.type) for field in schema}

    def stored_as(self) -> Mapping[str, str]:
        """See :class:`assay.cli.backfill.source.Source`."""
        return self._read(lambda schema, _: _stored_as(schema))

    def count(self) -> int:
        """See :class:`assay.cli.backfill.source.Source`."""
        return self._read(lambda _, batches: sum(batch.num_rows for batch in batches))

    def chunks(self, *, skip: int, rows: int) -> Iterator[Chunk]:
        """See :class:`assay.cli.backfill.source.Source`."""
        with self._map() as source:
            try:
                _, batches = _opened(source)
                tables = (pa.Table.from_batches([batch]) for batch in batches)
                yield from rechunked(tables, skip=skip, rows=rows)
            except (pa.ArrowException, OSError) as error:
                raise unreadable(self.name, error) from error

    def _read(self, take: Callable[[pa.Schema, Iterator[pa.RecordBatch]], Any]) -> Any:
        with self._map() as source:
            try:
                return take(*_opened(source))
            except (pa.ArrowException, OSError) as error:
                raise unreadable(self.name, error) from error

    def _map(self) -> Any:
        try:
            return pa.memory_map(self.name)
        except (pa.ArrowException, OSError) as error:
            raise unreadable(self.name, error) from error


def delta_parts(folder: Path, version: int | None) -> tuple[int, list[ParquetPart]]:
    """Return the version and the data files of a Delta table, in the order of their names.

    Raises
    ------
    InvalidInput
        Where there is no such table or version, or its rows are not just those of its files.
    """
    from urllib.parse import unquote

    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        table = DeltaTable(str(folder), version=version)
        protocol = table.protocol()
        features = set(protocol.reader_features or ()) & {"deletionVectors", "columnMapping"}
        if features or protocol.min_reader_version == 2:
            what = ", ".join(sorted(features)) or "columnMapping"
            raise InvalidInput(
                f"the Delta table {str(folder)!r} uses {what}, which a plain reader does not follow; "
                "write it anew without, or export it to Parquet"
            )
        keys = table.metadata().partition_columns
        actions = pa.table(table.get_add_actions(flatten=True))
    except DeltaError as error:
        raise unreadable(str(folder), error) from error
    parts = []
    for action in actions.to_pylist():
        fixed = {key: action.get(f"partition.{key}") for key in keys}
        texts = {key: None if value is None else str(value) for key, value in fixed.items()}
        path = folder / action["path"]
        if not path.exists():
            path = folder / unquote(action["path"])
        parts.append(ParquetPart(path, fixed=texts))
    return table.version(), sorted(parts, key=lambda part: part.name)


def _opened(source: Any) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Schema and batches of an Arrow file or stream."""
    magic = source.read(6)
    source.seek(0)
    if magic == b"ARROW1":
        file = pa.ipc.open_file(source)
        return file.schema, (file.get_batch(place) for place in range(file.num_record_batches))
    stream = pa.ipc.open_stream(source)
    return stream.schema, iter(stream)


def _stored_as(schema: pa.Schema) -> dict[str, str]:
    names = {field.name: (field.metadata or {}).get(NAME_KEY) for field in schema}
    return {name: stored.decode("utf-8", "replace") for name, stored in names.items() if stored}


def _no_twins(name: str, schema: pa.Schema) -> None:
    twins = sorted({each for each in schema.names if schema.names.count(each) > 1}) if schema.names else []
    if twins:
        raise InvalidInput(f"{name[-200:]} has two columns {twins[0][:80]!r}; rename one")
