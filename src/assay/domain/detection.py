"""A stored verdict on drift, as a record of the long tables."""

from __future__ import annotations

from dataclasses import dataclass, field

from assay.domain.time import Granularity

__all__ = ["Detection", "DriftFigure"]


@dataclass(frozen=True, slots=True)
class DriftFigure:
    """One test of one column in one window: a row of ``drift_metrics``.

    Attributes
    ----------
    column : the feature or output; several are joined by " and ", empty for the truth and for metrics.
    statistic : the test's name.
    value : size of the change, in the unit of `threshold`.
    p_value : adjusted for the number of tests; None where there is none.
    threshold : the smallest change that matters.
    n : rows of the window.
    """

    column: str
    statistic: str
    value: float
    p_value: float | None
    threshold: float
    n: int


@dataclass(frozen=True, slots=True)
class Detection:
    """The verdict on one closed hour or day of a model: a row of ``drift_detections``.

    Attributes
    ----------
    model_id, version : which series; an empty version stands for all together.
    granularity : hour or day.
    start, end : the window, microseconds of event time.
    n : predictions that it held when it was judged.
    status, drift_type, severity, confidence : the verdict, see
        :class:`~assay.domain.drift_report.DriftReport`.
    affected : features that have drifted, the gravest first.
    columns : features that were judged.
    reference_id, baseline : what it was held against.
    learnt_hours : hours that memory and seasons were learnt from.
    computed_at : microseconds since the epoch.
    types : all types of drift that were found.
    n_labelled : predictions whose truth was known then.
    truth : stands for what that truth was (:class:`assay.monitoring.drift.truth.TruthReader`).
    looks : how often the truth has been judged, this time included.
    accuracy_before, accuracy : where the truth was judged, what the accuracy was, and is.
    payload : the whole verdict, packed; empty where it was not asked for.
    figures : every test; they are written with the verdict and read from the table.
    """

    model_id: str
    version: str
    granularity: Granularity
    start: int
    end: int
    n: int
    status: str
    drift_type: str | None
    severity: float
    confidence: float
    affected: tuple[str, ...]
    columns: int
    reference_id: str
    baseline: str
    learnt_hours: int
    computed_at: int
    payload: bytes = b""
    figures: tuple[DriftFigure, ...] = field(default=(), compare=False)
    types: tuple[str, ...] = ()
    n_labelled: int = 0
    truth: int = 0
    looks: int = 0
    accuracy_before: float | None = None
    accuracy: float | None = None

    @property
    def drifted(self) -> bool:
        """Whether the window has drifted."""
        return self.status == "drift"

    def says_as(self, other: Detection) -> bool:
        """Whether another verdict on the window says the same of the same truth, on more rows perhaps."""
        ours, theirs = (
            (one.status, one.types, one.affected, one.n_labelled, one.truth, one.reference_id)
            for one in (self, other)
        )
        return ours == theirs
