"""Estimates of performance without labels, chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from assay.domain.plotting import Plotted
from assay.domain.rendering import Answer, Table, moment, number
from assay.stats.estimation.result import MetricEstimate

__all__ = ["EstimatedChunk", "PerformanceEstimate"]

_ROWS = 60


@dataclass(frozen=True, slots=True, repr=False)
class EstimatedChunk(Answer):
    """Estimates for some neighbouring rows, or for a window of a model's predictions.

    Attributes
    ----------
    first, last : the chunk is the rows ``first <= row < last`` of the usable rows of the current
        frame, or of the scored predictions of the period, in order of time where it is known.
    start, end : times of its first row and of its last, bounds of a window; None where no time was given.
    n : rows with a score.
    metrics : estimates by name, with the realised metric beside them where the truth is known.
    n_labelled : rows whose truth is known. Of a frame, realised metrics are there where all are; of a window,
        where any is, and are those of these rows.
    """

    first: int
    last: int
    n: int
    metrics: dict[str, MetricEstimate]
    start: datetime | None = None
    end: datetime | None = None
    n_labelled: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class PerformanceEstimate(Plotted):
    """How good predictions are likely to be, whose truth is not known yet.

    Attributes
    ----------
    task : "binary", "multiclass" or "regression".
    positive_class : the class that the score is about; None of more than two, and of a number.
    reference_n : labelled rows that the estimates rest on.
    chunks : in order.
    refusal : why nothing could be estimated; None where something could.
    notes : what else is to be known.
    """

    task: str
    positive_class: str | None
    reference_n: int
    chunks: tuple[EstimatedChunk, ...]
    refusal: str | None = None
    notes: tuple[str, ...] = field(default=())

    def table(self) -> Table:
        """Return the table by which it shows itself: a row for each metric of each chunk."""
        rows = []
        for chunk in self.chunks:
            place = f"{chunk.first:,} to {chunk.last:,}" if chunk.start is None else moment(chunk.start)
            for one in chunk.metrics.values():
                between = "" if one.low is None else f"{number(one.low)} to {number(one.high)}"
                rows.append(
                    (place, one.name, number(one.value), between, number(one.realised), number(one.n))
                )
        notes = [self.refusal] if self.refusal else []
        reasons = dict.fromkeys(
            one.reason for chunk in self.chunks for one in chunk.metrics.values() if one.reason
        )
        notes += [reason for reason in list(reasons)[:5] if reason != self.refusal]
        if len(rows) > _ROWS:
            notes.append(f"and {number(len(rows) - _ROWS)} more")
        columns = ("chunk", "metric", "estimate", "95% interval", "realised", "n")
        title = f"Estimated without labels, from {number(self.reference_n)} labelled rows"
        return Table(title, columns, rows[:_ROWS], [*notes, *self.notes])
