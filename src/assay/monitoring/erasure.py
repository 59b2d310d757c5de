"""Erasure: raw rows deleted for good, and the profiles that counted them made again."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.batch import JournalBatch
from assay.domain.columns import TAG, TIMESTAMP, Kind
from assay.domain.profile import DirtyBucket, ProfileChange
from assay.domain.time import Granularity
from assay.monitoring.label_join import micros_of
from assay.monitoring.lake_writer import LakeWriter
from assay.monitoring.raw_rows import concat
from assay.ports.lake import Lake
from assay.ports.profiles import Profiles

__all__ = ["Eraser", "Erasure"]


class Erasure(msgspec.Struct, frozen=True):
    """What an erasure's journal batch asks for: predictions by id, or all where a tag has a value."""

    ids: tuple[str, ...] = ()
    tag: tuple[str, str] | None = None


class Eraser:
    """Carries out the erasures that the journal holds."""

    def __init__(self, lake: Lake, lake_writer: LakeWriter, profiles: Profiles) -> None:
        self._lake = lake
        self._lake_writer = lake_writer
        self._profiles = profiles

    def erase(self, batch: JournalBatch, *, before: int) -> int:
        """Erase what a batch asks for; return the number of predictions that are gone.

        `before` is the profiles' position, which moves to the batch's.

        The buckets are marked before anything is deleted: a crash in between repeats the erasure, and
        an erasure repeated no longer finds the rows that would tell which buckets they were in.
        """
        erasure = msgspec.json.decode(batch.payload, type=Erasure)
        model_id = batch.model_id
        for kind in (Kind.PREDICTIONS, Kind.LABELS):
            self._lake_writer.flush(model_id, kind, upto=batch.position)
        rows = self._matching(model_id, erasure, upto=batch.position)
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
        self._profiles.commit(ProfileChange(before=before, after=batch.position))
        return int(rows.num_rows)

    def _matching(self, model_id: str, erasure: Erasure, *, upto: int) -> pa.Table:
        """prediction_id and timestamp of the rows that an erasure concerns."""
        columns = ["prediction_id", "timestamp"]
        found = [_NONE]
        if erasure.ids:
            found.append(
                self._lake.scan(model_id, Kind.PREDICTIONS, columns=columns, ids=erasure.ids, upto=upto)
            )
        if erasure.tag is not None:
            key, value = erasure.tag
            name = TAG + key
            pieces = self._lake.scan_batches(model_id, Kind.PREDICTIONS, columns=[*columns, name], upto=upto)
            found.extend(
                piece.filter(pc.fill_null(pc.equal(piece.column(name), value), False))
                for piece in pieces
                if name in piece.column_names
            )
        return concat([table.select(columns) for table in found])


_NONE = pa.table({"prediction_id": pa.array([], pa.string()), "timestamp": pa.array([], TIMESTAMP)})
