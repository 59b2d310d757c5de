"""What became of an import."""

from __future__ import annotations

from dataclasses import dataclass

from assay.domain.answers import Rejected
from assay.domain.rendering import Answer, Table, number

__all__ = ["ImportAnswer", "ImportedModel"]


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """Rows of one model that an import has stored: predictions and labels."""

    model_id: str
    predictions: int = 0
    labels: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class ImportAnswer(Answer):
    """What became of the payloads of an import. One payload may be several rows.

    Attributes
    ----------
    format : the format that they were read in.
    items : payloads in the request, good and bad.
    accepted : rows (predictions and labels) now stored durably.
    waiting : requests and responses stored durably until their other half comes.
    duplicates : rows and halves that had come before; the first ones are kept.
    rejected : payloads and rows that cannot be used, and duplicates, by the payload's place.
    rejected_total : number of those that cannot be used; `rejected` lists at most 1,000 of all.
    models : the rows by model.
    notes : what was assumed.
    """

    format: str
    items: int
    accepted: int = 0
    waiting: int = 0
    duplicates: int = 0
    rejected: tuple[Rejected, ...] = ()
    rejected_total: int = 0
    models: tuple[ImportedModel, ...] = ()
    notes: tuple[str, ...] = ()

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        counts = [
            ("accepted", number(self.accepted)),
            ("waiting", number(self.waiting)),
            ("duplicates", number(self.duplicates)),
            ("rejected", number(self.rejected_total)),
        ]
        counts += [
            (f"of {model.model_id}", number(model.predictions + model.labels)) for model in self.models
        ]
        notes = [*self.notes, *(f"item {item.index}: {item.message}" for item in self.rejected[:5])]
        return Table(f"import of {self.format}", ("items", "n"), counts, notes)
