"""Metrics, calibration and drift of windows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from assay.domain.answers import Calibration, ModelReport
from assay.domain.drift_history import DriftHistory
from assay.domain.estimates import PerformanceEstimate
from assay.domain.feature_view import FeatureView
from assay.domain.window import WindowQuery
from assay.monitoring.service import Service
from assay.server.query import (
    CalibrationQuery,
    DriftHistoryQuery,
    DriftQuery,
    EstimateQuery,
    FeatureName,
    FeatureQuery,
    MetricQuery,
    ModelName,
    Window,
    names,
)
from assay.server.reply import reply
from assay.server.schemas.answers import (
    CalibrationDocument,
    ClassScoresDocument,
    ConfusionCell,
    DriftList,
    MetricList,
    ReliabilityBin,
)
from assay.server.schemas.drift import WindowDriftDocument

__all__ = ["router"]


class _ReportQuery(Window):
    """A report."""

    version: str | None = Field(default=None, description="One version; absent: all together.")
    step: str | None = Field(
        default=None, max_length=20, description="Cut the window into steps, such as 1d."
    )


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1/models/{model_id}", tags=["metrics"])

    def asked(query: Window) -> WindowQuery:
        window = query.asked()
        if query.wait:
            service.catch_up(timeout=query.wait)
        return window

    @routes.get("/metrics", response_model=MetricList, summary="Metrics of a window, or of each step of it")
    def metrics(model_id: ModelName, query: Annotated[MetricQuery, Query()]) -> Response:
        found = service.metrics(model_id, asked(query), names=names(query.metrics))
        return reply(MetricList, MetricList.model_construct(windows=found))

    @routes.get(
        "/calibration",
        response_model=CalibrationDocument,
        summary="Reliability curve, confusion matrix and scores of a window",
    )
    def calibration(model_id: ModelName, query: Annotated[CalibrationQuery, Query()]) -> Response:
        return reply(CalibrationDocument, _document(service.calibration(model_id, asked(query))))

    @routes.get("/drift", response_model=DriftList, summary="Drift of each feature against the reference")
    def drift(model_id: ModelName, query: Annotated[DriftQuery, Query()]) -> Response:
        found = service.drift(model_id, asked(query), features=names(query.features))
        return reply(DriftList, DriftList.model_construct(windows=found))

    @routes.get(
        "/drift-report",
        response_model=WindowDriftDocument,
        summary="The verdict: whether a window has drifted, in what, and how sure that is",
    )
    def drift_report(model_id: ModelName, query: Annotated[CalibrationQuery, Query()]) -> Response:
        found = service.drift_report(model_id, asked(query))
        return reply(WindowDriftDocument, WindowDriftDocument.of(found))

    @routes.get(
        "/drift-history",
        response_model=DriftHistory,
        summary="The verdicts that were given on closed days, or hours",
    )
    def drift_history(model_id: ModelName, query: Annotated[DriftHistoryQuery, Query()]) -> Response:
        return reply(DriftHistory, service.drift_history(model_id, asked(query)))

    @routes.get(
        "/features/{feature}",
        response_model=FeatureView,
        summary="One feature against the reference: distributions, figures, what changed",
    )
    def feature(
        model_id: ModelName, feature: FeatureName, query: Annotated[FeatureQuery, Query()]
    ) -> Response:
        return reply(FeatureView, service.feature(model_id, feature, asked(query)))

    @routes.get(
        "/estimate",
        response_model=PerformanceEstimate,
        summary="Performance without labels: metrics to expect, with intervals, beside the realised ones",
    )
    def estimate(model_id: ModelName, query: Annotated[EstimateQuery, Query()]) -> Response:
        return reply(PerformanceEstimate, service.estimate(model_id, asked(query)))

    @routes.get("/report", response_model=ModelReport, summary="Everything about a model over one period")
    def report(model_id: ModelName, query: Annotated[_ReportQuery, Query()]) -> Response:
        return reply(ModelReport, service.report(model_id, asked(query)))

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
        class_scores={
            name: ClassScoresDocument.model_construct(
                own=list(one.own), others=list(one.others), unlabelled=list(one.unlabelled)
            )
            for name, one in found.class_scores.items()
        },
    )
