"""State of the service: alive, ready, metrics for Prometheus."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import Response

from assay.domain.access import Scope
from assay.domain.answers import ServiceHealth
from assay.domain.drift_report import DriftType
from assay.monitoring.access.caller import caller
from assay.monitoring.service import Service
from assay.server.access import require_all_models
from assay.server.exposition import MOST_MODELS, of_models, prometheus
from assay.server.ingest import Ingest
from assay.server.reply import reply
from assay.server.schemas.answers import Alive

__all__ = ["router"]

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def router(service: Service, ingest: Ingest) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["state"])

    @routes.get("/health", response_model=Alive, summary="Whether the process answers")
    async def health() -> Response:
        return reply(Alive, Alive(status="alive"))

    @routes.get(
        "/ready",
        response_model=ServiceHealth,
        summary="Whether the service accepts data, with the state of each part",
        responses={503: {"model": ServiceHealth, "description": "A part has failed."}},
    )
    def ready() -> Response:
        state = service.health()
        who = caller().principal
        if not who.allows(Scope.READ):  # strangers learn whether, not why
            state = ServiceHealth(ready=state.ready, parts=())
        elif who.models is not None:  # figures are of all models together
            parts = tuple(replace(part, message="", figures={}) for part in state.parts)
            state = ServiceHealth(ready=state.ready, parts=parts)
        return reply(ServiceHealth, state, status=200 if state.ready else 503)

    @routes.get(
        "/metrics",
        summary="Counters and gauges, for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    def metrics() -> Response:
        require_all_models()
        own = {
            "http_ingest_requests": float(ingest.requests),
            "http_decode_seconds": ingest.decode_seconds,
            "http_inflight_bytes": float(ingest.inflight.bytes),
            "http_refused_busy": float(ingest.inflight.refused),
        }
        text = prometheus(service.figures() | own) + of_models(_drift(service))
        return Response(text, media_type=_TEXT)

    return routes


def _drift(service: Service) -> dict[str, dict[str, float]]:
    """Verdicts on the newest closed day of each model, and on its newest day with labels, as gauges."""
    models = [model.model_id for model in service.models(limit=MOST_MODELS)]
    newest = service.newest_drift(models)
    if not newest:
        return {}
    labelled = service.newest_drift(models, with_truth=True)
    return {
        "model_data_drift_detected": {
            name: float(bool(one.affected_features)) for name, one in newest.items()
        },
        "model_drifted_columns_ratio": {
            name: len(one.affected_features) / max(one.columns, 1) for name, one in newest.items()
        },
        "model_concept_drift_detected": {
            name: float(DriftType.CONCEPT in one.drift_types) for name, one in labelled.items()
        },
        "model_accuracy_drop_percent": {
            name: 100 * (one.accuracy_before - one.accuracy) / one.accuracy_before
            for name, one in labelled.items()
            if one.accuracy_before and one.accuracy is not None
        },
    }
