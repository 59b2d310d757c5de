"""The rows of a frame that estimates are made of: scored, in order of time, some with their truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.domain.columns import classes_of
from assay.errors import InvalidInput
from assay.monitoring.intake.faults import Faults, shown
from assay.monitoring.intake.moments import instants
from assay.monitoring.intake.values import Values, numbers, outcome

__all__ = ["Rows", "rows_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Usable rows of a frame.

    Attributes
    ----------
    places : int64[rows], their places in the frame, in order of time where it is known.
    score : float64[rows], 0 to 1.
    truth : object[rows], the true class as text, None where it is not known.
    predicted : object[rows], the predicted class; None: there is no such column.
    times : int64[rows], microseconds since 1970; None where no column was named.
    note : how many rows were left out and why; empty where none was.
    """

    places: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]
    truth: npt.NDArray[np.object_]
    predicted: npt.NDArray[np.object_] | None
    times: npt.NDArray[np.int64] | None
    note: str

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """Which rows have their truth."""
        return np.asarray(self.truth != None)  # noqa: E711 - element by element

    @property
    def classes(self) -> set[str]:
        """True and predicted classes seen."""
        found = set(self.truth[self.labelled].tolist())
        if self.predicted is not None:
            found |= set(self.predicted.tolist())
        return found


def rows_of(
    what: str,
    columns: Mapping[str, Values],
    rows: int,
    target: str,
    score: str,
    prediction: str | None,
    timestamp: str | None,
    *,
    truth_needed: bool,
) -> Rows:
    """Read the rows that have a score from 0 to 1, and what else is named or needed.

    Raises
    ------
    InvalidInput
        Where a column is absent or holds what it must not.
    """
    needed = [
        name for name in (score, prediction, timestamp, target if truth_needed else None) if name is not None
    ]
    for name in needed:
        if name not in columns:
            known = ", ".join(shown(column) for column in list(columns)[:10])
            raise InvalidInput(f"the {what} has no column {shown(name)}; its columns are {known or 'none'}")
    scores = _numbers(what, score, columns[score])
    truth = (
        _classes(what, target, columns[target], rows)
        if target in columns
        else np.full(rows, None, dtype=object)
    )
    predicted = None if prediction is None else _classes(what, prediction, columns[prediction], rows)
    times = None if timestamp is None else instants(timestamp, columns[timestamp])
    with np.errstate(invalid="ignore"):
        good = (scores >= 0) & (scores <= 1)
    if rows and not good.any():
        raise InvalidInput(f"the column {shown(score)} of the {what} holds no score from 0 to 1")
    if truth_needed:
        good &= truth != None  # noqa: E711 - element by element
    if predicted is not None:
        good &= predicted != None  # noqa: E711 - element by element
    if times is not None:
        good &= times >= 0
    places = np.flatnonzero(good).astype(np.int64)
    if truth_needed and not places.size:
        raise InvalidInput(f"the {what} has no row with a score and its truth, {shown(target)}")
    if times is not None:
        places = places[np.argsort(times[places], kind="stable")]
    lost = rows - places.size
    note = f"{lost:,} rows of the {what} left out: no score from 0 to 1, or not what is needed beside it"
    return Rows(
        places,
        scores[places],
        truth[places],
        None if predicted is None else predicted[places],
        None if times is None else times[places],
        note if lost else "",
    )


def _classes(what: str, name: str, values: Values, rows: int) -> npt.NDArray[np.object_]:
    """Class of each row as text."""
    faults = Faults(rows)
    number, text = outcome(f"{what} {name}"[:80], values, faults)
    _check(faults)
    table = {"": pa.nulls(rows)}
    table |= {key: one for key, one in (("number", number), ("text", text)) if one is not None}
    return classes_of(pa.table(table), "number", "text")


def _numbers(what: str, name: str, values: Values) -> npt.NDArray[np.float64]:
    faults = Faults(len(values))
    array = numbers(f"{what} {name}"[:80], values, faults)
    _check(faults)
    if array is None:
        return np.full(len(values), np.nan)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def _check(faults: Faults) -> None:
    for fault in faults.rejected(lambda _: None):
        raise InvalidInput(f"row {fault.index}: {fault.message}")
