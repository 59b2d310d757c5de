"""Profiles as dictionaries."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace

from assay.domain.profile import (
    DirtyBucket,
    ProfileChange,
    ProfileKey,
    ProfileKind,
    Rebuild,
    StoredReference,
    WaitingLabel,
)
from assay.domain.time import Granularity
from assay.errors import StaleWriter
from assay.storage.memory.registry import MemoryRegistry

__all__ = ["MemoryProfiles"]


class MemoryProfiles:
    """:class:`assay.ports.profiles.Profiles` in memory.

    Parameters
    ----------
    registry : where the models and findings of a change go.

    Examples
    --------
    >>> profiles = MemoryProfiles(MemoryRegistry())
    >>> profiles.commit(ProfileChange(before=0, after=3))
    >>> profiles.position()
    3
    """

    def __init__(self, registry: MemoryRegistry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._position = 0
        self._profiles: dict[ProfileKey, bytes] = {}
        self._waiting: dict[tuple[str, str], WaitingLabel] = {}
        self._dirty: set[DirtyBucket] = set()
        self._rebuilds: dict[tuple[str, str], Rebuild] = {}
        self._orphans: dict[str, int] = {}
        self._references: dict[tuple[str, str], StoredReference] = {}

    def position(self) -> int:
        """Journal position up to which the profiles hold every row; 0 at first."""
        with self._lock:
            return self._position

    def commit(self, change: ProfileChange) -> None:
        """Write all of `change` or nothing; of what is both removed and stored, the stored one stays."""
        with self._lock:
            if self._position != change.before:
                raise StaleWriter(
                    f"the profiles stand at position {self._position}, not at {change.before}: "
                    "another writer has moved on; read again"
                )
            self._position = change.after
            self._remove(change)
            self._store(change)
            self._registry.store(change.models, change.findings)

    def _remove(self, change: ProfileChange) -> None:
        dropped = set(change.drop_references)
        if dropped:
            self._profiles = {
                key: payload
                for key, payload in self._profiles.items()
                if (key.model_id, key.reference_id) not in dropped
            }
        for pair in dropped:
            self._references.pop(pair, None)
        for key in change.deletes:
            self._profiles.pop(key, None)
        for name in change.settled:
            self._waiting.pop(name, None)
        self._dirty.difference_update(change.cleaned)

    def _store(self, change: ProfileChange) -> None:
        self._profiles.update(change.upserts)
        for label in change.waiting:
            name = (label.model_id, label.prediction_id)
            old = self._waiting.get(name)
            if old is None or (label.observed_at, label.label) > (old.observed_at, old.label):
                self._waiting[name] = label
        self._dirty.update(change.dirty)
        for model_id, count in change.orphans.items():
            self._orphans[model_id] = self._orphans.get(model_id, 0) + count
        self._references.update(((one.model_id, one.reference_id), one) for one in change.references)
        self._rebuilds.update(((one.model_id, one.reference_id), one) for one in change.rebuilds)

    def get(self, keys: Collection[ProfileKey]) -> dict[ProfileKey, bytes]:
        """Bytes of those `keys` that are stored."""
        with self._lock:
            return {key: self._profiles[key] for key in keys if key in self._profiles}

    def scan(
        self,
        model_id: str,
        kind: ProfileKind,
        granularity: Granularity,
        *,
        start: int,
        end: int,
        version: str | None = None,
        slice_key: str = "",
        slice_value: str | None = "",
        reference_id: str = "",
    ) -> list[tuple[ProfileKey, bytes]]:
        """Profiles whose bucket starts in ``[start, end)``; see the port."""
        wanted = (model_id, kind, granularity, slice_key, reference_id)
        with self._lock:
            found = [
                (key, payload)
                for key, payload in self._profiles.items()
                if (key.model_id, key.kind, key.granularity, key.slice_key, key.reference_id) == wanted
                and start <= key.start < end
                and version in (None, key.version)
                and slice_value in (None, key.slice_value)
            ]
        return sorted(found, key=lambda item: (item[0].start, item[0].version, item[0].slice_value))

    def extent(self, model_id: str) -> Mapping[tuple[str, str, str], tuple[int, int]]:
        """First and last hour of the model's traffic per (version, slice key, slice value)."""
        found: dict[tuple[str, str, str], tuple[int, int]] = {}
        with self._lock:
            keys = list(self._profiles)
        for key in keys:
            if (key.model_id, key.kind, key.granularity) == (model_id, ProfileKind.TRAFFIC, Granularity.HOUR):
                name = (key.version, key.slice_key, key.slice_value)
                first, last = found.get(name, (key.start, key.start))
                found[name] = (min(first, key.start), max(last, key.start))
        return found

    def waiting(
        self,
        model_id: str,
        ids: Collection[str] | None = None,
        *,
        received_before: int | None = None,
    ) -> list[WaitingLabel]:
        """Waiting labels of the model, in the order in which they were received."""
        wanted = None if ids is None else set(ids)
        with self._lock:
            found = [
                label
                for label in self._waiting.values()
                if label.model_id == model_id
                and (wanted is None or label.prediction_id in wanted)
                and (received_before is None or label.received_at < received_before)
            ]
        return sorted(found, key=lambda label: (label.received_at, label.prediction_id))

    def state(
        self, model_id: str | None = None
    ) -> tuple[list[DirtyBucket], list[Rebuild], Mapping[str, int]]:
        """Dirty buckets, rebuilds and orphan counts; of one model or of all."""
        with self._lock:
            dirty = [bucket for bucket in self._dirty if model_id in (None, bucket.model_id)]
            rebuilds = [one for one in self._rebuilds.values() if model_id in (None, one.model_id)]
            orphans = {name: count for name, count in self._orphans.items() if model_id in (None, name)}
        rebuilds.sort(key=lambda one: (one.started_at, one.model_id, one.reference_id))
        return sorted(dirty), rebuilds, orphans

    def references(self, model_id: str, *, with_payload: bool = True) -> list[StoredReference]:
        """References of the model, newest first; payloads empty unless asked for."""
        with self._lock:
            found = [one for one in self._references.values() if one.model_id == model_id]
        found.sort(key=lambda one: (one.created_at, one.reference_id), reverse=True)
        return found if with_payload else [replace(one, payload=b"") for one in found]
