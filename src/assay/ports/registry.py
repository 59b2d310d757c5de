"""The registry: models and what was found about them."""

from __future__ import annotations

from typing import Protocol

from assay.domain.finding import Finding
from assay.domain.model import Model

__all__ = ["Registry"]


class Registry(Protocol):
    """Store of models, findings and stored analyses. Methods may be called from any thread."""

    def get(self, model_id: str) -> Model | None:
        """Return the model, or None."""
        ...

    def models(self, *, after: str = "", limit: int = 1_000) -> list[Model]:
        """Models in order of their names, those after `after` first."""
        ...

    def put(self, model: Model) -> None:
        """Store the model, replacing what was stored."""
        ...

    def findings(self, model_id: str) -> list[Finding]:
        """Findings about the model, the last seen first."""
        ...

    def put_analysis(
        self, analysis_id: str, model_id: str, *, kind: str, created_at: int, payload: bytes
    ) -> None:
        """Keep an analysis (JSON bytes) under its id."""
        ...

    def latest_analysis(self, model_id: str, *, kind: str) -> bytes | None:
        """Return the newest analysis of that kind, or None."""
        ...
