"""The registry as dictionaries."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from assay.domain.finding import Finding, FindingKind
from assay.domain.model import Model

__all__ = ["MemoryRegistry"]


class MemoryRegistry:
    """:class:`assay.ports.registry.Registry` in memory.

    Examples
    --------
    >>> registry = MemoryRegistry()
    >>> registry.put(Model("fraud"))
    >>> [model.model_id for model in registry.models()]
    ['fraud']
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[str, Model] = {}
        self._findings: dict[tuple[str, FindingKind, str], Finding] = {}
        self._analyses: dict[str, tuple[str, str, int, bytes]] = {}

    def get(self, model_id: str) -> Model | None:
        """Return the model, or None."""
        with self._lock:
            return self._models.get(model_id)

    def models(self, *, after: str = "", limit: int = 1_000) -> list[Model]:
        """Models in order of their names, those after `after` first."""
        with self._lock:
            names = sorted(name for name in self._models if name > after)
            return [self._models[name] for name in names[:limit]]

    def put(self, model: Model) -> None:
        """Store the model, replacing what was stored."""
        self.store([model], [])

    def store(self, models: Sequence[Model], findings: Sequence[Finding]) -> None:
        """Store what the profiler noticed, all at once."""
        with self._lock:
            self._models.update((model.model_id, model) for model in models)
            for finding in findings:
                name = (finding.model_id, finding.kind, finding.subject)
                old = self._findings.get(name)
                if old is None:
                    self._findings[name] = finding
                    continue
                latest = finding if finding.last_seen >= old.last_seen else old
                self._findings[name] = replace(
                    latest,
                    first_seen=min(old.first_seen, finding.first_seen),
                    count=old.count + finding.count,
                )

    def findings(self, model_id: str) -> list[Finding]:
        """Findings about the model, the last seen first."""
        with self._lock:
            found = [finding for finding in self._findings.values() if finding.model_id == model_id]
        return sorted(found, key=lambda finding: (-finding.last_seen, finding.kind, finding.subject))

    def put_analysis(
        self, analysis_id: str, model_id: str, *, kind: str, created_at: int, payload: bytes
    ) -> None:
        """Keep an analysis under its id, replacing the one that has it."""
        with self._lock:
            self._analyses[analysis_id] = (model_id, kind, created_at, payload)

    def latest_analysis(self, model_id: str, *, kind: str) -> bytes | None:
        """Return the newest analysis of that kind, or None."""
        with self._lock:
            found = [
                (created_at, analysis_id, payload)
                for analysis_id, (model, its_kind, created_at, payload) in self._analyses.items()
                if model == model_id and its_kind == kind
            ]
        return max(found)[2] if found else None
