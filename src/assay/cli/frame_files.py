"""Files of rows as whole frames, for commands that judge them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from assay.cli.backfill.delimited import DelimitedFile
from assay.cli.backfill.files import Reading, find
from assay.cli.backfill.infer import Narrowing
from assay.cli.backfill.source import Chunk, Source, Values

__all__ = ["FrameFile", "read_frame_files"]

_ROWS = 1 << 18
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True)
class FrameFile:
    """The rows of a file, a folder of files, or a table.

    Attributes
    ----------
    columns : values by column.
    rows : how many.
    malformed : lines that were no rows.
    """

    columns: Mapping[str, Values]
    rows: int
    malformed: int


def read_frame_files(
    reference: str, current: str, reading: Reading, *, left_out: Iterable[str] = ()
) -> tuple[FrameFile, FrameFile]:
    """Read two files of the same columns.

    Text files say nothing of types. Those of the reference's columns are found from all of its values, and
    the current file is read by them, so that what does not fit there any more is seen as of another kind.

    Parameters
    ----------
    reference, current : files, folders or patterns of them, or Delta tables.
    reading : how text files are read.
    left_out : columns that are not wanted.

    Raises
    ------
    InvalidInput
        Where a file is not there or cannot be read.
    """
    chosen = [find([path], reading) for path in (reference, current)]
    unwanted = set(left_out)
    kinds: dict[str, str] = {}
    for sources in chosen:
        found = _kinds([one for one in sources if isinstance(one, DelimitedFile)], unwanted)
        # A column without any value in the reference is what the current file makes of it.
        kinds = found | {name: kind for name, kind in kinds.items() if kind != "empty"}
    for one in (*chosen[0], *chosen[1]):
        if isinstance(one, DelimitedFile):
            one.kinds.update({name: kinds[name] for name in one.header if name in kinds})
    before, after = (_read(sources, kinds, unwanted) for sources in chosen)
    return before, after


def _kinds(sources: Sequence[DelimitedFile], unwanted: set[str]) -> dict[str, str]:
    """Return what the columns of text files hold, over all values of all of them."""
    found: dict[str, Narrowing] = {}
    for source in sources:
        source.look([name for name in source.header if name not in unwanted], found)
    kinds = {name: one.kind for name, one in found.items()}
    # Whole or not is no matter here, and a file with a fraction would not fit one without.
    return {name: "number" if kind == "whole" else kind for name, kind in kinds.items()}


def _read(sources: Sequence[Source], kinds: Mapping[str, str], unwanted: set[str]) -> FrameFile:
    chunks: list[Chunk] = []
    malformed = 0
    for source in sources:
        timed = isinstance(source, DelimitedFile)
        for chunk in source.chunks(skip=0, rows=_ROWS):
            columns = {
                name: _moments(values) if timed and kinds.get(name) == "time" else values
                for name, values in chunk.columns.items()
                if name not in unwanted
            }
            chunks.append(Chunk(chunk.first, chunk.rows, columns))
        malformed += len(source.malformed)
    names = dict.fromkeys(name for chunk in chunks for name in chunk.columns)
    if not names:  # a file of no rows still has columns
        names = dict.fromkeys(name for source in sources for name in source.columns() if name not in unwanted)
    columns = {
        name: _joined([chunk.columns.get(name, pa.nulls(chunk.rows)) for chunk in chunks]) for name in names
    }
    return FrameFile(columns, sum(chunk.rows for chunk in chunks), malformed)


def _moments(texts: Values) -> Values:
    """Times of a text file as times: as texts they would be categories."""
    if isinstance(texts, pa.Array):
        for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us")):
            try:
                return texts.cast(kind)
            except pa.ArrowInvalid:
                continue
    return texts


def _joined(parts: list[Values]) -> Values:
    """One column from its parts; values of several types become a list."""
    arrays = [part for part in parts if isinstance(part, pa.Array)]
    if len(arrays) == len(parts):
        try:
            tables = [pa.table({"column": part}) for part in arrays]
            whole = pa.concat_tables(tables, promote_options="permissive") if tables else None
            joined = pa.chunked_array([[]], pa.null()) if whole is None else whole.column(0)
            one = joined.unify_dictionaries().combine_chunks()
            return one if isinstance(one, pa.Array) else pa.concat_arrays(one.chunks)
        except pa.ArrowException:
            pass
    return [value for part in parts for value in (part.to_pylist() if isinstance(part, pa.Array) else part)]
