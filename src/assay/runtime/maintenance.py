"""What is done every few minutes to keep the stores small and quick."""

from __future__ import annotations

from collections.abc import Callable

from assay.domain.columns import Kind
from assay.monitoring.profiler import Profiler
from assay.ports.lake import Lake
from assay.ports.registry import Registry

__all__ = ["Maintenance"]


class Maintenance:
    """Compacts the lake, and drops rows and profiles by the minute whose retention is over."""

    def __init__(
        self, profiler: Profiler, lake: Lake, registry: Registry, *, clock: Callable[[], int]
    ) -> None:
        self._profiler = profiler
        self._lake = lake
        self._registry = registry
        self._clock = clock

    def __call__(self) -> None:
        """Do it once."""
        self._profiler.drop_minutes()
        now = self._clock()
        after = ""
        while models := self._registry.models(after=after):
            for model in models:
                retention = model.settings.retention
                before = None if retention is None else now - retention
                for kind in (Kind.PREDICTIONS, Kind.LABELS):
                    self._lake.maintain(model.model_id, kind, rows_before=before, now=now)
            after = models[-1].model_id
