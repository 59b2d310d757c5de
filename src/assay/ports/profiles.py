"""Profiles, references, waiting labels: what the profiler keeps, written with its journal position."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from assay.domain.profile import (
    ProfileChange,
    ProfileKey,
    ProfileKind,
    ProfileState,
    StoredReference,
    WaitingLabel,
)
from assay.domain.time import Granularity

__all__ = ["Profiles"]


class Profiles(Protocol):
    """Store of profile bytes. Methods may be called from any thread."""

    def position(self) -> int:
        """Journal position up to which the profiles hold every row; 0 at first."""
        ...

    def commit(self, change: ProfileChange) -> None:
        """Write all of `change` in one durable transaction.

        Raises
        ------
        StaleWriter
            The stored position is not ``change.before``; nothing was written.
        StorageFull, StorageUnavailable
            Nothing was written.
        """
        ...

    def get(self, keys: Collection[ProfileKey]) -> dict[ProfileKey, bytes]:
        """Bytes of those `keys` that are stored."""
        ...

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
        """Profiles whose bucket starts in ``[start, end)``, ordered by start, version and slice value.

        `version` None: all versions. `slice_value` None: all values of `slice_key`.
        """
        ...

    def extent(self, model_id: str) -> Mapping[tuple[str, str, str], tuple[int, int]]:
        """(version, slice key, slice value) to the (first, last) hour start of its traffic profiles."""
        ...

    def waiting(
        self,
        model_id: str,
        ids: Collection[str] | None = None,
        *,
        received_before: int | None = None,
    ) -> list[WaitingLabel]:
        """Waiting labels of the model: those of `ids`, or those received before a moment, or all."""
        ...

    def state(self, model_id: str | None = None) -> ProfileState:
        """Dirty buckets, rebuilds and counts of labels; of one model or of all."""
        ...

    def references(self, model_id: str, *, with_payload: bool = True) -> list[StoredReference]:
        """References of the model, newest first; payloads empty unless asked for."""
        ...
