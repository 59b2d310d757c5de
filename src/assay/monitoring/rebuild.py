"""Profiles made again from raw rows.

Of hours that a correction or an erasure has touched, and of all hours under a new reference.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from assay.domain.columns import LABEL_FIELDS, Kind
from assay.domain.model import Model
from assay.domain.profile import (
    DirtyBucket,
    ProfileChange,
    ProfileKey,
    ProfileKind,
    Rebuild,
    RebuildStatus,
)
from assay.domain.time import DAY, HOUR, Granularity
from assay.monitoring.commands import NewReference
from assay.monitoring.deltas import Deltas, decode_if_fits, decode_summary
from assay.monitoring.label_join import no_labels, truth_index
from assay.monitoring.raw_rows import RawRows
from assay.monitoring.references import ReferenceKeeper, store_form
from assay.monitoring.summary_pool import StoredSummary
from assay.ports.profiles import Profiles
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.traffic import TrafficSummary

__all__ = ["DirtyRebuilder", "ReferenceRebuilder", "known_slice_values"]

_ROWS_A_STEP = 100_000
_FAR = 1 << 62


def known_slice_values(profiles: Profiles, model_id: str) -> dict[str, set[str]]:
    """Slice values that have profiles, by tag."""
    known: dict[str, set[str]] = {}
    for _version, key, value in profiles.extent(model_id):
        if key:
            known.setdefault(key, set()).add(value)
    return known


def _merge_all(summaries: Sequence[StoredSummary]) -> StoredSummary:
    return functools.reduce(lambda a, b: a.merge(b), summaries)  # type: ignore[arg-type] # one series, one type


class DirtyRebuilder:
    """Rebuilds the hours whose profiles no longer follow from the raw rows."""

    def __init__(
        self,
        raw: RawRows,
        profiles: Profiles,
        references: ReferenceKeeper,
        *,
        clock: Callable[[], int],
    ) -> None:
        self._raw = raw
        self._profiles = profiles
        self._references = references
        self._clock = clock

    def all_hours(self, model_id: str) -> list[DirtyBucket]:
        """Every hour in which the model has predictions."""
        keys = self._profiles.scan(model_id, ProfileKind.TRAFFIC, Granularity.HOUR, start=-_FAR, end=_FAR)
        return sorted({DirtyBucket(model_id, key.start) for key, _ in keys})

    def rebuild_day(self, model: Model, dirty: Iterable[DirtyBucket], *, position: int) -> ProfileChange:
        """Return the change that rebuilds the dirty hours of one day of `model`.

        The hours are made from all rows up to `position`; their day and month are then merged anew from the
        hours and days that they consist of.
        """
        ours = sorted(bucket for bucket in dirty if bucket.model_id == model.model_id)
        day = Granularity.DAY.floor(ours[0].start)
        hours = [bucket for bucket in ours if bucket.start < day + DAY]
        starts = {bucket.start for bucket in hours}
        deltas = Deltas(
            model,
            self._references.live(model),
            minutes_since=self._clock() - model.settings.minute_retention,
            slice_values=known_slice_values(self._profiles, model.model_id),
            levels=(Granularity.MINUTE, Granularity.HOUR),
        )
        for start in sorted(starts):
            self._add_hour(deltas, model, start, position=position)
        stored = self._stored(model, day)
        upserts = dict(deltas.values)
        deletes = [
            key
            for key in stored
            if key.granularity in (Granularity.MINUTE, Granularity.HOUR)
            and Granularity.HOUR.floor(key.start) in starts
            and key not in upserts
        ]
        self._roll_up(upserts, deletes, stored)
        return ProfileChange(
            before=position,
            after=position,
            upserts={key: summary.to_bytes() for key, summary in upserts.items()},
            deletes=tuple(deletes),
            cleaned=tuple(hours),
        )

    def _add_hour(self, deltas: Deltas, model: Model, start: int, *, position: int) -> None:
        for piece in self._raw.pieces(
            model.model_id, Kind.PREDICTIONS, upto=position, start=start, end=start + HOUR
        ):
            labels = self._raw.read(
                model.model_id,
                Kind.LABELS,
                upto=position,
                ids=piece.column("prediction_id").to_pylist(),
                columns=tuple(LABEL_FIELDS),
            )
            truth, _ = truth_index(piece, labels, horizon=model.settings.label_horizon)
            deltas.add(piece, truth, labels)

    def _stored(self, model: Model, day: int) -> dict[ProfileKey, StoredSummary | None]:
        """Stored profiles of the day (minutes and hours) and of its month (days), all series."""
        month = Granularity.MONTH.floor(day)
        ranges = (
            (Granularity.MINUTE, day, day + DAY),
            (Granularity.HOUR, day, day + DAY),
            (Granularity.DAY, month, Granularity.MONTH.next(month)),
            (Granularity.MONTH, month, month + 1),
        )
        references = self._references.by_id(model.model_id)
        slice_keys = {key for _, key, _ in self._profiles.extent(model.model_id)} | {""}
        found: dict[ProfileKey, StoredSummary | None] = {}
        for kind in ProfileKind:
            for reference_id in references if kind is ProfileKind.FEATURES else ("",):
                for slice_key in slice_keys:
                    for granularity, start, end in ranges:
                        if granularity is Granularity.MINUTE and kind is ProfileKind.FEATURES:
                            continue
                        for key, data in self._profiles.scan(
                            model.model_id,
                            kind,
                            granularity,
                            start=start,
                            end=end,
                            slice_key=slice_key,
                            slice_value=None,
                            reference_id=reference_id,
                        ):
                            needed = granularity in (Granularity.HOUR, Granularity.DAY)
                            found[key] = decode_if_fits(model, key, data, references) if needed else None
        return found

    def _roll_up(
        self,
        upserts: dict[ProfileKey, StoredSummary],
        deletes: list[ProfileKey],
        stored: dict[ProfileKey, StoredSummary | None],
    ) -> None:
        """Merge hours into their day, and days into their month, for every series."""
        for fine, coarse in ((Granularity.HOUR, Granularity.DAY), (Granularity.DAY, Granularity.MONTH)):
            parts: dict[ProfileKey, list[StoredSummary]] = defaultdict(list)
            fresh = {key for key in upserts if key.granularity is fine}
            gone = {key for key in deletes if key.granularity is fine}
            for key in sorted(fresh):
                parts[_wider(key, coarse)].append(upserts[key])
            touched = set(parts) | {_wider(key, coarse) for key in gone}
            for key, summary in stored.items():
                if key.granularity is fine and key not in fresh and key not in gone and summary is not None:
                    wide = _wider(key, coarse)
                    if wide in touched:
                        parts[wide].append(summary)
            for key in touched:
                if parts.get(key):
                    upserts[key] = _merge_all(parts[key])
                elif key in stored:
                    deletes.append(key)


def _wider(key: ProfileKey, granularity: Granularity) -> ProfileKey:
    return replace(key, granularity=granularity, start=granularity.floor(key.start))


class ReferenceRebuilder:
    """Makes feature profiles of stored rows under a new reference, some days at a time."""

    def __init__(self, raw: RawRows, profiles: Profiles, references: ReferenceKeeper) -> None:
        self._raw = raw
        self._profiles = profiles
        self._references = references

    def begin(self, model: Model, given: NewReference, *, now: int) -> ProfileChange:
        """Return the change that makes `given` the reference to be: positions are left to the caller.

        A rebuild that was under way for another reference is given up.
        """
        reference = Reference.from_bytes(given.payload)
        if reference.id in self._references.by_id(model.model_id):
            return ProfileChange(before=0, after=0, models=(model,))
        superseded = [
            replace(one, status=RebuildStatus.SUPERSEDED)
            for one in self._profiles.state(model.model_id).running
        ]
        position = self._profiles.position()
        rebuild = Rebuild(
            model_id=model.model_id,
            reference_id=reference.id,
            upto=position,
            status=RebuildStatus.RUNNING,
            done_before=-_FAR,
            rows_done=0,
            rows_total=self._rows(model.model_id),
            started_at=now,
        )
        return ProfileChange(
            before=0,
            after=0,
            models=(model,),
            references=(store_form(model.model_id, reference, now=now, name=given.name),),
            rebuilds=(*superseded, rebuild),
            drop_references=tuple((model.model_id, one.reference_id) for one in superseded),
        )

    def _rows(self, model_id: str) -> int:
        """Predictions of the model in its profiles."""
        months = self._profiles.scan(model_id, ProfileKind.TRAFFIC, Granularity.MONTH, start=-_FAR, end=_FAR)
        return sum(TrafficSummary.from_bytes(data).n for _, data in months)

    def step(self, model: Model, rebuild: Rebuild, *, position: int) -> ProfileChange:
        """Return the change that takes the rebuild on by some 100,000 rows, or ends it.

        Rows after ``rebuild.upto`` are added to the new profiles as they come; merging commutes, so that the
        two may take turns in any order.
        """
        known = self._references.by_id(model.model_id)
        reference = known.get(rebuild.reference_id)
        if reference is None:
            return ProfileChange(
                before=position,
                after=position,
                rebuilds=(replace(rebuild, status=RebuildStatus.SUPERSEDED),),
            )
        days = self._days(model.model_id, since=rebuild.done_before)
        deltas = Deltas(
            model,
            [reference],
            minutes_since=_FAR,
            slice_values=known_slice_values(self._profiles, model.model_id),
            levels=(Granularity.HOUR, Granularity.DAY, Granularity.MONTH),
        )
        rows, done = 0, rebuild.done_before
        for day in days:
            for piece in self._raw.pieces(
                model.model_id, Kind.PREDICTIONS, upto=rebuild.upto, start=day, end=day + DAY
            ):
                nothing = np.full(piece.num_rows, -1, dtype=np.int64)
                deltas.add(piece, nothing, no_labels(), kinds=(ProfileKind.FEATURES,))
                rows += piece.num_rows
            done = day + DAY
            if rows >= _ROWS_A_STEP:
                break
        finished = not days or done > days[-1]
        upserts = dict(deltas.values)
        for key, data in self._profiles.get(list(upserts)).items():
            upserts[key] = _merge_all([decode_summary(model, key, data, known), upserts[key]])
        state = replace(
            rebuild,
            done_before=done,
            rows_done=rebuild.rows_done + rows,
            status=RebuildStatus.DONE if finished else RebuildStatus.RUNNING,
        )
        dropped = [name for name in known if name != rebuild.reference_id] if finished else []
        return ProfileChange(
            before=position,
            after=position,
            upserts={key: summary.to_bytes() for key, summary in upserts.items()},
            rebuilds=(state,),
            models=(model.with_(reference_id=rebuild.reference_id),) if finished else (),
            drop_references=tuple((model.model_id, name) for name in dropped),
        )

    def _days(self, model_id: str, *, since: int) -> list[int]:
        """Starts of the days, from `since` on, in which the model has predictions."""
        keys = self._profiles.scan(model_id, ProfileKind.TRAFFIC, Granularity.DAY, start=since, end=_FAR)
        return sorted({key.start for key, _ in keys})
