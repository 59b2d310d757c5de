"""References: what current data is compared with, given or grown from first traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from assay.domain.columns import BOOL_FEATURE, NUMERIC_FEATURE, TEXT_FEATURE, Kind
from assay.domain.model import Model
from assay.domain.profile import StoredReference
from assay.monitoring.feature_rows import feature_rows
from assay.monitoring.raw_rows import POSITION, RawRows, concat
from assay.ports.profiles import Profiles
from assay.stats.summaries.column import Column
from assay.stats.summaries.reference import Reference

__all__ = ["Provisional", "ReferenceKeeper", "columns_for_reference", "is_feature", "store_form"]

_GROWTH = 1.25  # a growing reference is made again when there are this many times as many rows
_PREFIXES = (NUMERIC_FEATURE, TEXT_FEATURE, BOOL_FEATURE)
_NO_REFERENCE = Reference.of({}, rows=0)


def is_feature(name: str) -> bool:
    """Whether a canonical column holds a feature."""
    return name[:2] in _PREFIXES


def columns_for_reference(table: pa.Table) -> dict[str, Column]:
    """All features of a table, each of the kind that most of its values have."""
    whole = slice(0, table.num_rows)
    return {name: rows.column(whole) for name, rows in feature_rows(table, _NO_REFERENCE).items()}


def store_form(model_id: str, reference: Reference, *, now: int, name: str = "") -> StoredReference:
    """Return the record in which a reference is stored."""
    return StoredReference(
        model_id=model_id,
        reference_id=reference.id,
        provisional=reference.provisional,
        rows=reference.rows,
        created_at=now,
        payload=reference.to_bytes(),
        name=name,
    )


@dataclass(frozen=True, slots=True)
class Provisional:
    """A provisional reference made in this round.

    `rows_before` are the model's earlier predictions, whose feature profiles are made again under it;
    `replaced` are the references that it takes the place of.
    """

    reference: Reference
    stored: StoredReference
    rows_before: pa.Table
    replaced: tuple[str, ...]


class ReferenceKeeper:
    """Decoded references of each model, and the growth of provisional ones."""

    def __init__(self, raw: RawRows, profiles: Profiles) -> None:
        self._raw = raw
        self._profiles = profiles
        self._decoded: dict[str, dict[str, Reference]] = {}
        self._seen: dict[str, int] = {}

    def reset(self, model_id: str | None = None) -> None:
        """Forget what is remembered of one model, or of all."""
        for memory in (self._decoded, self._seen):
            if model_id is None:
                memory.clear()
            else:
                memory.pop(model_id, None)

    def by_id(self, model_id: str) -> Mapping[str, Reference]:
        """Return the model's references by their ids."""
        if model_id not in self._decoded:
            self._decoded[model_id] = {
                stored.reference_id: Reference.from_bytes(stored.payload)
                for stored in self._profiles.references(model_id)
            }
        return self._decoded[model_id]

    def active(self, model: Model) -> Reference | None:
        """Return the reference in use; None before the first prediction."""
        if model.reference_id is None:
            return None
        if model.reference_id not in self.by_id(model.model_id):  # another process has made it
            self.reset(model.model_id)
        return self.by_id(model.model_id).get(model.reference_id)

    def live(self, model: Model) -> list[Reference]:
        """References under which new rows are profiled: the active one, and one that is being built."""
        known = self.by_id(model.model_id)
        wanted = dict.fromkeys([model.reference_id, self.building(model.model_id)])
        return [known[name] for name in wanted if name is not None and name in known]

    def building(self, model_id: str) -> str | None:
        """Id of the reference whose profiles are being made, if any."""
        running = self._profiles.state(model_id).running
        return running[0].reference_id if running else None

    def grow(self, model: Model, predictions: pa.Table, *, upto: int, now: int) -> Provisional | None:
        """Make the provisional reference, or make it again from more rows, when that is due.

        Until a reference is given, the first predictions are it (as many as the model's setting says).
        It is made at once from the first rows, and again each time their number has grown by a quarter.
        """
        if not predictions.num_rows or self.building(model.model_id) is not None:
            return None
        wanted = model.settings.reference_rows
        active = None if model.reference_id is None else self.by_id(model.model_id).get(model.reference_id)
        if active is not None and (not active.provisional or active.rows >= wanted):
            return None
        seen = self._count(model.model_id, upto) + predictions.num_rows
        if active is not None and seen < min(wanted, active.rows * _GROWTH):
            self._seen[model.model_id] = seen
            return None
        earlier = self._raw.read(
            model.model_id,
            Kind.PREDICTIONS,
            upto=upto,
            columns=("model_version", "timestamp"),
            chosen=lambda name: is_feature(name) or name.startswith("t:"),
        )
        if earlier.num_rows:
            earlier = earlier.sort_by([(POSITION, "ascending"), ("timestamp", "ascending")])
            earlier = earlier.drop_columns([POSITION])
        rows = concat([part for part in (earlier, predictions) if part.num_rows]).slice(0, wanted)
        reference = Reference.of(columns_for_reference(rows), provisional=True, rows=rows.num_rows)
        replaced = tuple(name for name in self.by_id(model.model_id) if name != reference.id)
        self._seen[model.model_id] = seen
        self._decoded[model.model_id] = {reference.id: reference}
        return Provisional(reference, store_form(model.model_id, reference, now=now), earlier, replaced)

    def _count(self, model_id: str, upto: int) -> int:
        """Predictions of the model up to a position."""
        if model_id not in self._seen:
            table = self._raw.read(model_id, Kind.PREDICTIONS, upto=upto, columns=("timestamp",))
            self._seen[model_id] = table.num_rows
        return self._seen[model_id]
