"""Erasure: rows go, and with them every older version of the table that still has them.

Order matters, because the process may die anywhere and the erasure then runs again: labels go before
the predictions by whose tag they are found, and the files that hold the rows go last, so that as long
as one of them is left the next run finds it and finishes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import TAG, TIMESTAMP
from assay.storage.lake.canonical import POSITION
from assay.storage.lake.rewrite import read_columns, rewritten
from assay.storage.lake.snapshot import DataFile, Snapshot
from assay.storage.lake.table import LakeTable

__all__ = ["erase", "purge"]

_Mask = Callable[[pa.Table], "pa.Array | pa.ChunkedArray"]
_Candidates = list[tuple[DataFile, pa.Table]]
_ERASED = pa.schema([("prediction_id", pa.string()), ("timestamp", TIMESTAMP)])


def erase(
    predictions: LakeTable,
    labels: LakeTable,
    *,
    ids: Collection[str],
    tag: tuple[str, str] | None,
    upto: int,
    now: int,
) -> pa.Table:
    """Delete for good; see :meth:`assay.ports.lake.Lake.erase`."""
    named = pa.array(sorted(set(ids)), pa.string())
    with _held(predictions) as seen:
        leaving = _matching(seen, named, tag, upto)
        found = _candidates(predictions, seen, leaving, tag, upto)
        erased = pa.concat_tables([_ERASED.empty_table(), *(rows.select(_ERASED.names) for _, rows in found)])
        targets = pa.chunked_array([named, *erased.column("prediction_id").chunks], pa.string()).unique()
        with _held(labels) as known:
            orphaned = _matching(known, targets, None, upto)
            _delete(labels, known, _candidates(labels, known, orphaned, None, upto), orphaned, now=now)
        _delete(predictions, seen, found, leaving, now=now)
    return erased


@contextlib.contextmanager
def _held(table: LakeTable) -> Iterator[Snapshot]:
    """Be the table's only writer; where there is no table, make nothing."""
    if table.snapshot().version < 0:
        yield Snapshot()
    else:
        with table.writing() as seen:
            yield seen


def purge(table: LakeTable) -> None:
    """Delete every file that the newest version does not need. Inside ``table.writing()``.

    Readers that are about to open one of them look at the table again.
    """
    snapshot = table.snapshot()
    needed = {file.name for file in snapshot.files}
    stray = [name for name in table.location.data_names() if name not in needed]
    if stray and snapshot.version >= 0:
        table.tidy_log(grace=0)
    table.location.delete(stray)


def _matching(seen: Snapshot, ids: pa.Array, tag: tuple[str, str] | None, upto: int) -> _Mask:
    """Return what says of rows (names on disk) whether they are to go."""
    marked = seen.columns.get(TAG + tag[0]) if tag is not None else None

    def mask(rows: pa.Table) -> pa.ChunkedArray:
        found = pc.is_in(rows.column("prediction_id"), value_set=ids)
        if marked is not None and tag is not None:
            tagged = pc.equal(rows.column(marked.physical), pa.scalar(tag[1], pa.string()))
            found = pc.or_(found, pc.fill_null(tagged, False))
        return pc.and_(found, pc.less_equal(rows.column(POSITION), upto))

    return mask


def _candidates(
    table: LakeTable, seen: Snapshot, mask: _Mask, tag: tuple[str, str] | None, upto: int
) -> _Candidates:
    """Return the files with rows to go, and of these rows what identifies them."""
    names = ["prediction_id", table.time_column, POSITION]
    if tag is not None and TAG + tag[0] in seen.columns:
        names.append(TAG + tag[0])
    columns = [seen.columns[name] for name in names if name in seen.columns]
    result = []
    for file in seen.files:
        if file.first_position <= upto:
            rows = read_columns(table, file, columns)
            rows = rows.filter(mask(rows))
            if rows.num_rows:
                result.append((file, rows))
    return result


def _delete(table: LakeTable, seen: Snapshot, found: _Candidates, leaving: _Mask, *, now: int) -> None:
    files = [file for file, _ in found]
    if files:
        groups = [[file] for file in files]
        columns = seen.columns
        written = rewritten(
            table, groups, columns=columns, now=now, keep=lambda rows: pc.invert(leaving(rows))
        )
        table.commit(written, files, now=now)
    purge(table)
