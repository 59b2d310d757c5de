"""A page of single predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from assay.domain.prediction_view import PredictionView
from assay.domain.rendering import Answer, Table, moment, number

__all__ = ["PredictionPage"]


@dataclass(frozen=True, slots=True, repr=False)
class PredictionPage(Answer):
    """Predictions, newest first: a sequence of :class:`assay.domain.prediction_view.PredictionView`.

    Attributes
    ----------
    predictions : those that were found, by descending time and, with the same time, descending id.
    next : give it as `after` for the page of older ones; None where there are none.
    searched_to : where the search stopped for its length before it had found as many as were asked for:
        everything from here on was looked at. `next` goes on from there. None where it did not.
    """

    predictions: tuple[PredictionView, ...]
    next: str | None = None
    searched_to: datetime | None = None

    def __len__(self) -> int:
        return len(self.predictions)

    def __iter__(self) -> Iterator[PredictionView]:
        return iter(self.predictions)

    def __getitem__(self, place: int) -> PredictionView:
        return self.predictions[place]

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        rows = [
            (
                one.prediction_id,
                moment(one.timestamp),
                one.model_version,
                "–" if one.prediction is None else str(one.prediction),
                number(one.score),
                number(one.confidence),
                "–" if one.truth is None else str(one.truth),
                one.verdict,
            )
            for one in self.predictions
        ]
        columns = ("prediction_id", "timestamp", "version", "prediction", "score", "confidence", "truth", "")
        notes = []
        if self.searched_to is not None:
            notes.append(f"searched back to {moment(self.searched_to)}; older ones may be there, too")
        if self.next is not None:
            notes.append(f"the next page: after {self.next}")
        return Table(f"{len(rows)} predictions, newest first", columns, rows, notes)
