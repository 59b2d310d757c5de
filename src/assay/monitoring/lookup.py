"""Single predictions with everything that is known about them, from the raw rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

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
from assay.domain.prediction_filter import Cursor, PredictionFilter
from assay.domain.prediction_page import PredictionPage
from assay.domain.prediction_view import PredictionView, TruthView
from assay.domain.time import from_micros
from assay.errors import InvalidInput, NotFound
from assay.monitoring.label_join import micros_of, truth_index
from assay.monitoring.placement import feature_places
from assay.monitoring.prediction_conditions import confidence_of, judged
from assay.monitoring.prediction_search import Key, PredictionSearch
from assay.monitoring.raw_rows import RawRows
from assay.monitoring.references import ReferenceKeeper

__all__ = ["MOST_SHOWN", "Lookup"]

MOST_SHOWN = 10_000
"""Most predictions of a page."""

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

    def __init__(self, raw: RawRows, references: ReferenceKeeper) -> None:
        self._raw = raw
        self._references = references
        self._search = PredictionSearch(raw)

    def one(self, model: Model, prediction_id: str) -> PredictionView:
        """Return one prediction, and where its features lie in the reference.

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
        view = self._views(model, rows.slice(0, 1), [prediction_id])[0]
        return replace(view, places=feature_places(view.features, self._references.active(model)))

    def page(
        self,
        model: Model,
        only: PredictionFilter | None,
        window: tuple[int | None, int | None],
        limit: int,
        after: str | None,
        *,
        seconds: float,
        features: bool,
    ) -> PredictionPage:
        """Return the newest predictions that meet conditions.

        Parameters
        ----------
        only : the conditions; None: all predictions.
        window : start and end (µs), itself excluded; None: no bound.
        limit : the most to return, 1 to 10,000.
        after : ``next`` of the page before; None: begin with the newest.
        seconds : about how long to search before the answer says how far it looked.
        features : whether their features are wanted; a list that does not show them is read faster.

        Raises
        ------
        InvalidInput
            Where the limit, the cursor or a condition makes no sense.
        """
        if not 1 <= limit <= MOST_SHOWN:
            raise InvalidInput(f"limit is {limit}; it must be between 1 and {MOST_SHOWN}")
        found = self._search.find(
            model,
            only or PredictionFilter(),
            start=window[0],
            end=window[1],
            limit=limit,
            after=None if after is None else Cursor.parse(after),
            seconds=seconds,
        )
        following = None
        if found.more:
            following = Cursor(*found.keys[-1]).text()
        elif found.stopped is not None:
            following = Cursor(found.stopped).text()
        return PredictionPage(
            predictions=tuple(self._of_keys(model, found.keys, features=features)),
            next=following,
            searched_to=None if found.stopped is None else from_micros(found.stopped),
        )

    def _of_keys(self, model: Model, keys: Sequence[Key], *, features: bool) -> list[PredictionView]:
        """Read whole predictions by time and id, in the order of `keys`."""
        if not keys:
            return []
        ids = list(dict.fromkeys(name for _, name in keys))
        rows = self._raw.read(
            model.model_id,
            Kind.PREDICTIONS,
            start=min(keys)[0],
            end=max(keys)[0] + 1,
            ids=ids,
            columns=None if features else tuple(PREDICTION_FIELDS),
            chosen=None if features else _no_feature,
        )
        times = micros_of(rows, "timestamp").tolist()
        place = {
            key: row
            for row, key in enumerate(zip(times, rows.column("prediction_id").to_pylist(), strict=True))
        }
        # What was erased since it was found is not there any more.
        wanted = [place[key] for key in keys if key in place]
        return self._views(model, rows.take(pa.array(wanted, pa.int64())), ids)

    def _views(self, model: Model, rows: pa.Table, ids: Collection[str]) -> list[PredictionView]:
        labels = self._raw.read(model.model_id, Kind.LABELS, ids=ids, columns=tuple(LABEL_FIELDS))
        truth, _ = truth_index(rows, labels, horizon=model.settings.label_horizon)
        told: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        for place, label in enumerate(labels.to_pylist()):
            told.setdefault(label["prediction_id"], []).append((place, label))
        numeric = not judged(model)
        confidence = confidence_of(model, rows)
        return [
            _view(
                model,
                row,
                told.get(row["prediction_id"], []),
                int(current),
                numeric=numeric,
                confidence=None if np.isnan(sure) else float(sure),
            )
            for row, current, sure in zip(rows.to_pylist(), truth.tolist(), confidence, strict=True)
        ]


def _no_feature(name: str) -> bool:
    """Whether a dynamic column holds something else than a feature."""
    return name[:2] in (TAG, PROBABILITY)


def _view(
    model: Model,
    row: dict[str, Any],
    labels: list[tuple[int, dict[str, Any]]],
    current: int,
    *,
    numeric: bool,
    confidence: float | None,
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
    predicted = outcome(row, "prediction", "prediction_class")
    truth = next((one.actual for one in truths if one.current), None)
    return PredictionView(
        prediction_id=row["prediction_id"],
        model_id=model.model_id,
        model_version=row["model_version"],
        timestamp=row["timestamp"],
        received_at=row["received_at"],
        prediction=predicted,
        score=row.get("score"),
        features=features,
        tags=tags,
        probabilities=probabilities,
        values={
            name: row[name] for name in PREDICTION_FIELDS if name not in _MAIN and row.get(name) is not None
        },
        truth=truth,
        labels=tuple(truths),
        confidence=confidence,
        right=None if numeric or predicted is None or truth is None else predicted == truth,
    )
