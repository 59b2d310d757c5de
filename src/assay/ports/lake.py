"""The lake: every raw row, columnar, for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from assay.domain.columns import Kind

__all__ = ["Lake", "LakeStats"]


@dataclass(frozen=True, slots=True)
class LakeStats:
    """Size of one table of the lake. `column_of` maps canonical column names to the names on disk."""

    rows: int
    files: int
    bytes: int
    position: int
    column_of: dict[str, str]


class Lake(Protocol):
    """One table per model and kind (predictions, labels) of canonical rows (:mod:`assay.domain.columns`).

    Model names are any text. Rows come back with their canonical column names and, in the column
    ``_position`` (int64), the journal position of the batch that brought them. A number column is int64
    until a float comes, then float64 for all rows. Methods may be called from any thread; there is one
    writer per table at a time, and a second one that interferes fails with nothing written.
    """

    def write(self, model_id: str, kind: Kind, batches: Sequence[tuple[int, pa.Table]], *, upto: int) -> int:
        """Append the rows of `batches` (position, canonical table) and move the table's position to `upto`.

        Rows and position are one atomic commit. Batches at or below the table's stored position are
        skipped, so that a write repeated after a crash changes nothing. Returns rows written.

        Raises
        ------
        StorageFull, StorageUnavailable
            Nothing was written.
        """
        ...

    def position(self, model_id: str, kind: Kind) -> int:
        """Journal position up to which the table has every row; 0 where there is no table."""
        ...

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
        """Rows with ``start <= timestamp < end`` (labels: observed_at), among `ids`, up to position `upto`.

        `columns` are canonical names; ones that the table lacks are left out; ``_position`` is always
        there. `newest` limits the answer to the rows with the latest timestamps. No table: an empty one
        with the fixed columns. The order of rows is not fixed unless `newest` is given (newest first).
        """
        ...

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
        """Like :meth:`scan`, in pieces that fit into memory."""
        ...

    def reach_back(self, model_id: str, kind: Kind, *, end: int | None, rows: int) -> int | None:
        """Return a time before `end` back to which there are about `rows` rows; None: no more than that.

        An estimate from what the table knows without reading rows: a reader who goes back step by step
        wants each step to be about so much work. `end` None is after the last row.
        """
        ...

    def latest_ids(self, model_id: str, *, limit: int) -> pa.ChunkedArray:
        """Ids of the predictions at the latest positions, in no order.

        At least `limit` of them where there are so many; some more, where that is less work.
        """
        ...

    def erase(
        self,
        model_id: str,
        *,
        ids: Collection[str] = (),
        tag: tuple[str, str] | None = None,
        upto: int,
    ) -> pa.Table:
        """Delete predictions (and their labels) by id, or where a tag has a value, for good.

        Rows at positions above `upto` stay. When it returns, no file of the table holds the rows any
        more, older versions included. Returns prediction_id and timestamp of the deleted predictions.
        Erasing again changes nothing.
        """
        ...

    def maintain(self, model_id: str, kind: Kind, *, rows_before: int | None, now: int) -> None:
        """Compact small files, delete rows with timestamps before `rows_before`, drop unreferenced files."""
        ...

    def stats(self, model_id: str, kind: Kind) -> LakeStats:
        """Size of the table; zeros where there is none."""
        ...
