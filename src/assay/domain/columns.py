"""The canonical batch: the columns that a prediction or a label has inside Assay.

A batch is a :class:`pyarrow.Table` with the fixed columns below and, for predictions, one column for
each feature, tag and class probability, whose name is a one-letter prefix, a colon and the name that
the client gave, whatever characters it holds:

=======  =====================  =========================================
prefix   Arrow type             meaning
=======  =====================  =========================================
``n:``   int64 or float64       a numeric feature
``s:``   string                 a feature whose values are text
``b:``   bool                   a feature that is true or false
``t:``   string                 a tag, for slicing only
``p:``   float64                the probability of one class
=======  =====================  =========================================

A feature that arrives once as a number and once as text has two columns, ``n:x`` and ``s:x``: a clash of
types loses nothing and fails nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

__all__ = [
    "BOOL_FEATURE",
    "LABEL_FIELDS",
    "NUMERIC_FEATURE",
    "PREDICTION_FIELDS",
    "PROBABILITY",
    "STAGES",
    "TAG",
    "TEXT_FEATURE",
    "TIMESTAMP",
    "Kind",
    "class_text",
    "classes_of",
    "is_dynamic",
    "names_with",
]

NUMERIC_FEATURE = "n:"
TEXT_FEATURE = "s:"
BOOL_FEATURE = "b:"
TAG = "t:"
PROBABILITY = "p:"
_PREFIXES = (NUMERIC_FEATURE, TEXT_FEATURE, BOOL_FEATURE, TAG, PROBABILITY)

TIMESTAMP = pa.timestamp("us", tz="UTC")

STAGES = {
    "total": "latency_ms",
    "preprocessing": "preprocessing_ms",
    "inference": "inference_ms",
    "postprocessing": "postprocessing_ms",
}
"""The stages of a prediction's latency and the columns that hold them, in milliseconds."""


class Kind(enum.StrEnum):
    """What a journal batch holds."""

    PREDICTIONS = "predictions"
    LABELS = "labels"
    ERASURE = "erasure"
    DECLARATION = "declaration"
    REFERENCE = "reference"

    @property
    def holds_rows(self) -> bool:
        """Whether batches of this kind are tables of rows; the others are commands."""
        return self in (Kind.PREDICTIONS, Kind.LABELS)


PREDICTION_FIELDS: dict[str, pa.DataType] = {
    "prediction_id": pa.string(),
    "model_version": pa.string(),
    "timestamp": TIMESTAMP,  # event time
    "received_at": TIMESTAMP,  # the server's clock
    "prediction": pa.float64(),  # a number, or the class where classes are numbers
    "prediction_class": pa.string(),  # the class where classes are text
    "score": pa.float64(),  # probability of the positive class
    "confidence": pa.float64(),
    "latency_ms": pa.float64(),
    "preprocessing_ms": pa.float64(),
    "inference_ms": pa.float64(),
    "postprocessing_ms": pa.float64(),
    "error_type": pa.string(),  # the model failed; no prediction
    "action_raw": pa.float64(),
    "action_discretized": pa.string(),
    "position_before": pa.float64(),
    "position_after": pa.float64(),
    "position_change": pa.float64(),
    "fold_id": pa.string(),
}
"""Fixed columns of a prediction batch. `prediction_id`, `model_version`, `timestamp` and `received_at`
are always there and never null; the others may be absent, which means null in every row."""

LABEL_FIELDS: dict[str, pa.DataType] = {
    "prediction_id": pa.string(),
    "actual": pa.float64(),
    "actual_class": pa.string(),
    "return": pa.float64(),
    "reward": pa.float64(),
    "observed_at": TIMESTAMP,
    "received_at": TIMESTAMP,
}
"""Fixed columns of a label batch. `prediction_id`, `observed_at` and `received_at` are always there and
never null; a row has at least one of the others."""


def is_dynamic(column: str) -> bool:
    """Whether `column` is a feature, tag or probability column rather than a fixed one."""
    return column[:2] in _PREFIXES


def names_with(prefix: str, columns: Iterable[str]) -> list[str]:
    """Names, without the prefix, of those `columns` that have it, in order.

    >>> names_with(TAG, ["n:age", "t:country"])
    ['country']
    """
    return [column[len(prefix) :] for column in columns if column.startswith(prefix)]


def class_text(value: object) -> str | None:
    """Return the text by which classes are compared: ``1``, ``1.0`` and ``True`` are one class.

    >>> class_text(1.0), class_text(True), class_text("late"), class_text(0.5)
    ('1', '1', 'late', '0.5')
    """
    if value is None:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    return str(value)


def classes_of(table: pa.Table, number: str, text: str) -> np.ndarray:
    """Class of each row as text (object array, None where neither column has a value).

    `number` and `text` name the numeric and the text column, such as ``prediction`` and
    ``prediction_class``; where both have a value the text counts.
    """
    result = np.full(table.num_rows, None, dtype=object)
    if number in table.column_names:
        values = table.column(number).to_numpy(zero_copy_only=False)
        present = table.column(number).is_valid().to_numpy(zero_copy_only=False)
        distinct, codes = np.unique(values[present], return_inverse=True)
        texts = np.array([class_text(value) for value in distinct.tolist()], dtype=object)
        result[present] = texts[codes] if len(texts) else None
    if text in table.column_names:
        column = table.column(text)
        present = column.is_valid().to_numpy(zero_copy_only=False)
        if present.any():
            result[present] = column.to_numpy(zero_copy_only=False)[present]
    return result
