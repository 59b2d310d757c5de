"""What a back-fill reads: rows in a fixed order, chunk by chunk, from any row on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from assay.errors import InvalidInput

__all__ = ["Chunk", "Identity", "Malformed", "Source", "Values", "identify", "rechunked", "unreadable"]

Values: TypeAlias = "pa.Array | list[Any]"
"""One column of a chunk: an Arrow array, or a list where its values have several types."""

_SAMPLE = 1 << 20
_POINTS = 14


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a file from others and from itself after a change.

    Attributes
    ----------
    digest : 16 hexadecimal digits of its contents: equal for a copy.
    bytes, changed_ns : its size, and when it was last written to (ns since the epoch).
    """

    digest: str
    bytes: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows: `first` is the place of the first of them in the source, counted from 0."""

    first: int
    rows: int
    columns: Mapping[str, Values]


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is no row at all, and so has no place among the rows; `line` is counted from 1."""

    line: int | None
    text: str
    reason: str


class Source(Protocol):
    """One file. Its rows have an order that is the same at every reading."""

    @property
    def name(self) -> str:
        """How messages call it."""
        ...

    @property
    def identity(self) -> Identity:
        """What tells it from others."""
        ...

    @property
    def malformed(self) -> list[Malformed]:
        """Lines met so far that are no rows; whoever reads takes them away."""
        ...

    def columns(self) -> dict[str, str]:
        """Names of its columns with what tells their types, for people."""
        ...

    def stored_as(self) -> Mapping[str, str]:
        """Canonical names of columns where the file itself tells them, as exported files do."""
        ...

    def count(self) -> int | None:
        """Number of rows; None where it is not known before the end."""
        ...

    def chunks(self, *, skip: int, rows: int) -> Iterator[Chunk]:
        """Chunks of `rows` rows each, the last one shorter, without the first `skip` rows.

        Raises
        ------
        InvalidInput
            Where the file cannot be read on.
        """
        ...


def identify(path: Path) -> Identity:
    """Tell a file by its size, its beginning, its end and evenly spread samples between.

    Raises
    ------
    InvalidInput
        Where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            digest = hashlib.blake2b(str(size).encode(), digest_size=8)
            for point in range(_POINTS + 2):
                file.seek(max(0, size - _SAMPLE) * point // (_POINTS + 1))
                whole = point in (0, _POINTS + 1)
                digest.update(file.read(_SAMPLE if whole else _SAMPLE // 16))
        return Identity(digest.hexdigest(), size, path.stat().st_mtime_ns)
    except OSError as error:
        raise unreadable(str(path), error) from error


def unreadable(name: str, error: Exception) -> InvalidInput:
    """Say that a file cannot be read, in one line."""
    what = getattr(error, "strerror", None) or (str(error).strip().splitlines() or [type(error).__name__])[0]
    return InvalidInput(f"{name[-200:]} cannot be read: {what[:300]}")


def rechunked(tables: Iterator[pa.Table], *, skip: int, rows: int, begin: int = 0) -> Iterator[Chunk]:
    """Cut a stream of tables, whose first row has the place `begin`, into chunks of `rows` rows.

    >>> [c.rows for c in rechunked(iter([pa.table({"a": [1, 2, 3]})] * 3), skip=2, rows=4)]
    [4, 3]
    """
    place = begin
    held: list[pa.Table] = []
    gathered = 0
    for table in tables:
        used = min(table.num_rows, max(0, skip - place))
        place += used
        while used < table.num_rows:
            part = table.slice(used, rows - gathered)
            used += part.num_rows
            held.append(part)
            gathered += part.num_rows
            if gathered == rows:
                yield _chunk(place, held)
                place += gathered
                held, gathered = [], 0
    if gathered:
        yield _chunk(place, held)


def _chunk(first: int, parts: list[pa.Table]) -> Chunk:
    table = pa.concat_tables(parts, promote_options="permissive")
    columns: dict[str, Values] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        joined = column.unify_dictionaries().combine_chunks()
        columns[name] = joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)
    return Chunk(first, table.num_rows, columns)
