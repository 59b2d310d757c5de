"""The routes of single predictions: the list, its CSV, and the page of one."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from assay.dashboard.names import model_from_slug, model_path
from assay.dashboard.pages import HEADERS, page
from assay.dashboard.prediction_page import one_prediction
from assay.dashboard.predictions import listed_csv, listed_predictions, parse_asked, prediction_link
from assay.dashboard.readings import PageReader, Readings
from assay.dashboard.strip import HEIGHT, WIDTH
from assay.dashboard.suggestions import suggestions
from assay.domain.prediction_filter import OUTCOMES

__all__ = ["add_prediction_routes"]


def add_prediction_routes(
    routes: APIRouter, service: PageReader, readings: Readings, *, now: Callable[[], int]
) -> None:
    """Add them to the pages' routes; `now` gives microseconds since the epoch."""

    @routes.get("/models/{slug}/predictions")
    def predictions(slug: str, request: Request) -> Response:
        known = readings.model(model_from_slug(slug))
        model = known.model
        numeric = model.task is not None and not model.task.classifies and not model.settings.classes
        listed = listed_predictions(service, model, parse_asked(request.query_params))
        return page(
            "predictions.html",
            listed=listed,
            offered=suggestions(readings, known, listed.page, now=now()),
            known=known,
            model=model,
            outcomes=[name for name in OUTCOMES if not numeric or name not in ("right", "wrong")],
            numeric=numeric,
            link=prediction_link,
            path=model_path(model.model_id),
            address=str(request.base_url).rstrip("/"),
        )

    @routes.get("/models/{slug}/predictions.csv")
    def predictions_csv(slug: str, request: Request) -> Response:
        model = readings.model(model_from_slug(slug)).model
        found = listed_predictions(service, model, parse_asked(request.query_params))
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="predictions.csv"'}
        return Response(listed_csv(found.page), media_type="text/csv; charset=utf-8", headers=headers)

    @routes.get("/models/{slug}/predictions/{prediction}")
    def prediction(slug: str, prediction: str, request: Request) -> Response:
        known = readings.model(model_from_slug(slug))
        view = service.prediction(known.model.model_id, model_from_slug(prediction))
        return page(
            "prediction.html",
            one=one_prediction(view, search=request.query_params.get("feature", "").strip()),
            known=known,
            model=known.model,
            strip_box=f"0 0 {WIDTH} {HEIGHT}",
            path=model_path(known.model.model_id),
            address=str(request.base_url).rstrip("/"),
        )
