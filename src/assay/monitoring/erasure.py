"""Erasure: raw rows deleted for good, and the profiles that counted them made again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.batch import JournalBatch
from assay.domain.columns import TAG, TIMESTAMP, Kind
from assay.domain.profile import DirtyBucket, ProfileChange
from assay.domain.time import Granularity
from assay.monitoring.commands import Erasure
from assay.monitoring.label_join import micros_of
from assay.monitoring.lake_writer import LakeWriter
from assay.monitoring.raw_rows import RawRows, concat
from assay.ports.lake import Lake
from assay.ports.profiles import Profiles

__all__ = ["Eraser", "matching_rows"]


def matching_rows(raw: RawRows, model_id: str, erasure: Erasure, *, upto: int | None = None) -> pa.Table:
    """prediction_id and timestamp of the rows that an erasure concerns."""
    columns = ["prediction_id", "timestamp"]
    found = [pa.schema([("prediction_id", pa.string()), ("timestamp", TIMESTAMP)]).empty_table()]
    if erasure.ids:
        found.append(raw.read(model_id, Kind.PREDICTIONS, columns=columns, ids=erasure.ids, upto=upto))
    if erasure.tag is not None:
        key, value = erasure.tag
        name = TAG + key
        pieces = raw.pieces(model_id, Kind.PREDICTIONS, columns=[*columns, name], upto=upto)
        found.extend(
            piece.filter(pc.fill_null(pc.equal(piece.column(name), value), False))
            for piece in pieces
            if name in piece.column_names
        )
    return concat([table.select(columns) for table in found])


class Eraser:
    """Carries out the erasures that the journal holds.

    `rebuild` takes one step of rebuilding stale profiles at a position; false where none is stale.
    """

    def __init__(
        self,
        raw: RawRows,
        lake: Lake,
        lake_writer: LakeWriter,
        profiles: Profiles,
        *,
        rebuild: Callable[[int], bool],
    ) -> None:
        self._raw = raw
        self._rebuild = rebuild
        self._lake = lake
        self._lake_writer = lake_writer
        self._profiles = profiles

    def erase(self, batch: JournalBatch, erasure: Erasure, *, before: int) -> None:
        """Erase what a batch asks for. `before` is the profiles' position, which moves to the batch's.

        The buckets are marked before anything is deleted: a crash in between repeats the erasure, and
        an erasure repeated no longer finds the rows that would tell which buckets they were in. The
        position moves when the profiles no longer count the rows; the erasure's own batch leaves the
        journal last of all, when no file holds anything of what was erased.
        """
        model_id = batch.model_id
        for kind in (Kind.PREDICTIONS, Kind.LABELS):
            self._lake_writer.flush(model_id, kind, upto=batch.position)
        rows = matching_rows(self._raw, model_id, erasure, upto=batch.position)
        ids = list(dict.fromkeys([*erasure.ids, *rows.column("prediction_id").to_pylist()]))
        hours = np.unique(Granularity.HOUR.floor_array(micros_of(rows, "timestamp"))).tolist()
        self._profiles.commit(
            ProfileChange(
                before=before,
                after=before,
                dirty=tuple(DirtyBucket(model_id, hour) for hour in hours),
                settled=tuple((model_id, name) for name in ids),
            )
        )
        if ids:
            self._lake.erase(model_id, ids=ids, upto=batch.position)
        while self._rebuild(before):
            pass
        self._profiles.commit(ProfileChange(before=before, after=batch.position))
        self._lake_writer.finish_erasure(model_id, upto=batch.position)
