"""Raw rows into a file: as they come, and under the file's name only when all of them are there."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from assay.cli.bar import bar
from assay.cli.output import end_cleanly, print_json, show
from assay.cli.spreadsheets import defused
from assay.cli.target import open_target
from assay.domain.rendering import Table, number, plain
from assay.errors import InvalidInput, StorageFull, StorageUnavailable

__all__ = ["FORMATS", "write_rows"]

_SUFFIXES: Final = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".arrow": "arrow",
    ".feather": "arrow",
}
_GROUP: Final = 250_000
"""Rows of a row group of Parquet, gathered before they are written."""


class _Writer(Protocol):
    """Writes batches in one format."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write some rows."""
        ...

    def close(self) -> None:
        """Write what belongs at the end; the file itself stays open."""
        ...


class _Parquet:
    """Parquet with row groups of a moderate size."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        from pyarrow import parquet

        self._writer = parquet.ParquetWriter(file, schema, compression="zstd")
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """See :class:`_Writer`."""
        self._held.append(batch)
        self._rows += batch.num_rows
        if self._rows >= _GROUP:
            self._flush()

    def close(self) -> None:
        """See :class:`_Writer`."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.Table.from_batches(self._held))
            self._held, self._rows = [], 0


class _Arrow:
    """An Arrow IPC file, or a stream where somebody reads it as it comes."""

    def __init__(self, file: BinaryIO, schema: pa.Schema, *, stream: bool) -> None:
        make = pa.ipc.new_stream if stream else pa.ipc.new_file
        self._writer = make(file, schema)

    def write(self, batch: pa.RecordBatch) -> None:
        """See :class:`_Writer`."""
        self._writer.write_batch(batch)

    def close(self) -> None:
        """See :class:`_Writer`."""
        self._writer.close()


class _Csv:
    """CSV with a header; texts are quoted, times are ISO 8601, the empty field is "no value"."""

    def __init__(self, file: BinaryIO, schema: pa.Schema, *, raw: bool) -> None:
        from pyarrow import csv

        self._texts = [pa.types.is_string(field.type) for field in schema]
        self._times = [pa.types.is_timestamp(field.type) for field in schema]
        # No column's name can be taken for a formula: those of clients stand behind feature. or tag.
        fields = [pa.field(field.name, _csv_type(field.type)) for field in schema]
        self._raw = raw
        self._schema = pa.schema(fields)
        self._writer = csv.CSVWriter(file, self._schema)

    def write(self, batch: pa.RecordBatch) -> None:
        """See :class:`_Writer`."""
        columns = [
            defused(column)
            if text and not self._raw
            else pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
            if time
            else column
            for column, text, time in zip(batch.columns, self._texts, self._times, strict=True)
        ]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        """See :class:`_Writer`."""
        self._writer.close()


def _csv_type(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_timestamp(kind) else kind


class _JsonLines:
    """One object a line; fields without a value are left out, and so are NaN and infinities."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._file = file
        self._floats = [pa.types.is_floating(field.type) for field in schema]

    def write(self, batch: pa.RecordBatch) -> None:
        """See :class:`_Writer`."""
        lines = []
        for record in batch.to_pylist():
            kept = {name: plain(value) for name, value in record.items() if _told(value)}
            lines.append(json.dumps(kept, ensure_ascii=False))
        self._file.write("".join(line + "\n" for line in lines).encode())

    def close(self) -> None:
        """See :class:`_Writer`."""


def _told(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


FORMATS: Final[dict[str, Callable[..., _Writer]]] = {
    "parquet": _Parquet,
    "csv": _Csv,
    "jsonl": _JsonLines,
    "arrow": _Arrow,
}
"""What an export can be written as."""


def write_rows(
    at: str | None,
    model: str,
    output: str,
    *,
    kind: str,
    form: str | None,
    period: str | None,
    start: str | None,
    end: str | None,
    version: str | None,
    columns: Sequence[str] | None,
    raw: bool,
    as_json: bool,
) -> None:
    """Write the rows of a model; `output` is a file's name, or ``-`` for the standard output.

    Raises
    ------
    InvalidInput
        Where the format is not known, or cannot be written to the standard output.
    StorageFull, StorageUnavailable
        Where the file cannot be written; nothing is left of it.
    """
    end_cleanly()
    pa.enable_signal_handlers(False)  # else Ctrl-C inside Arrow is an error of its own
    form = _format(output, form)
    options = {"csv": {"raw": raw}, "arrow": {"stream": output == "-"}}.get(form, {})
    with open_target(at) as monitor:
        reader = monitor.rows(
            model, kind=kind, period=period, start=start, end=end, version=version, columns=columns
        )
        total = monitor.model(model).predictions if not (period or start or end or version) else None
        with (
            bar(model, total=None if kind == "labels" else total) as shown,
            _destination(output) as file,
        ):
            rows = 0
            writer = FORMATS[form](file, reader.schema, **options)
            for batch in reader:
                writer.write(batch)
                rows += batch.num_rows
                shown.at(rows)
            writer.close()
            size = file.tell() if file.seekable() else 0
    if output == "-":
        return
    if as_json:
        print_json({"model_id": model, "kind": kind, "file": output, "rows": rows, "bytes": size})
        return
    show(
        Table(
            f"{model}: {kind}",
            ("file", "rows", "columns", "MB"),
            [(output, number(rows), number(len(reader.schema)), number(round(size / 1e6, 1)))],
        ),
        as_json=False,
    )


def _format(output: str, form: str | None) -> str:
    """Return the format that is asked for, by name or by the file's suffix."""
    form = form or _SUFFIXES.get(Path(output).suffix.lower())
    if form is None and output == "-":
        form = "csv"
    if form not in FORMATS:
        what = f"{form[:80]!r} is no format" if form else f"the suffix of {output[-200:]!r} tells no format"
        raise InvalidInput(f"{what}; the formats are {', '.join(FORMATS)}")
    if output == "-" and form == "parquet":
        raise InvalidInput("Parquet cannot be printed; name a file, or take csv, jsonl or arrow")
    return form


@contextlib.contextmanager
def _destination(output: str) -> Iterator[BinaryIO]:
    """Give a file that takes its name only once it is whole."""
    if output == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    try:
        if path.is_dir():
            raise InvalidInput(f"{output[-200:]!r} is a folder; name a file in it")
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    except OSError as error:
        raise StorageUnavailable(f"{output[-200:]!r} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except OSError as error:
        import errno

        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        kind = StorageFull if full else StorageUnavailable
        what = "no space is left" if full else (error.strerror or str(error))
        raise kind(f"{output[-200:]!r} cannot be written: {what}; nothing is left of it") from error
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()
