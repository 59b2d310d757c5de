"""Stores in memory, as far as the watch for drift needs them: what is kept of a simulated model.

Those of :mod:`assay.testing` look through all they hold at each reading, and a year of hours reads some ten
thousand times; and verdicts that are dropped are to be counted here.
"""

# ruff: noqa: ARG002 - the ports name more than one model in memory needs

from __future__ import annotations

import bisect
from collections.abc import Collection, Mapping, Sequence

from assay.domain.detection import Detection
from assay.domain.model import Model
from assay.domain.profile import ProfileKey, ProfileKind, ProfileState, StoredReference
from assay.domain.time import DAY, HOUR, Granularity

_LENGTHS = {Granularity.HOUR: HOUR, Granularity.DAY: DAY}


class MemoryProfiles:
    """Profiles of one series, by kind and width, in the order of time."""

    def __init__(self) -> None:
        self.references_: list[StoredReference] = []
        self._keys: dict[tuple[ProfileKind, Granularity], list[ProfileKey]] = {}
        self._data: dict[ProfileKey, bytes] = {}
        self._extent: dict[tuple[str, str, str], tuple[int, int]] = {}

    def put(self, key: ProfileKey, data: bytes) -> None:
        """Keep a profile; new ones come in the order of time."""
        if key not in self._data:
            self._keys.setdefault((key.kind, key.granularity), []).append(key)
        self._data[key] = data
        if key.kind is ProfileKind.TRAFFIC and key.granularity is Granularity.HOUR:
            low, high = self._extent.get((key.version, "", ""), (key.start, key.start))
            self._extent[key.version, "", ""] = min(low, key.start), max(high, key.start)

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
        keys = self._keys.get((kind, granularity), [])
        low = bisect.bisect_left(keys, start, key=lambda key: key.start)
        high = bisect.bisect_left(keys, end, key=lambda key: key.start)
        return [(key, self._data[key]) for key in keys[low:high]]

    def extent(self, model_id: str) -> Mapping[tuple[str, str, str], tuple[int, int]]:
        return self._extent

    def state(self, model_id: str | None = None) -> ProfileState:
        return ProfileState([], [], {})

    def references(self, model_id: str, *, with_payload: bool = True) -> list[StoredReference]:
        return self.references_


class MemoryRegistry:
    """One model."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def models(self, *, after: str = "") -> list[Model]:
        return [] if after else [self._model]


class MemoryDriftLog:
    """Verdicts on closed windows."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Granularity, str, int], Detection] = {}
        self.all: dict[tuple[Granularity, str, int], Detection] = {}

    def put(self, detections: Sequence[Detection]) -> None:
        for one in detections:
            self.kept[one.granularity, one.version, one.start] = one
            self.all[one.granularity, one.version, one.start] = one

    def read(
        self,
        model_id: str,
        granularity: Granularity,
        *,
        start: int,
        end: int,
        version: str = "",
        with_payload: bool = False,
    ) -> list[Detection]:
        wanted = range(granularity.floor(start), end, _LENGTHS[granularity])
        found = (self.kept.get((granularity, version, at)) for at in wanted)
        return [one for one in found if one is not None and one.start >= start]

    def newest(
        self, granularity: Granularity, models: Collection[str] | None = None, *, with_truth: bool = False
    ) -> list[Detection]:
        return []

    def drop(self, model_id: str, granularity: Granularity, *, before: int) -> int:
        gone = [key for key in self.kept if key[0] is granularity and key[2] < before]
        for key in gone:
            del self.kept[key]
        return len(gone)
