"""Models of how large a regression's errors are: boosted trees, or where there are none, a linear model.

References
----------
.. [1] T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical Learning", 2nd ed., chapter 10.
.. [2] M. Davidian and R. Carroll, "Variance function estimation", JASA 82 (1987).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from assay.errors import MissingExtra
from assay.stats.estimation.features import Design, FeatureColumn

__all__ = ["KINDS", "LossInputs", "LossModel", "fit_losses", "trees_available"]

_Floats = npt.NDArray[np.float64]

KINDS = ("constant", "linear", "trees")
"""Kinds of models, the simplest first."""

_MOST_CATEGORIES = 200  # trees take 255 at most
_RIDGE = 10.0
_TINY = 1e-3


def trees_available() -> bool:
    """Whether the library is there that grows trees."""
    return importlib.util.find_spec("sklearn") is not None


@dataclass(frozen=True, slots=True, eq=False)
class LossInputs:
    """What losses are told from: the prediction and the features, as both kinds of models take them.

    Attributes
    ----------
    linear : float64[rows, terms], standardised.
    trees : float64[rows, columns], categories as codes; NaN where there is none, or where the reference has
        not seen it.
    categorical : bool[columns] of `trees`.
    """

    linear: _Floats
    trees: _Floats
    categorical: npt.NDArray[np.bool_]

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Self:
        """Some of the rows."""
        return type(self)(self.linear[rows], self.trees[rows], self.categorical)


@dataclass(frozen=True, slots=True, eq=False)
class LossDesign:
    """How features and predictions become :class:`LossInputs`: learned from a reference."""

    design: Design
    places: Mapping[str, Mapping[str, int] | None]

    @classmethod
    def of(cls, columns: Mapping[str, FeatureColumn]) -> Self:
        """Learn from a reference's columns, the prediction among them."""
        places: dict[str, Mapping[str, int] | None] = {}
        for name, column in columns.items():
            places[name] = None
            if column.names is not None:
                codes = np.asarray(column.values, dtype=np.int64)
                counts = np.bincount(codes[codes >= 0], minlength=len(column.names))
                order = np.argsort(-counts, kind="stable")[:_MOST_CATEGORIES].tolist()
                places[name] = {column.names[code]: place for place, code in enumerate(order) if counts[code]}
        return cls(Design.of(columns), places)

    def __call__(self, columns: Mapping[str, FeatureColumn]) -> LossInputs:
        """Return a window's columns as the reference's are given."""
        found = [_values(columns[name], places) for name, places in self.places.items()]
        return LossInputs(
            self.design(columns),
            np.column_stack(found),
            np.array([places is not None for places in self.places.values()]),
        )


def _values(column: FeatureColumn, places: Mapping[str, int] | None) -> _Floats:
    if places is None:
        numeric = column.names is None
        return np.asarray(column.values, np.float64) if numeric else np.full(len(column.values), np.nan)
    if column.names is None:
        return np.full(len(column.values), np.nan)
    table = np.array([places.get(name, np.nan) for name in column.names] + [np.nan], dtype=np.float64)
    return np.asarray(table[np.asarray(column.values, dtype=np.int64)])


@dataclass(frozen=True, slots=True, eq=False)
class LossModel:
    """A model of one kind of losses; called with inputs it gives the expected loss of each row, above 0."""

    kind: str
    fitted: Any
    mean: float

    def __call__(self, inputs: LossInputs) -> _Floats:
        """Return float64[rows]: expected losses."""
        rows = len(inputs.linear)
        if self.kind == "constant":
            return np.full(rows, self.mean)
        if self.kind == "linear":
            return np.maximum(_terms(inputs.linear) @ self.fitted, _TINY * self.mean)
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="openmp"):
            told = self.fitted.predict(inputs.trees)
        return np.maximum(np.asarray(told, np.float64), _TINY * self.mean)


def fit_losses(kind: str, inputs: LossInputs, loss: _Floats) -> LossModel:
    """Learn from labelled rows.

    Trees are grown for the gamma distribution's deviance, with a logarithmic link: a loss varies in
    proportion to its size [2]_, and squared errors would be told by the few largest.

    Parameters
    ----------
    kind : of :data:`KINDS`.
    inputs : of `rows` rows.
    loss : float64[rows], 0 or more.

    Raises
    ------
    MissingExtra
        Where trees are wanted and scikit-learn is absent.
    """
    mean = float(loss.mean())
    if kind == "constant" or mean <= 0:
        return LossModel("constant", None, mean)
    if kind == "linear":
        terms = _terms(inputs.linear)
        penalty = np.full(terms.shape[1], _RIDGE)
        penalty[0] = 0.0
        return LossModel(kind, np.linalg.solve(terms.T @ terms + np.diag(penalty), terms.T @ loss), mean)
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits
    except ImportError as exc:
        raise MissingExtra.of("ml", purpose="boosted trees, which tell a regression's losses") from exc
    trees = HistGradientBoostingRegressor(
        loss="gamma",
        early_stopping=False,
        categorical_features=inputs.categorical if inputs.categorical.any() else None,
        random_state=0,
    )
    # Threads that wait for one another on a busy machine take many times as long as one alone.
    with threadpool_limits(limits=1, user_api="openmp"):
        return LossModel(kind, trees.fit(inputs.trees, np.maximum(loss, 1e-9 * mean)), mean)


def _terms(design: _Floats) -> _Floats:
    return np.column_stack([np.ones(len(design)), design])
