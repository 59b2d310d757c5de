"""CSV files, plain or compressed: texts, typed by what is declared or found over the whole of a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from assay.cli.backfill.infer import Narrowing, typed
from assay.cli.backfill.source import Chunk, Identity, Malformed, Values, identify, rechunked, unreadable
from assay.cli.spreadsheets import undefused
from assay.errors import InvalidInput

__all__ = ["DelimitedFile"]

_BLOCK: Final = 4 << 20
_DELIMITERS: Final = ",;\t|"
_HEAD: Final = 1 << 20


class DelimitedFile:
    """A CSV file with a header line.

    Parameters
    ----------
    path : the file; ``.gz``, ``.zst``, ``.bz2``, ``.lz4`` are decompressed.
    delimiter : what stands between values; None: whichever of comma, semicolon, tab and bar the header has.
    encoding : of its text.
    defuse : whether its texts were defused against spreadsheets, as exported files are.
    """

    def __init__(
        self, path: Path, *, delimiter: str | None = None, encoding: str = "utf8", defuse: bool = False
    ) -> None:
        self.name = str(path)
        self.malformed: list[Malformed] = []
        self.kinds: dict[str, str] = {}
        self._path = path
        self._delimiter = delimiter
        self._encoding = encoding
        self._defused = defuse
        self._rows: int | None = None

    @cached_property
    def identity(self) -> Identity:
        """See :class:`assay.cli.backfill.source.Source`."""
        return identify(self._path)

    @cached_property
    def header(self) -> list[str]:
        """Names of the columns.

        Raises
        ------
        InvalidInput
            Where there is no header, or two columns have one name.
        """
        with self._reader([]) as reader:
            names = list(reader.schema.names)
        if len(set(names)) < len(names):
            twin = next(name for name in names if names.count(name) > 1)
            raise InvalidInput(f"{self.name[-200:]} has two columns {twin[:80]!r}; rename one")
        return names

    def columns(self) -> dict[str, str]:
        """See :class:`assay.cli.backfill.source.Source`."""
        return {name: self.kinds.get(name, "text") for name in self.header}

    def stored_as(self) -> Mapping[str, str]:
        """See :class:`assay.cli.backfill.source.Source`."""
        return {}

    def count(self) -> int | None:
        """See :class:`assay.cli.backfill.source.Source`. Known once the types have been looked for."""
        return self._rows

    def look(self, columns: Collection[str], found: dict[str, Narrowing]) -> None:
        """Read the whole file to see which types the values of `columns` have, and count the rows."""
        rows = 0
        with self._reader(self.header) as reader:
            for batch in self._batches(reader):
                rows += batch.num_rows
                for name in columns:
                    found.setdefault(name, Narrowing()).look(batch.column(name))
        self._rows = rows
        self.malformed.clear()

    def chunks(self, *, skip: int, rows: int) -> Iterator[Chunk]:
        """See :class:`assay.cli.backfill.source.Source`. The rows to skip are parsed, and no more."""
        with self._reader(self.header) as reader:
            tables = (pa.Table.from_batches([batch]) for batch in self._batches(reader))
            for chunk in rechunked(tables, skip=skip, rows=rows):
                columns: dict[str, Values] = {}
                for name, values in chunk.columns.items():
                    texts = undefused(values) if self._defused else values
                    columns[name] = typed(texts, self.kinds.get(name, "text"))
                yield Chunk(chunk.first, chunk.rows, columns)

    def _batches(self, reader: Any) -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except (pa.ArrowException, UnicodeError, OSError) as error:
            raise unreadable(self.name, error) from error

    @contextmanager
    def _reader(self, names: Collection[str]) -> Iterator[Any]:
        """Open a reader of texts; only the empty field without quotes is no value."""
        from pyarrow import csv

        self.malformed.clear()

        def skip(row: Any) -> str:
            reason = f"has {row.actual_columns} fields where the header has {row.expected_columns}"
            self.malformed.append(Malformed(row.number, row.text, reason))
            return "skip"

        try:
            delimiter = self._delimiter or self._guess()
            with (
                pa.input_stream(self.name, compression="detect", buffer_size=1 << 20) as stream,
                csv.open_csv(
                    stream,
                    read_options=csv.ReadOptions(
                        use_threads=False, block_size=_BLOCK, encoding=self._encoding
                    ),
                    parse_options=csv.ParseOptions(
                        delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
                    ),
                    convert_options=csv.ConvertOptions(
                        column_types=dict.fromkeys(names, pa.string()),
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=False,
                        null_values=[""],
                        check_utf8=True,
                    ),
                ) as reader,
            ):
                yield reader
        except (pa.ArrowException, LookupError, UnicodeError, OSError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise unreadable(self.name, error) from error

    def _guess(self) -> str:
        """Return the delimiter that the header has most of."""
        with pa.input_stream(self.name, compression="detect") as stream:
            head = stream.read(_HEAD)
        line = head.decode(self._encoding, "replace").lstrip("\ufeff").partition("\n")[0]
        best = max(_DELIMITERS, key=line.count)
        return best if line.count(best) else ","
