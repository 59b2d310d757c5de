"""Metrics, calibration and drift of windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from assay.domain.answers import Calibration, ModelReport
from assay.domain.feature_view import FeatureView
from assay.monitoring.service import Service
from assay.server.query import (
    CalibrationQuery,
    DriftQuery,
    FeatureName,
    FeatureQuery,
    MetricQuery,
    ModelName,
    Window,
    bounds,
    names,
    selection,
    step_of,
)
from assay.server.reply import reply
from assay.server.schemas.answers import (
    CalibrationDocument,
    ConfusionCell,
    DriftList,
    MetricList,
    ReliabilityBin,
)

__all__ = ["router"]


class _ReportQuery(Window):
    """A report."""

    version: str | None = Field(default=None, description="One version; absent: all together.")
    step: str | None = Field(
        default=None, max_length=20, description="Cut the window into steps, such as 1d."
    )


def router(service: Service, *, now: Callable[[], int]) -> APIRouter:
    """Return the routes; `now` gives microseconds since the epoch."""
    routes = APIRouter(prefix="/api/v1/models/{model_id}", tags=["metrics"])

    def window(model_id: str, query: Window) -> tuple[int, int]:
        if query.wait:
            service.catch_up(timeout=query.wait)
        return bounds(service, model_id, query, now=now)

    @routes.get("/metrics", response_model=MetricList, summary="Metrics of a window, or of each step of it")
    def metrics(model_id: ModelName, query: Annotated[MetricQuery, Query()]) -> Response:
        start, end = window(model_id, query)
        found = service.metrics(
            model_id,
            start=start,
            end=end,
            step=step_of(query.step),
            names=names(query.metrics),
            **selection(query),
        )
        return reply(MetricList, MetricList.model_construct(windows=found))

    @routes.get(
        "/calibration",
        response_model=CalibrationDocument,
        summary="Reliability curve, confusion matrix and scores of a window",
    )
    def calibration(model_id: ModelName, query: Annotated[CalibrationQuery, Query()]) -> Response:
        start, end = window(model_id, query)
        found = service.calibration(model_id, start=start, end=end, **selection(query))
        return reply(CalibrationDocument, _document(found))

    @routes.get("/drift", response_model=DriftList, summary="Drift of each feature against the reference")
    def drift(model_id: ModelName, query: Annotated[DriftQuery, Query()]) -> Response:
        start, end = window(model_id, query)
        found = service.drift(
            model_id,
            start=start,
            end=end,
            step=step_of(query.step),
            features=names(query.features),
            **selection(query),
        )
        return reply(DriftList, DriftList.model_construct(windows=found))

    @routes.get(
        "/features/{feature}",
        response_model=FeatureView,
        summary="One feature against the reference: distributions, figures, what changed",
    )
    def feature(
        model_id: ModelName, feature: FeatureName, query: Annotated[FeatureQuery, Query()]
    ) -> Response:
        start, end = window(model_id, query)
        found = service.feature(
            model_id, feature, start=start, end=end, step=step_of(query.step), **selection(query)
        )
        return reply(FeatureView, found)

    @routes.get("/report", response_model=ModelReport, summary="Everything about a model over one period")
    def report(model_id: ModelName, query: Annotated[_ReportQuery, Query()]) -> Response:
        start, end = window(model_id, query)
        found = service.report(
            model_id, start=start, end=end, step=step_of(query.step), version=query.version
        )
        return reply(ModelReport, found)

    return routes


def _document(found: Calibration) -> CalibrationDocument:
    """Return a calibration as JSON has it: pairs are no names of members there."""
    return CalibrationDocument.model_construct(
        start=found.start,
        end=found.end,
        n_predictions=found.n_predictions,
        n_labelled=found.n_labelled,
        coverage=found.coverage,
        bins=[ReliabilityBin.model_construct(score=s, positive=p, n=n) for s, p, n in found.bins],
        confusion=[
            ConfusionCell.model_construct(actual=actual, predicted=predicted, n=n)
            for (actual, predicted), n in found.confusion.items()
        ],
        score_edges=list(found.score_edges),
        score_counts={name: list(counts) for name, counts in found.score_counts.items()},
    )
