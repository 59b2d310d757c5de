"""References of a model, as they are shown."""

from __future__ import annotations

from assay.domain.answers import ReferenceView
from assay.domain.model import Model
from assay.domain.time import from_micros
from assay.monitoring.references import ReferenceKeeper
from assay.ports.profiles import Profiles

__all__ = ["reference_views"]


def reference_views(profiles: Profiles, keeper: ReferenceKeeper, model: Model) -> list[ReferenceView]:
    """References of the model, newest first, with how far their profiles are made."""
    progress = {
        one.reference_id: min(1.0, one.rows_done / max(1, one.rows_total))
        for one in profiles.state(model.model_id).running
    }
    stored = profiles.references(model.model_id, with_payload=False)
    known = keeper.by_id(model.model_id)
    if any(one.reference_id not in known for one in stored):
        keeper.reset(model.model_id)
        known = keeper.by_id(model.model_id)
    return [
        ReferenceView(
            reference_id=one.reference_id,
            name=one.name,
            provisional=one.provisional,
            rows=one.rows,
            created_at=from_micros(one.created_at),
            active=one.reference_id == model.reference_id,
            progress=progress.get(one.reference_id, 1.0),
            features=tuple(known[one.reference_id].features) if one.reference_id in known else (),
        )
        for one in stored
    ]
