"""Verdicts on drift, as JSON has them."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from assay.domain.answers import DriftWindow
from assay.domain.drift_history import DriftMoment
from assay.domain.drift_report import DriftEvidence, DriftReport, DriftStatus, DriftType, FeatureVerdict
from assay.domain.window_drift import Baseline, WindowDrift
from assay.stats.drift import FeatureDrift

__all__ = ["DriftAnalysis", "DriftReportDocument", "WindowDriftDocument"]


class DriftReportDocument(BaseModel):
    """Whether rows have drifted from a reference, in what, how much, and how sure that is."""

    model_config = ConfigDict(extra="forbid")

    status: DriftStatus
    drift_type: DriftType | None = Field(description="What has changed first; null without drift.")
    drift_types: tuple[DriftType, ...] = Field(description="All that have changed.")
    drift_severity: float = Field(description="0 to 100; 0 without drift.")
    drift_confidence: float = Field(description="1 minus the smallest adjusted p-value.")
    affected_features: tuple[str, ...] = Field(description="The gravest first.")
    features: dict[str, FeatureVerdict]
    overall: tuple[DriftEvidence, ...] = Field(
        description="Tests of several features, the truth or a metric."
    )
    findings: tuple[str, ...] = Field(description="In one sentence each, the gravest first.")
    level: float = Field(description="Probability of a false alarm that was allowed.")
    n_reference: int
    n_current: int
    season: str = Field(description="The season that was recognised; empty for none.")
    dependent_features: tuple[str, ...] = Field(
        description="Whose rows depend on those before, or on the time."
    )
    smallest_detectable: float | None = Field(
        description="The smallest Kolmogorov-Smirnov distance that such a window shows (median of all)."
    )
    notes: tuple[str, ...]

    @classmethod
    def of(cls, found: DriftReport) -> Self:
        """Return the document of a verdict."""
        return cls.model_construct(**{name: getattr(found, name) for name in cls.model_fields})


class WindowDriftDocument(DriftReportDocument):
    """The verdict on a window of a model's stored rows."""

    model_id: str
    version: str | None
    slice: tuple[str, str] | None
    start: datetime
    end: datetime
    reference_id: str
    baseline: Baseline = Field(description="BASELINE: the reference; CONSECUTIVE: the time before.")
    learnt_hours: int = Field(
        description="Hours that memory and seasons were learnt from; 0: rows were taken for independent."
    )
    computed_at: datetime


class DriftAnalysis(BaseModel):
    """The verdict on drift in short; where one was asked for, with the evidence behind it."""

    model_config = ConfigDict(extra="forbid")

    drift_detected: bool | None = Field(description="null: there is no verdict, see `note`.")
    drift_type: str | None = Field(description="What has changed first; null without drift.")
    drift_severity: float | None = Field(description="0 to 100.")
    drift_confidence: float | None = Field(description="1 minus the smallest adjusted p-value.")
    affected_features: list[str] = Field(description="The gravest first.")
    note: str = Field(description="The verdict in a sentence, or why there is none.")
    verdict: WindowDriftDocument | DriftReportDocument | None = Field(
        description="The evidence of each feature; null in summaries."
    )
    figures: DriftWindow | None = Field(description="Figures of every feature against the reference.")
    statistics: list[FeatureDrift] = Field(description="The statistics that were asked for by name.")

    @classmethod
    def of(cls, found: DriftReport, *, figures: DriftWindow | None = None) -> Self:
        """Return the analysis of a verdict."""
        kind = WindowDriftDocument if isinstance(found, WindowDrift) else DriftReportDocument
        known = found.status is not DriftStatus.NOT_ENOUGH_DATA
        return cls.model_construct(
            drift_detected=found.drift_detected if known else None,
            drift_type=found.drift_type,
            drift_severity=found.drift_severity,
            drift_confidence=found.drift_confidence,
            affected_features=list(found.affected_features),
            note=found.summary,
            verdict=kind.of(found),
            figures=figures,
            statistics=[],
        )

    @classmethod
    def none(cls, note: str, *, figures: DriftWindow | None = None) -> Self:
        """Return the analysis of what has no verdict."""
        return cls.model_construct(
            drift_detected=None,
            drift_type=None,
            drift_severity=None,
            drift_confidence=None,
            affected_features=[],
            note=note,
            verdict=None,
            figures=figures,
            statistics=[],
        )

    @classmethod
    def in_short(cls, found: DriftMoment) -> Self:
        """Return the analysis of a closed window."""
        of = cls.none(f"Verdict on {found.start.isoformat()} to {found.end.isoformat()}.")
        of.drift_detected = None if found.status == DriftStatus.NOT_ENOUGH_DATA else found.drift_detected
        of.drift_type, of.drift_severity = found.drift_type, found.drift_severity
        of.drift_confidence = found.drift_confidence
        of.affected_features = list(found.affected_features)
        return of
