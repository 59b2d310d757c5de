"""The conditions of a :class:`assay.domain.prediction_filter.PredictionFilter`, row by row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import PROBABILITY, TAG, class_text, classes_of, names_with
from assay.domain.model import Model, Task
from assay.domain.prediction_filter import PredictionFilter
from assay.errors import InvalidInput
from assay.monitoring.deltas import outcome_type
from assay.monitoring.label_join import truth_index
from assay.stats.summaries.regression import RegressionSummary

__all__ = ["KEY_COLUMNS", "columns_for", "confidence_of", "judged", "meets_at_sight", "meets_with_truth"]

KEY_COLUMNS = ("prediction_id", "timestamp", "received_at")


def judged(model: Model) -> bool:
    """Whether predictions of the model are right or wrong, rather than more or less far off."""
    return outcome_type(model) is not RegressionSummary


def columns_for(model: Model, only: PredictionFilter) -> set[str]:
    """Fixed columns, and columns of tags, that the conditions look at; those of probabilities come on top.

    Raises
    ------
    InvalidInput
        Where the model's predictions cannot be right or wrong.
    """
    if only.outcome in ("right", "wrong") and not judged(model):
        raise InvalidInput(
            f"the predictions of {model.model_id[:80]!r} are numbers, which are neither right nor wrong; "
            "look at the error of each instead"
        )
    columns = set(KEY_COLUMNS)
    if only.version is not None:
        columns.add("model_version")
    if only.slice is not None:
        columns.add(TAG + only.slice[0])
    if only.outcome == "error":
        columns.add("error_type")
    if only.below_confidence is not None:
        columns |= {"confidence", "score"}
    if only.predicted is not None or only.below_confidence is not None or only.outcome in ("right", "wrong"):
        columns |= {"prediction", "prediction_class"}
    return columns


def confidence_of(model: Model, rows: pa.Table) -> np.ndarray:
    """Confidence of each prediction (float64, NaN where it has none)."""
    result = _numbers(rows, "confidence")
    if model.task in (None, Task.BINARY):
        score = _numbers(rows, "score")
        with np.errstate(invalid="ignore"):
            likely = np.where((score >= 0) & (score <= 1), np.maximum(score, 1 - score), np.nan)
        result = np.where(np.isnan(result), likely, result)
    names = names_with(PROBABILITY, rows.column_names)
    if names and np.isnan(result).any():
        predicted = classes_of(rows, "prediction", "prediction_class")
        for name in names:
            here = np.isnan(result) & (predicted == class_text(name))
            if here.any():
                result[here] = _numbers(rows, PROBABILITY + name)[here]
    return result


def meets_at_sight(model: Model, only: PredictionFilter, rows: pa.Table) -> np.ndarray:
    """Which rows meet the conditions that need no label (bool)."""
    keep = np.ones(rows.num_rows, dtype=bool)
    if only.version is not None:
        keep &= _equals(rows, "model_version", only.version)
    if only.slice is not None:
        keep &= _equals(rows, TAG + only.slice[0], only.slice[1])
    if only.contains is not None:
        keep &= _flags(pc.match_substring(rows.column("prediction_id"), only.contains))
    if only.outcome == "error":
        keep &= _present(rows, "error_type")
    if only.predicted is not None:
        keep &= classes_of(rows, "prediction", "prediction_class") == only.predicted
    if only.below_confidence is not None:
        with np.errstate(invalid="ignore"):
            keep &= confidence_of(model, rows) < only.below_confidence
    return keep


def meets_with_truth(model: Model, only: PredictionFilter, rows: pa.Table, labels: pa.Table) -> np.ndarray:
    """Which rows meet the conditions on their truth (bool); `labels` are all labels of these rows."""
    truth, _ = truth_index(rows, labels, horizon=model.settings.label_horizon)
    known = truth >= 0
    if only.outcome == "unlabelled":
        keep = ~known
    elif only.outcome == "labelled":
        keep = known
    else:
        keep = np.ones(rows.num_rows, dtype=bool)
    if only.actual is None and only.outcome not in ("right", "wrong"):
        return keep
    actual = np.full(rows.num_rows, None, dtype=object)
    if known.any():
        actual[known] = classes_of(labels, "actual", "actual_class")[truth[known]]
    if only.actual is not None:
        keep &= actual == only.actual
    if only.outcome in ("right", "wrong"):
        predicted = classes_of(rows, "prediction", "prediction_class")
        both = (actual != None) & (predicted != None)  # noqa: E711 - element by element
        keep &= both & ((actual == predicted) if only.outcome == "right" else (actual != predicted))
    return keep


def _numbers(rows: pa.Table, name: str) -> np.ndarray:
    """Return a column as float64, NaN where it has no value."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return np.array(rows.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)


def _equals(rows: pa.Table, name: str, value: str) -> np.ndarray:
    if name not in rows.column_names:
        return np.zeros(rows.num_rows, dtype=bool)
    return _flags(pc.equal(rows.column(name), pa.scalar(value, pa.string())))


def _present(rows: pa.Table, name: str) -> np.ndarray:
    if name not in rows.column_names:
        return np.zeros(rows.num_rows, dtype=bool)
    return _flags(rows.column(name).is_valid())


def _flags(values: pa.ChunkedArray) -> np.ndarray:
    """Return booleans, false where there is none."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), dtype=bool)
