"""Numbers that stand for the names of profiles, so that a profile's row stays small."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from assay.domain.profile import ProfileKey
from assay.storage.sql.chunks import chunks
from assay.storage.sql.engine import Database
from assay.storage.sql.tables import digest, profile_series

__all__ = ["Series", "group_key", "series_of"]

_S = profile_series.c
_CACHED = 100_000  # series whose numbers are remembered, some 300 bytes each

SeriesName = tuple[str, str, str, str, str, str, str]


def series_of(key: ProfileKey) -> SeriesName:
    """Everything in a profile's name but its start."""
    return (
        key.model_id,
        key.version,
        key.kind.value,
        key.granularity.value,
        key.slice_key,
        key.slice_value,
        key.reference_id,
    )


def group_key(model_id: str, kind: str, granularity: str, slice_key: str, reference_id: str) -> bytes:
    """Stands for what a scan fixes: all of a series' name but version and slice value."""
    return digest(model_id, kind, granularity, slice_key, reference_id)


class Series:
    """Looks up the numbers of series, and makes new ones.

    A series once committed is never deleted, so a number that was read stays true; numbers made in a
    transaction are remembered only after :meth:`remember`, when it has been committed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[SeriesName, int] = {}

    def find(self, connection: Connection, names: Collection[SeriesName]) -> dict[SeriesName, int]:
        """Numbers of those `names` that have one."""
        known = self._known
        found = {name: known[name] for name in names if name in known}
        missing = {digest(*name): name for name in names if name not in found}
        for some in chunks(missing):
            for key, number in connection.execute(select(_S.key, _S.id).where(_S.key.in_(some))):
                found[missing[key]] = number
        return found

    def make(self, connection: Connection, names: Collection[SeriesName]) -> dict[SeriesName, int]:
        """Numbers of `names`, each of which has one afterwards."""
        found = self.find(connection, names)
        new = [name for name in names if name not in found]
        if not new:
            return found
        statement = self._database.insert(profile_series).on_conflict_do_nothing(index_elements=[_S.key])
        connection.execute(statement, [_row(name) for name in new])
        return found | self.find(connection, new)

    def remember(self, numbers: dict[SeriesName, int]) -> None:
        """Keep `numbers`, whose transaction has been committed."""
        if len(self._known) + len(numbers) > _CACHED:
            self._known = {}
        self._known.update(numbers)


def _row(name: SeriesName) -> dict[str, Any]:
    model_id, version, kind, granularity, slice_key, slice_value, reference_id = name
    return {
        "key": digest(*name),
        "group_key": group_key(model_id, kind, granularity, slice_key, reference_id),
        "model_key": digest(model_id),
        "model_id": model_id,
        "version": version,
        "kind": kind,
        "granularity": granularity,
        "slice_key": slice_key,
        "slice_value": slice_value,
        "reference_id": reference_id,
    }
