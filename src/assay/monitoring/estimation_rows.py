"""The rows of a frame that estimates are made of: scored, in order of time, some with their truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.domain.columns import classes_of
from assay.errors import InvalidInput
from assay.monitoring.intake.faults import Faults, shown
from assay.monitoring.intake.moments import instants
from assay.monitoring.intake.values import Values, numbers, outcome

__all__ = ["Roles", "Rows", "rows_of"]


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns are what.

    Attributes
    ----------
    target : the truth.
    scores : columns of scores from 0 to 1, one for each class that has one; none for a regression.
    prediction : what was predicted; None: no column says it.
    timestamp : times, None where there are none.
    numeric : whether truth and prediction are numbers, not classes.
    """

    target: str
    scores: tuple[str, ...]
    prediction: str | None
    timestamp: str | None
    numeric: bool = False

    @property
    def names(self) -> set[str | None]:
        """All columns that have a role, and so are no features."""
        return {self.target, *self.scores, self.prediction, self.timestamp}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Usable rows of a frame.

    Attributes
    ----------
    places : int64[rows], their places in the frame, in order of time where it is known.
    scores : float64[rows, score columns], 0 to 1.
    truth : object[rows], the true class as text, None where it is not known; of a regression float64[rows],
        NaN where it is not known.
    predicted : the same of the prediction, always known; None: there is no such column.
    times : int64[rows], microseconds since 1970; None where no column was named.
    note : how many rows were left out and why; empty where none was.
    """

    places: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    truth: npt.NDArray[Any]
    predicted: npt.NDArray[Any] | None
    times: npt.NDArray[np.int64] | None
    note: str

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """Which rows have their truth."""
        return _given(self.truth)

    @property
    def classes(self) -> set[str]:
        """True and predicted classes seen."""
        found = set(self.truth[self.labelled].tolist())
        if self.predicted is not None:
            found |= set(self.predicted.tolist())
        return found


def rows_of(what: str, columns: Mapping[str, Values], rows: int, roles: Roles, *, truth_needed: bool) -> Rows:
    """Read the rows that have scores from 0 to 1, and what else is named or needed.

    Raises
    ------
    InvalidInput
        Where a column is absent or holds what it must not.
    """
    needed = [*roles.scores, roles.prediction, roles.timestamp, roles.target if truth_needed else None]
    for name in needed:
        if name is not None and name not in columns:
            known = ", ".join(shown(column) for column in list(columns)[:10])
            raise InvalidInput(f"the {what} has no column {shown(name)}; its columns are {known or 'none'}")
    good = np.ones(rows, dtype=bool)
    scores = np.zeros((rows, len(roles.scores)))
    for place, name in enumerate(roles.scores):
        scores[:, place] = _numbers(what, name, columns[name])
        with np.errstate(invalid="ignore"):
            usable = (scores[:, place] >= 0) & (scores[:, place] <= 1)
        if rows and not usable.any():
            raise InvalidInput(f"the column {shown(name)} of the {what} holds no score from 0 to 1")
        good &= usable
    read = _numbers if roles.numeric else _classes
    truth = (
        read(what, roles.target, columns[roles.target])
        if roles.target in columns
        else np.full(rows, np.nan if roles.numeric else None, dtype=np.float64 if roles.numeric else object)
    )
    predicted = None if roles.prediction is None else read(what, roles.prediction, columns[roles.prediction])
    times = None if roles.timestamp is None else instants(roles.timestamp, columns[roles.timestamp])
    if truth_needed:
        good &= _given(truth)
    if predicted is not None:
        good &= _given(predicted)
    if times is not None:
        good &= times >= 0
    places = np.flatnonzero(good).astype(np.int64)
    if truth_needed and not places.size:
        beside = "a prediction" if roles.numeric else "a score"
        raise InvalidInput(f"the {what} has no row with {beside} and its truth, {shown(roles.target)}")
    if times is not None:
        places = places[np.argsort(times[places], kind="stable")]
    lost = rows - places.size
    lack = "no number" if roles.numeric else "no score from 0 to 1"
    note = f"{lost:,} rows of the {what} left out: {lack}, or not what is needed beside it"
    return Rows(
        places,
        scores[places],
        truth[places],
        None if predicted is None else predicted[places],
        None if times is None else times[places],
        note if lost else "",
    )


def _given(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if values.dtype == np.float64:
        return np.isfinite(values)
    return np.asarray(values != None)  # noqa: E711 - element by element


def _classes(what: str, name: str, values: Values) -> npt.NDArray[Any]:
    """Class of each row as text."""
    rows = len(values)
    faults = Faults(rows)
    number, text = outcome(f"{what} {name}"[:80], values, faults)
    _check(faults)
    table = {"": pa.nulls(rows)}
    table |= {key: one for key, one in (("number", number), ("text", text)) if one is not None}
    return classes_of(pa.table(table), "number", "text")


def _numbers(what: str, name: str, values: Values) -> npt.NDArray[Any]:
    faults = Faults(len(values))
    array = numbers(f"{what} {name}"[:80], values, faults)
    _check(faults)
    if array is None:
        return np.full(len(values), np.nan)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def _check(faults: Faults) -> None:
    for fault in faults.rejected(lambda _: None):
        raise InvalidInput(f"row {fault.index}: {fault.message}")
