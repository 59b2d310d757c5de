"""Verdicts on the closed days or hours of a model, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assay.domain.rendering import Answer, Table, moment, number

__all__ = ["DriftHistory", "DriftMoment"]


@dataclass(frozen=True, slots=True)
class DriftMoment:
    """The verdict on one closed window; :meth:`monitor.drift_report` of it has the evidence.

    Attributes
    ----------
    start, end : the window in event time; the end is excluded.
    n : predictions that it held when it was judged.
    status : ``drift``, ``no_drift`` or ``not_enough_data``.
    drift_type : what has changed first; None without drift.
    drift_severity, drift_confidence : see :class:`~assay.domain.drift_report.DriftReport`.
    affected_features : the gravest first.
    columns : features that were judged.
    reference_id, baseline : what it was held against.
    learnt_hours : hours that memory and seasons were learnt from; 0: rows were taken for independent.
    computed_at : when.
    drift_types : all that have changed.
    n_labelled : predictions whose truth was known then.
    accuracy_before, accuracy : where the truth was judged, what the accuracy was, and is; None otherwise.
    """

    start: datetime
    end: datetime
    n: int
    status: str
    drift_type: str | None
    drift_severity: float
    drift_confidence: float
    affected_features: tuple[str, ...]
    columns: int
    reference_id: str
    baseline: str
    learnt_hours: int
    computed_at: datetime
    drift_types: tuple[str, ...] = ()
    n_labelled: int = 0
    accuracy_before: float | None = None
    accuracy: float | None = None

    @property
    def drift_detected(self) -> bool:
        """Whether there is drift."""
        return self.status == "drift"


@dataclass(frozen=True, slots=True, repr=False)
class DriftHistory(Answer):
    """What was found in the closed windows of a model.

    Attributes
    ----------
    model_id, version : whose; None: all versions together.
    granularity : ``day`` or ``hour``.
    windows : in order of time, the newest verdict on each; a window in which nothing was logged has none.
    earlier : verdicts on these windows that newer ones took the place of, and that said something else or
        knew of another truth; each with the time at which it was given.
    """

    model_id: str
    version: str | None
    granularity: str
    windows: tuple[DriftMoment, ...]
    earlier: tuple[DriftMoment, ...] = ()

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        drifted = sum(one.drift_detected for one in self.windows)
        rows = [
            (
                moment(one.start),
                number(one.n),
                one.drift_type or one.status,
                number(one.drift_severity) if one.drift_detected else "",
                ", ".join(one.affected_features[:_NAMED]),
            )
            for one in self.windows[-_ROWS:]
        ]
        title = f"{drifted} of {len(self.windows)} closed {self.granularity}s drifted"
        notes = [f"{len(self.windows) - _ROWS} earlier ones"] if len(self.windows) > _ROWS else []
        return Table(title, ("start", "n", "verdict", "severity", "features"), rows, notes)


_ROWS = 60
_NAMED = 3
