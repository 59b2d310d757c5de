"""How stored profiles are named, and what a consumer of the journal writes in one transaction."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.domain.finding import Finding
from assay.domain.model import Model
from assay.domain.time import Granularity

__all__ = [
    "DirtyBucket",
    "ProfileChange",
    "ProfileKey",
    "ProfileKind",
    "ProfileState",
    "Rebuild",
    "RebuildStatus",
    "StoredReference",
    "WaitingLabel",
]


class ProfileKind(enum.StrEnum):
    """Families of profiles, each with buckets of its own."""

    TRAFFIC = "traffic"  # volume, errors, latency
    OUTCOMES = "outcomes"  # predictions against truth
    FEATURES = "features"  # inputs, under a reference's cells


@dataclass(frozen=True, slots=True, order=True)
class ProfileKey:
    """Name of one stored profile.

    `start` is the bucket's start in microseconds since the epoch. The slice of all rows has an empty
    key and value. `reference_id` is empty for kinds that need no reference.
    """

    model_id: str
    version: str
    kind: ProfileKind
    granularity: Granularity
    start: int
    slice_key: str = ""
    slice_value: str = ""
    reference_id: str = ""


@dataclass(frozen=True, slots=True)
class WaitingLabel:
    """A label whose prediction has not come yet; `label` is its row as an Arrow IPC stream."""

    model_id: str
    prediction_id: str
    observed_at: int
    received_at: int
    label: bytes


@dataclass(frozen=True, slots=True, order=True)
class DirtyBucket:
    """An hour of a model whose profiles must be made again from the raw rows."""

    model_id: str
    start: int


class RebuildStatus(enum.StrEnum):
    """Where the rebuilding of a model's profiles stands."""

    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Rebuilding of a model's feature profiles under a new reference.

    `upto` is the journal position whose rows (and those before) the rebuild covers; rows after it are
    added as they come. `done_before` is the event time (µs) up to which it has come; `rows_done` of
    `rows_total` say how far that is.
    """

    model_id: str
    reference_id: str
    upto: int
    status: RebuildStatus
    done_before: int
    rows_done: int
    rows_total: int
    started_at: int


@dataclass(frozen=True, slots=True)
class ProfileState:
    """What there is to do, and what was counted: dirty buckets, rebuilds, orphan and waiting labels by model.

    Waiting labels are counted only where the state of one model is asked for.
    """

    dirty: list[DirtyBucket]
    rebuilds: list[Rebuild]
    orphans: dict[str, int]
    waiting: int = 0

    @property
    def running(self) -> list[Rebuild]:
        """Rebuilds that are under way."""
        return [one for one in self.rebuilds if one.status is RebuildStatus.RUNNING]


@dataclass(frozen=True, slots=True)
class StoredReference:
    """A reference as stored: `payload` is the bytes of a :class:`assay.stats.summaries.profile.Reference`."""

    model_id: str
    reference_id: str
    provisional: bool
    rows: int
    created_at: int
    payload: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """Everything that one round of the profiler writes, in one transaction.

    Attributes
    ----------
    before : the journal position that the round started from; if the stored one differs, nothing is written.
    after : the position it has come to.
    upserts : bytes of each profile that is new or changed.
    deletes : profiles that are gone.
    waiting : labels that have found no prediction yet (an older one of the same prediction is replaced).
    settled : (model, prediction) whose waiting labels are to be removed.
    dirty : buckets to mark for rebuilding.
    cleaned : buckets whose mark is to be removed.
    orphans : model to number of labels given up because their horizon passed, added to the count.
    findings : what was noticed.
    models : models that are new or changed.
    references : references to store.
    rebuilds : states of rebuilds.
    drop_references : (model, reference) whose profiles are to be deleted.
    """

    before: int
    after: int
    upserts: Mapping[ProfileKey, bytes] = field(default_factory=dict)
    deletes: tuple[ProfileKey, ...] = ()
    waiting: tuple[WaitingLabel, ...] = ()
    settled: tuple[tuple[str, str], ...] = ()
    dirty: tuple[DirtyBucket, ...] = ()
    cleaned: tuple[DirtyBucket, ...] = ()
    orphans: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    models: tuple[Model, ...] = ()
    references: tuple[StoredReference, ...] = ()
    rebuilds: tuple[Rebuild, ...] = ()
    drop_references: tuple[tuple[str, str], ...] = ()
