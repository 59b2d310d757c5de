"""What time makes stale: labels that waited in vain, and profiles by the minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from assay.domain.model import Model
from assay.domain.profile import ProfileChange, ProfileKey, ProfileKind
from assay.domain.time import HOUR, MINUTE, Granularity
from assay.monitoring.label_join import LabelJoin
from assay.ports.profiles import Profiles
from assay.ports.registry import Registry

__all__ = ["Upkeep"]

_PAUSE = MINUTE
_AT_ONCE = 20_000
_FAR = 1 << 62


class Upkeep:
    """Gives up labels whose horizon has passed, and drops profiles that are kept no longer."""

    def __init__(
        self, profiles: Profiles, registry: Registry, join: LabelJoin, *, clock: Callable[[], int]
    ) -> None:
        self._profiles = profiles
        self._registry = registry
        self._join = join
        self._clock = clock
        self._looked_at = 0

    def expire_labels(self, position: int) -> None:
        """Count labels that have waited for longer than their horizon as orphans; at most once a minute."""
        now = self._clock()
        if now - self._looked_at < _PAUSE:
            return
        self._looked_at = now
        settled: list[tuple[str, str]] = []
        orphans: dict[str, int] = {}
        for model in self._models():
            lost = self._join.expired(model.model_id, horizon=model.settings.label_horizon, now=now)
            if lost:
                settled.extend((model.model_id, label.prediction_id) for label in lost)
                orphans[model.model_id] = len(lost)
        if settled:
            self._profiles.commit(
                ProfileChange(before=position, after=position, settled=tuple(settled), orphans=orphans)
            )
            self._join.reset()

    def drop_minutes(self, position: int) -> list[ProfileKey]:
        """Delete profiles by the minute that are older than they are kept; return which.

        The same rows are in the profiles by the hour, so no answer changes.
        """
        dropped: list[ProfileKey] = []
        for model in self._models():
            before = self._clock() - model.settings.minute_retention - HOUR
            dropped += self._minutes_before(model.model_id, before)[: _AT_ONCE - len(dropped)]
        if dropped:
            self._profiles.commit(ProfileChange(before=position, after=position, deletes=tuple(dropped)))
        return dropped

    def _minutes_before(self, model_id: str, before: int) -> list[ProfileKey]:
        slice_keys = {key for _, key, _ in self._profiles.extent(model_id)} | {""}
        return [
            key
            for kind in (ProfileKind.TRAFFIC, ProfileKind.OUTCOMES)
            for slice_key in sorted(slice_keys)
            for key, _ in self._profiles.scan(
                model_id,
                kind,
                Granularity.MINUTE,
                start=-_FAR,
                end=before,
                slice_key=slice_key,
                slice_value=None,
            )
        ]

    def _models(self) -> Iterator[Model]:
        after = ""
        while models := self._registry.models(after=after):
            yield from models
            after = models[-1].model_id
