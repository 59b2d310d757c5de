"""One prediction with everything that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assay.domain.feature_place import FeaturePlace, words
from assay.domain.rendering import Answer, Table, moment, number

__all__ = ["PredictionView", "TruthView"]


@dataclass(frozen=True, slots=True, repr=False)
class TruthView(Answer):
    """One label that came for a prediction."""

    actual: float | str | None
    observed_at: datetime
    received_at: datetime
    current: bool


@dataclass(frozen=True, slots=True, repr=False)
class PredictionView(Answer):
    """One prediction as logged, with every label that came for it (newest observation first).

    `confidence` is the logged one, else what the score or the predicted class's probability says; `right`
    is whether the predicted class is the true one (None: not known, or no class). `places`, where one
    prediction is asked for alone, tell how usual each feature is, the most unusual first.
    """

    prediction_id: str
    model_id: str
    model_version: str
    timestamp: datetime
    received_at: datetime
    prediction: float | str | None
    score: float | None
    features: dict[str, Any]
    tags: dict[str, str]
    probabilities: dict[str, float]
    values: dict[str, Any]
    truth: float | str | None
    labels: tuple[TruthView, ...] = ()
    confidence: float | None = None
    right: bool | None = None
    places: tuple[FeaturePlace, ...] = ()

    @property
    def verdict(self) -> str:
        """What became of it, in a word or two."""
        if "error_type" in self.values:
            return "error"
        if self.right is not None:
            return "right" if self.right else "wrong"
        return "" if self.truth is not None or any(one.current for one in self.labels) else "no label yet"

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        rows = [
            ("prediction_id", self.prediction_id),
            ("model", f"{self.model_id} {self.model_version}"),
            ("timestamp", moment(self.timestamp)),
            ("prediction", str(self.prediction)),
            ("score", number(self.score)),
            ("truth", "not known yet" if self.truth is None else str(self.truth)),
        ]
        if self.confidence is not None:
            rows.append(("confidence", number(self.confidence)))
        if self.right is not None:
            rows.append(("verdict", self.verdict))
        placed = {one.feature: one for one in self.places}
        names = dict.fromkeys([*placed, *self.features])
        for name in names:
            value = "missing" if name not in self.features else str(self.features[name])
            rows.append((f"feature {name}", value + (f" ({words(placed[name])})" if name in placed else "")))
        rows += [(f"tag {name}", value) for name, value in self.tags.items()]
        return Table("prediction", ("field", "value"), rows)
