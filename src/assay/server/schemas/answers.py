"""Answers: lists and documents around the results of :mod:`assay.domain.answers`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from assay.domain.answers import (
    DriftWindow,
    IngestAnswer,
    MetricWindow,
    ReferenceView,
    Rejected,
)
from assay.domain.finding import Finding
from assay.domain.model import Model
from assay.server.schemas.drift import DriftAnalysis
from assay.stats.metrics import Estimate

__all__ = [
    "Alive",
    "BenchmarkComparison",
    "CalibrationDocument",
    "ConfusionCell",
    "DriftList",
    "FindingList",
    "IngestDocument",
    "MetricList",
    "ModelList",
    "ModelPerformanceReport",
    "ModelSummary",
    "PerformanceMetricsSummary",
    "ProblemDocument",
    "ReferenceList",
    "ReliabilityBin",
]


class _Answer(BaseModel):
    """An answer, exact: nothing that is not described."""

    model_config = ConfigDict(extra="forbid")


class ProblemDocument(BaseModel):
    """An error, as problem details (RFC 9457)."""

    type: str = Field(description="Always about:blank: the status says what kind of problem it is.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened, with which value, and what to do.")
    code: str = Field(description="A short name for programs, such as NotFound or StorageFull.")
    rejected: list[Rejected] | None = Field(default=None, description="Bad items, where not one was good.")
    rejected_total: int | None = None
    errors: list[dict[str, Any]] | None = Field(
        default=None, description="Fields of the request that do not fit."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestDocument(IngestAnswer):
    """What became of the items of a request.

    `prediction_ids` are there on request (``return_ids=true``): the id of each item, null for a rejected
    one; null instead of the list where the Idempotency-Key had come before.
    """

    prediction_ids: list[str | None] | None = None


class Alive(_Answer):
    """The process answers."""

    status: str


class ModelList(_Answer):
    """A page of models, in order of their names."""

    models: list[Model]


class ReferenceList(_Answer):
    """References of a model, newest first."""

    references: list[ReferenceView]


class FindingList(_Answer):
    """What was noticed about a model, the last seen first."""

    findings: list[Finding]


class MetricList(_Answer):
    """Metrics of a window, or of each step of it."""

    windows: list[MetricWindow]


class DriftList(_Answer):
    """Drift of a window, or of each step of it; empty while there is no reference."""

    windows: list[DriftWindow]


class ReliabilityBin(_Answer):
    """One bin of scores."""

    score: float = Field(description="Mean score.")
    positive: float = Field(description="Share of the positive class.")
    n: int


class ConfusionCell(_Answer):
    """How often a class was predicted where another, or the same, was the truth."""

    actual: str
    predicted: str
    n: int


class ClassScoresDocument(_Answer):
    """How often each probability of one class was given; counts by cell of the scores."""

    own: list[int] = Field(description="Of the predictions whose truth is the class.")
    others: list[int] = Field(description="Of those whose truth is another.")
    unlabelled: list[int] = Field(description="Of those without truth.")


class CalibrationDocument(_Answer):
    """Reliability curve, confusion matrix and score distribution of one window."""

    start: datetime
    end: datetime
    n_predictions: int
    n_labelled: int
    coverage: float | None = Field(description="Share of the predictions that have their truth.")
    bins: list[ReliabilityBin]
    confusion: list[ConfusionCell]
    score_edges: list[float] = Field(description="Bounds of the cells of scores, one more than cells.")
    score_counts: dict[str, list[int]] = Field(
        description="Predictions in each cell, by true class; `unlabelled` for those without truth."
    )
    class_scores: dict[str, ClassScoresDocument] = Field(
        description="With probabilities of several classes: of each class, how its probability is "
        "distributed in the same cells, the most frequent class first."
    )


class BenchmarkComparison(_Answer):
    """Comparison with another model."""

    benchmark_model: str | None = None
    performance_delta: float | None = None
    statistical_significance: float | None = None
    improvement_areas: list[str] = Field(default_factory=list)
    note: str


class ModelPerformanceReport(_Answer):
    """Analysis of one model over one period."""

    report_id: str
    model_id: str
    model_version: str | None
    analysis_period: str
    start: datetime
    end: datetime
    performance_metrics: dict[str, float | None] = Field(
        description="Value of each metric; null where it cannot be computed, see `unavailable`."
    )
    unavailable: dict[str, str] = Field(description="Why a metric is null.")
    estimates: dict[str, Estimate] = Field(description="Values with n, coverage, interval and bound.")
    windows: list[MetricWindow] = Field(description="The same by `timeframe`, where one was asked for.")
    n_predictions: int
    n_labelled: int
    coverage: float | None
    drift_analysis: DriftAnalysis
    benchmark_comparison: BenchmarkComparison | None
    recommendations: list[str]
    reference: ReferenceView | None
    rows_behind: int = Field(description="Rows acknowledged and not yet in these figures.")
    timestamp: datetime


class ModelSummary(_Answer):
    """The newest figures of one model."""

    model_id: str
    task: str | None
    score: float | None = Field(description="Accuracy of a classifier, R² of a regression.")
    metrics: dict[str, float | None]
    trend: str | None = Field(description="IMPROVING, STABLE or DECLINING; null while no verdict is drawn.")
    drift: DriftAnalysis | None
    alerts: list[str]
    n: int
    coverage: float | None
    start: datetime
    end: datetime


class PerformanceMetricsSummary(_Answer):
    """The newest figures of all models, a page at a time."""

    models: list[ModelSummary]
    analysis_period: str
    next: str | None = Field(description="Give this as `after` for the next page; null on the last.")
    timestamp: datetime
