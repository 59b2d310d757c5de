"""Single predictions with their truth, and erasure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from assay.domain.answers import ErasureAnswer, PredictionView
from assay.monitoring.service import Service
from assay.server.query import ModelName, PredictionName, Reading, Window, bounds
from assay.server.reply import finite, reply
from assay.server.schemas.answers import PredictionList
from assay.server.schemas.requests import ErasureRequest

__all__ = ["router"]


class _Newest(Window):
    """The newest predictions of a window."""

    limit: int = Field(default=100, ge=1, le=10_000, description="The most predictions to return.")


def router(service: Service, *, now: Callable[[], int]) -> APIRouter:
    """Return the routes; `now` gives microseconds since the epoch."""
    routes = APIRouter(prefix="/api/v1/models/{model_id}", tags=["predictions"])

    @routes.get("/predictions", response_model=PredictionList, summary="The newest predictions of a window")
    def predictions(model_id: ModelName, query: Annotated[_Newest, Query()]) -> Response:
        if query.wait:
            service.catch_up(timeout=query.wait)
        start, end = bounds(service, model_id, query, now=now)
        found = service.predictions(model_id, start=start, end=end, limit=query.limit)
        return reply(PredictionList, PredictionList.model_construct(predictions=list(map(_shown, found))))

    @routes.get(
        "/predictions/{prediction_id}", response_model=PredictionView, summary="One prediction with its truth"
    )
    def prediction(
        model_id: ModelName, prediction_id: PredictionName, reading: Annotated[Reading, Query()]
    ) -> Response:
        if reading.wait:
            service.catch_up(timeout=reading.wait)
        return reply(PredictionView, _shown(service.prediction(model_id, prediction_id)))

    @routes.post(
        "/erasures",
        response_model=ErasureAnswer,
        summary="Erase predictions and their labels for good",
        description="Returns when no store holds the rows any more and the metrics no longer count them.",
    )
    def erase(model_id: ModelName, request: ErasureRequest) -> Response:
        tag = None if request.tag is None else (request.tag.key, request.tag.value)
        return reply(ErasureAnswer, service.erase(model_id, ids=request.ids, tag=tag))

    return routes


def _shown(view: PredictionView) -> PredictionView:
    """Return the view with features that JSON can hold: NaN and infinities by their names."""
    return replace(view, features={name: finite(value) for name, value in view.features.items()})
