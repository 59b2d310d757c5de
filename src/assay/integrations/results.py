"""From what a predict function returns to what is logged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from assay.client.logger.row import features_of
from assay.errors import InvalidInput

__all__ = ["Returns", "batch_result", "check_returns", "row_result", "shares_of"]

Returns: TypeAlias = (
    Literal["prediction", "score", "probabilities"] | Callable[[Any], Mapping[str, Any]] | None
)
"""What a function returns: a field's name, a function that makes fields of it, or None: see what it is."""

_FIELDS = frozenset({"prediction", "score", "probabilities", "confidence"})
_NAMED = ("prediction", "score", "probabilities")


def check_returns(returns: Returns) -> None:
    """Refuse what says nothing about a result.

    Raises
    ------
    InvalidInput
        Where `returns` is neither a name that is known nor a function.
    """
    if returns is not None and not callable(returns) and returns not in _NAMED:
        raise InvalidInput(f"returns is {returns!r}; it must be one of {', '.join(_NAMED)}, or a function")


def row_result(value: Any, returns: Returns, classes: Sequence[Any] | None) -> dict[str, Any]:
    """Return the fields of one prediction.

    A dict, dataclass or model with the names of fields is these fields; other dicts are probabilities by
    class, and so are several numbers, by `classes`; a single value is the prediction.

    Raises
    ------
    TypeError, ValueError
        Where it is nothing that can be logged.

    Examples
    --------
    >>> row_result(0.7, "score", None)
    {'score': 0.7}
    >>> row_result([0.2, 0.8], None, ["ham", "spam"])
    {'probabilities': {'ham': 0.2, 'spam': 0.8}, 'prediction': 'spam', 'score': 0.8}
    """
    if callable(returns):
        return _known(returns(value))
    if returns in ("prediction", "score"):
        return {returns: value}
    if returns is None and _is_scalar(value):
        return {"prediction": value}
    if isinstance(value, (list, tuple, np.ndarray)) and not hasattr(value, "_asdict"):
        numbers = np.asarray(value).ravel()
        if len(numbers) == 1 and returns is None:
            return {"prediction": numbers[0]}
        columns = shares_of(numbers[None, :], classes)
        shares = {name: column[0].item() for name, column in columns.pop("probabilities").items()}
        return {"probabilities": shares} | {name: column[0].item() for name, column in columns.items()}
    fields = features_of(value)
    if returns is None and _FIELDS & fields.keys():
        return _known(fields)
    return {"probabilities": fields}


def batch_result(value: Any, returns: Returns, classes: Sequence[Any] | None) -> dict[str, Any]:
    """Return the columns of many predictions; see :func:`row_result`.

    Two dimensions are probabilities, one row for each prediction; one dimension is the predictions.
    """
    if callable(returns):
        return _known(returns(value))
    if returns in ("prediction", "score"):
        return {returns: value}
    if isinstance(value, Mapping):
        return _known(value) if _FIELDS & value.keys() else {"probabilities": dict(value)}
    names = getattr(value, "columns", None) if not hasattr(value, "column_names") else value.column_names
    if names is not None and _FIELDS & set(names):
        return {name: value[name] for name in _FIELDS & set(names)}
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
        rows = [row_result(item, returns, classes) for item in value]
        return {
            name: [row.get(name) for row in rows] for name in dict.fromkeys(n for row in rows for n in row)
        }
    if np.ndim(value) == 2:
        return shares_of(np.asarray(value), classes)
    return {"prediction": value}


def shares_of(shares: np.ndarray, classes: Sequence[Any] | None) -> dict[str, Any]:
    """Return the columns that probabilities by class make: themselves, the likeliest class, and the score.

    Parameters
    ----------
    shares : probabilities, shape (predictions, classes), as ``predict_proba`` gives them.
    classes : their classes; numbers from 0 where there are none. Of two, the second is the positive one.

    Raises
    ------
    ValueError
        Where the shape does not fit.
    """
    if classes is None:
        classes = range(shares.shape[1])
    if len(classes) != shares.shape[1]:
        raise ValueError(f"there are {shares.shape[1]} probabilities for {len(classes)} classes")
    result: dict[str, Any] = {
        "probabilities": {name: shares[:, place] for place, name in enumerate(classes)},
        "prediction": np.asarray(classes)[shares.argmax(axis=1)],
    }
    if len(classes) == 2:
        result["score"] = shares[:, 1]
    return result


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, bytes)) or value is None or (np.ndim(value) == 0 and not _has_names(value))


def _has_names(value: Any) -> bool:
    return (
        isinstance(value, Mapping) or hasattr(value, "__dataclass_fields__") or hasattr(value, "model_dump")
    )


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that a prediction has; the others are the function's own affair."""
    return {name: value for name, value in fields.items() if name in _FIELDS}
