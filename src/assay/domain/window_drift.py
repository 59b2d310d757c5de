"""The verdict on drift in a stored window of a model."""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from assay.domain.drift_report import DriftReport
from assay.domain.rendering import Table, moment, plain

__all__ = ["Baseline", "WindowDrift"]


class Baseline(enum.StrEnum):
    """What a window is held against."""

    BASELINE = "BASELINE"
    """The model's reference."""
    CONSECUTIVE = "CONSECUTIVE"
    """The time before the window: for a slice, which differs from the whole model by its nature."""


@dataclass(frozen=True, slots=True, repr=False)
class WindowDrift(DriftReport):
    """A :class:`~assay.domain.drift_report.DriftReport` about stored rows, with what it is about.

    Attributes
    ----------
    model_id : the model.
    version : one of its versions; None: all together.
    slice : a tag and its value; None: all rows.
    start, end : the window in event time, whole hours; the end is excluded.
    reference_id : the reference that it was held against; empty where there is none.
    baseline : the reference, or the time before.
    learnt_hours : hours from which memory and seasons were learnt; 0: rows were taken for independent.
    computed_at : when.
    """

    model_id: str = ""
    version: str | None = None
    slice: tuple[str, str] | None = None
    start: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    end: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    reference_id: str = ""
    baseline: Baseline = Baseline.BASELINE
    learnt_hours: int = 0
    computed_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @classmethod
    def of(cls, report: DriftReport, **about: Any) -> Self:
        """Say what a report is about."""
        return cls(**{item.name: getattr(report, item.name) for item in fields(DriftReport)}, **about)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON; the counts behind the figures are not among them."""
        return {
            item.name: plain(getattr(self, item.name)) for item in fields(self) if item.name != "profiles"
        }

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        table = DriftReport.table(self)
        about = f"{self.model_id:.80}, {moment(self.start)} to {moment(self.end)}"
        return Table(f"{table.title} ({about})", table.columns, table.rows, table.notes)
