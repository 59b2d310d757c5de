"""Single predictions with everything that is known about them, from the raw rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from assay.domain.answers import PredictionView, TruthView
from assay.domain.columns import (
    BOOL_FEATURE,
    LABEL_FIELDS,
    NUMERIC_FEATURE,
    PREDICTION_FIELDS,
    PROBABILITY,
    TAG,
    TEXT_FEATURE,
    Kind,
    class_text,
)
from assay.domain.model import Model
from assay.errors import NotFound
from assay.monitoring.deltas import outcome_type
from assay.monitoring.label_join import truth_index
from assay.monitoring.raw_rows import RawRows
from assay.stats.summaries.regression import RegressionSummary

__all__ = ["Lookup"]

_MAIN = (
    "prediction_id",
    "model_version",
    "timestamp",
    "received_at",
    "prediction",
    "prediction_class",
    "score",
)


class Lookup:
    """Finds raw predictions and their labels."""

    def __init__(self, raw: RawRows) -> None:
        self._raw = raw

    def one(self, model: Model, prediction_id: str) -> PredictionView:
        """Return one prediction.

        Raises
        ------
        NotFound
            Where the model has none of that id.
        """
        rows = self._raw.read(model.model_id, Kind.PREDICTIONS, ids=[prediction_id])
        if not rows.num_rows:
            raise NotFound(
                f"model {model.model_id[:80]!r} has no prediction {prediction_id[:80]!r}; "
                "it was never logged, has been erased, or its retention is over"
            )
        return self._views(model, rows.slice(0, 1), [prediction_id])[0]

    def newest(self, model: Model, *, start: int | None, end: int | None, limit: int) -> list[PredictionView]:
        """Return the predictions with the latest timestamps in a window, newest first."""
        rows = self._raw.read(model.model_id, Kind.PREDICTIONS, start=start, end=end, newest=limit)
        if not rows.num_rows:
            return []
        return self._views(model, rows, rows.column("prediction_id").to_pylist())

    def _views(self, model: Model, rows: pa.Table, ids: Collection[str]) -> list[PredictionView]:
        labels = self._raw.read(model.model_id, Kind.LABELS, ids=ids, columns=tuple(LABEL_FIELDS))
        truth, _ = truth_index(rows, labels, horizon=model.settings.label_horizon)
        told: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        for place, label in enumerate(labels.to_pylist()):
            told.setdefault(label["prediction_id"], []).append((place, label))
        numeric = outcome_type(model) is RegressionSummary
        return [
            _view(model, row, told.get(row["prediction_id"], []), int(current), numeric=numeric)
            for row, current in zip(rows.to_pylist(), truth.tolist(), strict=True)
        ]


def _view(
    model: Model,
    row: dict[str, Any],
    labels: list[tuple[int, dict[str, Any]]],
    current: int,
    *,
    numeric: bool,
) -> PredictionView:
    """Sort a row's columns into the fields of the answer."""

    def outcome(values: dict[str, Any], number: str, text: str) -> float | str | None:
        if values.get(text) is not None:
            return str(values[text])
        value = values.get(number)
        return value if numeric or value is None else class_text(value)

    features: dict[str, Any] = {}
    tags: dict[str, str] = {}
    probabilities: dict[str, float] = {}
    for name, value in row.items():
        if value is None:
            continue
        prefix, rest = name[:2], name[2:]
        if prefix in (NUMERIC_FEATURE, TEXT_FEATURE, BOOL_FEATURE):
            features[rest] = value
        elif prefix == TAG:
            tags[rest] = value
        elif prefix == PROBABILITY:
            probabilities[rest] = value
    truths = sorted(
        (
            TruthView(
                actual=outcome(label, "actual", "actual_class"),
                observed_at=label["observed_at"],
                received_at=label["received_at"],
                current=place == current,
            )
            for place, label in labels
        ),
        key=lambda one: (one.observed_at, one.received_at),
        reverse=True,
    )
    return PredictionView(
        prediction_id=row["prediction_id"],
        model_id=model.model_id,
        model_version=row["model_version"],
        timestamp=row["timestamp"],
        received_at=row["received_at"],
        prediction=outcome(row, "prediction", "prediction_class"),
        score=row.get("score"),
        features=features,
        tags=tags,
        probabilities=probabilities,
        values={
            name: row[name] for name in PREDICTION_FIELDS if name not in _MAIN and row.get(name) is not None
        },
        truth=next((one.actual for one in truths if one.current), None),
        labels=tuple(truths),
    )
