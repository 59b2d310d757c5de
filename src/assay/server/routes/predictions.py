"""Single predictions with their truth, and erasure."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from assay.domain.answers import ErasureAnswer, PredictionView
from assay.domain.prediction_filter import PredictionFilter
from assay.domain.prediction_page import PredictionPage
from assay.domain.window import pair_of
from assay.monitoring.service import Service
from assay.server.query import ModelName, PredictionName, Reading, Window
from assay.server.reply import finite, reply
from assay.server.schemas.requests import ErasureRequest

__all__ = ["router"]


class _Search(Window):
    """The newest predictions of a window that meet all conditions given."""

    limit: int = Field(default=100, ge=1, le=10_000, description="The most predictions to return.")
    after: str | None = Field(default=None, description="`next` of the page before; absent: the newest.")
    version: str | None = Field(default=None, description="Only of this version.")
    slice: str | None = Field(default=None, description="Only with this value of a tag, as tag:value.")
    outcome: Literal["right", "wrong", "labelled", "unlabelled", "error"] | None = Field(
        default=None, description="Only of this outcome; right and wrong against the truth that counts."
    )
    below_confidence: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Only those less sure than this: by `confidence`, else by the score or the predicted "
        "class's probability.",
    )
    predicted: str | None = Field(default=None, description="Only of this predicted class.")
    actual: str | None = Field(default=None, description="Only of this true class.")
    contains: str | None = Field(default=None, description="Only those whose id contains this.")

    def conditions(self) -> PredictionFilter:
        """Return the conditions, as the use case takes them."""
        return PredictionFilter(
            version=self.version,
            slice=pair_of("slice", self.slice),
            outcome=self.outcome,
            below_confidence=self.below_confidence,
            predicted=self.predicted,
            actual=self.actual,
            contains=self.contains,
        )


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1/models/{model_id}", tags=["predictions"])

    @routes.get(
        "/predictions",
        response_model=PredictionPage,
        summary="The newest predictions of a window that meet conditions",
        description="A search that takes long stops; `searched_to` says how far back it looked, and `next` "
        "goes on from there. In a list, `places` is empty.",
    )
    def predictions(model_id: ModelName, query: Annotated[_Search, Query()]) -> Response:
        only, window = query.conditions(), query.asked()
        if query.wait:
            service.catch_up(timeout=query.wait)
        found = service.predictions(model_id, window, limit=query.limit, only=only, after=query.after)
        return reply(PredictionPage, replace(found, predictions=tuple(map(_shown, found.predictions))))

    @routes.get(
        "/predictions/{prediction_id}",
        response_model=PredictionView,
        summary="One prediction with its truth, and where its features lie in the reference",
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
    features = {name: finite(value) for name, value in view.features.items()}
    places = tuple(replace(place, value=finite(place.value)) for place in view.places)
    return replace(view, features=features, places=places)
