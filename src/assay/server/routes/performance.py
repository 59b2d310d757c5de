"""Analyses of a model's performance over a period."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from assay.domain.answers import MetricWindow, ModelReport
from assay.domain.drift_history import DriftMoment
from assay.domain.model import Model
from assay.domain.time import from_micros
from assay.domain.window import WindowQuery
from assay.domain.window_drift import WindowDrift
from assay.errors import InvalidInput
from assay.monitoring.service import Service
from assay.server.query import ModelName, Window
from assay.server.reply import reply
from assay.server.schemas.answers import (
    BenchmarkComparison,
    ModelPerformanceReport,
    ModelSummary,
    PerformanceMetricsSummary,
)
from assay.server.schemas.drift import DriftAnalysis
from assay.server.schemas.requests import AnalysisRequest
from assay.stats.metrics import METRICS, Estimate

__all__ = ["router"]

_KIND = "performance"
_PERIOD = "30d"
_NEEDS_RETURNS = "is computed from returns, which labels of models with the task trading bring"
_SPECIFIED = {
    "DIRECTIONAL_ACCURACY": _NEEDS_RETURNS,
    "CONFIDENCE_CALIBRATION": "needs scores or probabilities, and labels of a classifier",
    "SHARPE_RATIO": _NEEDS_RETURNS,
    "INFORMATION_RATIO": _NEEDS_RETURNS,
    "MAXIMUM_DRAWDOWN": _NEEDS_RETURNS,
    "HIT_RATE": "needs labels of a classifier",
}
"""Metrics of the analysis request, and what each needs."""

_NO_REFERENCE = "There is no reference yet: log predictions, or give one."
_MAIN = ("accuracy", "r2_score")
_FEW = 100
_LOW_COVERAGE = 0.5


class _SummaryQuery(Window):
    """Which models, over which period."""

    after: str = Field(default="", description="Begin after this model.")
    limit: int = Field(default=50, ge=1, le=200, description="The most models of a page.")


def router(service: Service, *, now: Callable[[], int]) -> APIRouter:
    """Return the routes; `now` gives microseconds since the epoch."""
    routes = APIRouter(prefix="/api/v1/performance", tags=["performance"])

    def analyse(request: AnalysisRequest) -> ModelPerformanceReport:
        window = _window(request)
        report = service.report(request.model_id, window)
        verdict = None if report.drift is None else service.drift_report(request.model_id, window)
        return _report(request, report, verdict, benchmark=request.benchmark_comparison)

    @routes.post("/analyze", response_model=ModelPerformanceReport, summary="Analyse a model over a period")
    def analyze(request: AnalysisRequest) -> Response:
        known = METRICS.keys() | _SPECIFIED.keys()
        for name in request.metrics:
            if name not in known:
                raise InvalidInput(
                    f"there is no metric {name[:80]!r}; the metrics are {', '.join(sorted(known))}"
                )
        answer = reply(ModelPerformanceReport, analyse(request))
        report_id = _id_in(answer)
        service.put_analysis(report_id, request.model_id, kind=_KIND, payload=bytes(answer.body))
        return answer

    @routes.get(
        "/metrics/summary",
        response_model=PerformanceMetricsSummary,
        summary="The newest figures of all models",
    )
    def summary(query: Annotated[_SummaryQuery, Query()]) -> Response:
        if query.period is None and query.start is None:
            query = query.model_copy(update={"period": _PERIOD})
        window = query.asked()
        if query.wait:
            service.catch_up(timeout=query.wait)
        models = service.models(after=query.after, limit=query.limit + 1)
        shown = models[: query.limit]
        newest = service.newest_drift([model.model_id for model in shown])
        answer = PerformanceMetricsSummary.model_construct(
            models=[_summary(service, model, window, newest.get(model.model_id)) for model in shown],
            analysis_period=query.period or "start and end",
            next=shown[-1].model_id if len(models) > query.limit else None,
            timestamp=from_micros(now()),
        )
        return reply(PerformanceMetricsSummary, answer)

    @routes.get(
        "/{model_id}/latest",
        response_model=ModelPerformanceReport,
        summary="The newest analysis of a model",
        description=f"Without one, the analysis of the last {_PERIOD}, made now and not kept.",
    )
    def latest(model_id: ModelName) -> Response:
        kept = service.latest_analysis(model_id, kind=_KIND)
        if kept is not None:
            return Response(kept, media_type="application/json")
        return reply(ModelPerformanceReport, analyse(AnalysisRequest(model_id=model_id)))

    return routes


def _id_in(answer: Response) -> str:
    """Return the id of a report that was just written."""
    return ModelPerformanceReport.model_validate_json(bytes(answer.body)).report_id


def _window(request: AnalysisRequest) -> WindowQuery:
    """Return the window of an analysis: a length that ends at the newest event, or two times."""
    first, slash, last = request.analysis_period.partition("/")
    if slash:
        try:
            start, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
        except ValueError:
            raise InvalidInput(
                f"analysis_period {request.analysis_period[:80]!r} is neither a length such as 30d nor two "
                "times of ISO 8601 with a slash between"
            ) from None
        given: dict[str, Any] = {"start": start, "end": end}
    else:
        given = {"period": request.analysis_period}
    return WindowQuery.of(**given, step=request.timeframe, version=request.model_version)


def _report(
    request: AnalysisRequest, report: ModelReport, verdict: WindowDrift | None, *, benchmark: bool
) -> ModelPerformanceReport:
    """Lay out a report in the fields of an analysis."""
    estimates = report.whole.metrics
    values = {name: estimate.value for name, estimate in estimates.items()} | _specified(estimates)
    wanted = request.metrics or list(values)
    unavailable = {
        name: _SPECIFIED.get(name, "is not defined for this model's task, or needs labels")
        for name in wanted
        if values.get(name) is None
    }
    return ModelPerformanceReport.model_construct(
        report_id=report.report_id,
        model_id=report.model_id,
        model_version=report.version,
        analysis_period=request.analysis_period,
        start=report.whole.start,
        end=report.whole.end,
        performance_metrics={name: values.get(name) for name in wanted},
        unavailable=unavailable,
        estimates={name: value for name, value in estimates.items() if name in wanted},
        windows=list(report.windows),
        n_predictions=report.whole.n_predictions,
        n_labelled=report.whole.n_labelled,
        coverage=report.whole.coverage,
        drift_analysis=DriftAnalysis.none(_NO_REFERENCE)
        if verdict is None
        else DriftAnalysis.of(verdict, figures=report.drift),
        benchmark_comparison=BenchmarkComparison.model_construct(
            improvement_areas=[], note="No benchmark model is declared; comparison of models is to come."
        )
        if benchmark
        else None,
        recommendations=_recommendations(report),
        reference=report.reference,
        rows_behind=report.positions_behind,
        timestamp=report.created_at,
    )


def _specified(estimates: dict[str, Estimate]) -> dict[str, float | None]:
    """Metrics under the names of the analysis request."""
    ece = estimates.get("ece")
    accuracy = estimates.get("accuracy")
    values: dict[str, float | None] = dict.fromkeys(_SPECIFIED)
    values["CONFIDENCE_CALIBRATION"] = None if ece is None or ece.value is None else 1.0 - ece.value
    values["HIT_RATE"] = None if accuracy is None else accuracy.value
    return values


def _recommendations(report: ModelReport) -> list[str]:
    """What would make the report more telling."""
    whole = report.whole
    advice = []
    if not whole.n_predictions:
        advice.append("There are no predictions in this period: choose another one, or log some.")
    elif not whole.n_labelled:
        advice.append("There are no labels in this period: send them to judge the predictions.")
    else:
        if whole.coverage is not None and whole.coverage < _LOW_COVERAGE:
            advice.append(
                f"Only {whole.coverage:.0%} of the predictions have their truth: the metrics may change."
            )
        if whole.n_labelled < _FEW:
            advice.append(f"Only {whole.n_labelled} predictions have their truth: look at the intervals.")
    if report.reference is not None and report.reference.provisional:
        advice.append(
            f"The first {report.reference.rows} predictions serve as the reference: give the training data."
        )
    if report.positions_behind:
        advice.append(f"{report.positions_behind} rows just logged are not in these figures yet.")
    return advice


def _summary(service: Service, model: Model, asked: WindowQuery, newest: DriftMoment | None) -> ModelSummary:
    """Return the newest figures of one model."""
    window: MetricWindow = service.metrics(model.model_id, asked)[0]
    values = {name: estimate.value for name, estimate in window.metrics.items()}
    return ModelSummary.model_construct(
        model_id=model.model_id,
        task=None if model.task is None else model.task.value,
        score=next((values[name] for name in _MAIN if values.get(name) is not None), None),
        metrics=values,
        trend=None,
        drift=None if newest is None else DriftAnalysis.in_short(newest),
        alerts=[],
        n=window.n_predictions,
        coverage=window.coverage,
        start=window.start,
        end=window.end,
    )
