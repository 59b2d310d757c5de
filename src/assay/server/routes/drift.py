"""Verdicts on drift, of stored windows and of rows that are sent."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from assay.domain.drift_report import DriftReport
from assay.errors import NotFound
from assay.monitoring.drift.detection import detect_drift
from assay.monitoring.drift.narrowing import figures_of, narrowed
from assay.monitoring.service import Service
from assay.server.reply import reply
from assay.server.schemas.detection import DriftDetectionRequest, table_of
from assay.server.schemas.drift import DriftAnalysis

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1/performance", tags=["performance"])

    def judged(request: DriftDetectionRequest) -> DriftReport:
        if request.model_id is None:
            assert request.reference_rows is not None  # noqa: S101 - the request was validated
            assert request.current_rows is not None  # noqa: S101 - the request was validated
            return detect_drift(
                table_of(request.reference_rows),
                table_of(request.current_rows),
                timestamp=request.timestamp,
                prediction=request.prediction,
                target=request.target,
                score=request.score,
            )
        if request.reference is not None:
            _require_active(service, request.model_id, request.reference)
        return service.drift_report(request.model_id, request.window())

    @routes.post(
        "/drift/detect",
        response_model=DriftAnalysis,
        summary="Judge a stored window, or rows given in the request, for drift",
        description="Of a stored window, or of `reference_rows` and `current_rows`, which are not kept.",
    )
    def detect(request: DriftDetectionRequest) -> Response:
        report = narrowed(judged(request), features=request.features, types=request.drift_types)
        analysis = DriftAnalysis.of(report)
        analysis.statistics = figures_of(report, request.methods) if request.methods else []
        return reply(DriftAnalysis, analysis)

    return routes


def _require_active(service: Service, model_id: str, reference: str) -> None:
    """Refuse a reference that windows cannot be held against."""
    views = service.references(model_id)
    named = [view for view in views if reference in (view.name, view.reference_id)]
    if not named:
        known = ", ".join(repr(view.name or view.reference_id)[:80] for view in views[:5]) or "none"
        raise NotFound(f"the model has no reference {reference[:80]!r}; it has {known}")
    if not any(view.active for view in named):
        raise NotFound(
            f"the reference {reference[:80]!r} is not the one in use; windows are counted under that alone"
        )
