"""How large a regression's errors are, told from the marginal distributions that profiles keep.

A row's loss is taken to be a sum of what each of its features adds. The mean of such a sum needs no rows: it
follows from how many rows lie in each cell of each feature, which is what a profile counts. Each feature's
cells are joined to a few groups, and a ridge holds back what each group adds.

References
----------
.. [1] T. Hastie and R. Tibshirani, "Generalized additive models", 1990.
.. [2] C. Rasmussen and C. Williams, "Gaussian processes for machine learning", 2006, section 2.1 (the ridge
   as a prior, and the variance that it leaves).
.. [3] L. Breiman, J. Friedman, R. Olshen and C. Stone, "Classification and regression trees", 1984, section
   3.4.3 (the rule of one standard error).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from assay.stats.estimation.blocks import half_width, random_effect
from assay.stats.estimation.loss_estimator import LOSS_METRICS, loss_of
from assay.stats.estimation.result import MetricEstimate
from assay.stats.summaries.categorical import Categories
from assay.stats.summaries.column import Column
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.layout import Layout
from assay.stats.summaries.numeric import NumericCells

__all__ = ["CellGroups", "CellLossEstimator", "Labelled", "fit_cell_losses"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

MOST_FEATURES = 30
"""Features that are used at most: those whose groups differ most in their absolute errors."""

_GROUPS = 10  # of a number; each has about as many rows of the reference
_CATEGORIES = 30  # that have a group of their own
_RIDGES = (1e5, 1e4, 1e3, 1e2, 1e1)  # rows; the simplest model first
_LEAST = 100
_SMALLEST = 0.05  # of the mean loss; an additive model may fall below 0
_STRETCHES = 10


@dataclass(frozen=True, slots=True, eq=False)
class CellGroups:
    """Which cells of a reference's features belong together.

    Attributes
    ----------
    layout : the features and their cells.
    group : int64[layout.size], the group of each cell, numbered over all features.
    first : int64[features + 1], where each feature's groups begin. Each feature's last group is that of the
        rows without a value, or with one that has no cell.
    """

    layout: Layout
    group: _Ints
    first: _Ints

    @classmethod
    def of(cls, profile: FeatureProfile) -> Self:
        """Join cells to groups of about as many rows of a reference; frequent categories stay alone."""
        parts, first = [], [0]
        layout = profile.layout
        for place, cells in enumerate(layout.features.values()):
            counts = profile.cells[layout.offsets[place] : layout.offsets[place + 1]].astype(np.float64)
            if isinstance(cells, NumericCells):
                share = np.cumsum(counts) / max(float(counts.sum()), 1.0)
                # A group ends where another tenth is full: heavy points are groups of their own.
                number = np.minimum(
                    (np.append(0.0, share[:-1]) * _GROUPS + 1e-9).astype(np.int64), _GROUPS - 1
                )
                number = np.unique(number, return_inverse=True)[1].astype(np.int64)
            else:
                number = np.full(counts.size, min(counts.size, _CATEGORIES), dtype=np.int64)
                number[np.argsort(-counts, kind="stable")[:_CATEGORIES]] = np.arange(
                    min(counts.size, _CATEGORIES)
                )
            parts.append(number + first[-1])
            first.append(first[-1] + (int(number.max()) + 1 if number.size else 0) + 1)
        group = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        return cls(layout, group, np.array(first, dtype=np.int64))

    @property
    def size(self) -> int:
        """Groups of all features."""
        return int(self.first[-1])

    def shares(self, profile: FeatureProfile) -> _Floats:
        """float64[size]: share of the profile's rows in each group; those of each feature add up to 1."""
        counts = np.bincount(self.group, weights=profile.cells, minlength=self.size)
        ends = np.cumsum(np.append(0, profile.cells))[self.layout.offsets]
        counts[self.first[1:] - 1] += profile.rows - np.diff(ends)
        return np.asarray(counts / max(profile.rows, 1), dtype=np.float64)

    def of_rows(self, columns: Mapping[str, Column], rows: int) -> _Ints:
        """int64[rows, features]: group of each row.

        Parameters
        ----------
        columns : the features, one value a row: NaN or a code of -1 where there is none.
        rows : how many.
        """
        found = np.empty((rows, len(self.layout.features)), dtype=np.int64)
        for place, (name, cells) in enumerate(self.layout.features.items()):
            offset, nowhere = int(self.layout.offsets[place]), int(self.first[place + 1]) - 1
            found[:, place] = nowhere
            column = columns.get(name)
            if column is None:
                continue
            if isinstance(cells, NumericCells):
                known, cell = _numeric_cells(column, cells, rows)
            else:
                known, cell = _category_cells(column, cells, rows)
            found[known, place] = self.group[offset + cell]
        return found


def _numeric_cells(column: Column, cells: NumericCells, rows: int) -> tuple[npt.NDArray[np.bool_], _Ints]:
    if column.kind != "numeric":
        return np.zeros(rows, dtype=bool), np.zeros(0, dtype=np.int64)
    known = np.isfinite(column.values)
    values = column.values[known]
    place = np.searchsorted(cells.points, values)
    hit = np.zeros(values.size, dtype=bool)
    inside = place < cells.points.size
    hit[inside] = cells.points[place[inside]] == values[inside]
    return known, (2 * place + hit).astype(np.int64)


def _category_cells(column: Column, cells: Categories, rows: int) -> tuple[npt.NDArray[np.bool_], _Ints]:
    if column.kind == "numeric":
        return np.zeros(rows, dtype=bool), np.zeros(0, dtype=np.int64)
    table = np.array([cells.index.get(name, -1) for name in column.dictionary] + [-1], dtype=np.int64)
    cell = table[np.asarray(column.codes, dtype=np.int64)]
    known = cell >= 0
    return known, cell[known]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Labelled rows to learn from.

    Attributes
    ----------
    group : int64[rows, features], see :meth:`CellGroups.of_rows`.
    truth, prediction : float64[rows], finite.
    day : int64[rows], number of the stretch of time that each lies in, from 0 on without gaps.
    """

    group: _Ints
    truth: _Floats
    prediction: _Floats
    day: _Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Additive:
    """One kind of loss: mean + (shares - centre) @ effect.

    Attributes
    ----------
    mean, centre, effect : of the additive model; `effect` is all 0 where features say nothing.
    spread : float64[groups, k], a factor of the variance that is left of the effects.
    noise : squared coefficient of variation of one row's loss.
    between : variance of the logarithm of a day's mean loss beyond all of this.
    days : independent stretches that this was learnt from.
    refusal : why this loss cannot be told.
    """

    mean: float
    centre: _Floats
    effect: _Floats
    spread: _Floats
    noise: float
    between: float
    days: int
    refusal: str | None = None

    def told(self, shares: _Floats, n: float) -> tuple[float, float]:
        """Mean loss of a window, and the variance of its logarithm by chance and by what is not known."""
        away = shares - self.centre
        value = max(self.mean + float(away @ self.effect), _SMALLEST * self.mean)
        unknown = float(np.sum((away @ self.spread) ** 2))
        return value, self.noise / max(n, 1.0) + unknown / value**2

    def missed(self, rows: _Sums) -> float:
        """Sum of squared differences of rows' losses and what is told of them."""
        start = self.mean - float(self.centre @ self.effect)
        told = start * rows.total + float(self.effect @ rows.loss)
        squares = rows.n * start**2 + 2 * start * float(self.effect @ rows.count)
        squares += float(self.effect @ rows.gram @ self.effect)
        return rows.square - 2 * told + squares


@dataclass(frozen=True, slots=True, eq=False)
class CellLossEstimator:
    """What labelled rows say about the losses of any profile. Made by :func:`fit_cell_losses`."""

    groups: CellGroups
    kept: _Ints
    names: tuple[str, ...]
    losses: Mapping[str, _Additive]
    reference_n: int

    @property
    def refusal(self) -> str | None:
        """Why nothing can be estimated; None where something can."""
        found = [one.refusal for one in self.losses.values()]
        return found[0] if all(found) else None

    def estimate(self, profile: FeatureProfile, n: int) -> dict[str, MetricEstimate]:
        """Estimate the metrics of a window.

        Parameters
        ----------
        profile : of its features, in the reference's cells.
        n : its predictions.
        """
        shares = self.groups.shares(profile)[self.kept]
        found = {}
        for name in self.names:
            kind, power = LOSS_METRICS[name]
            loss = self.losses[kind]
            if loss.refusal is not None or not n or not profile.rows:
                reason = loss.refusal or "there are no predictions with features"
                found[name] = MetricEstimate.refused(name, n, reason)
                continue
            value, variance = loss.told(shares, n)
            half = half_width(variance, loss.between, loss.days)
            found[name] = MetricEstimate(
                name,
                value**power,
                float((value * np.exp(-half)) ** power),
                float((value * np.exp(half)) ** power),
                n,
                float(self.reference_n),
                "additive model of the loss"
                if loss.effect.any()
                else "mean loss of the reference: features tell no more",
            )
        return found


def fit_cell_losses(groups: CellGroups, rows: Labelled, names: tuple[str, ...]) -> CellLossEstimator:
    """Learn from labelled rows of several days.

    The ridge is chosen by how well the losses of held-out rows are told, each tenth of the time by the rest;
    so is whether features are used at all. The mean losses of held-out days say how far off estimates are.

    Parameters
    ----------
    groups : of the features.
    rows : labelled.
    names : metrics wanted, of :data:`assay.stats.estimation.loss_estimator.LOSS_METRICS`.
    """
    kept = _telling(groups, rows)
    losses = {}
    for kind in dict.fromkeys(LOSS_METRICS[name][0] for name in names):
        losses[kind] = _learn(kind, rows, kept, groups.size)
    return CellLossEstimator(groups, kept, names, losses, rows.truth.size)


def _telling(groups: CellGroups, rows: Labelled) -> _Ints:
    """Groups of the features whose groups differ most in their absolute errors."""
    error = np.abs(rows.prediction - rows.truth)
    error = error - error.mean() if error.size else error
    between = []
    for place in range(len(groups.layout.features)):
        number = rows.group[:, place] - groups.first[place]
        count = np.bincount(number)
        total = np.bincount(number, weights=error)
        between.append(float(np.sum(total[count > 0] ** 2 / count[count > 0])))
    chosen = np.sort(np.argsort(-np.array(between), kind="stable")[:MOST_FEATURES])
    ranges = [np.arange(groups.first[place], groups.first[place + 1]) for place in chosen]
    return np.concatenate(ranges) if ranges else np.zeros(0, dtype=np.int64)


def _learn(kind: str, rows: Labelled, kept: _Ints, size: int) -> _Additive:
    loss = loss_of(kind, rows.truth, rows.prediction)
    known = np.isfinite(loss)
    none = np.zeros(kept.size)
    days = np.unique(rows.day[known])
    if known.sum() < _LEAST or days.size < 2:
        reason = (
            f"the reference has {int(known.sum())} rows with a truth"
            f"{' that is not 0' if kind == 'relative' else ''} of {days.size} days; {_LEAST} of 2 days are "
            f"needed to learn {kind} errors"
        )
        return _Additive(0.0, none, none, np.zeros((kept.size, 0)), 0.0, 0.0, 0, reason)
    sums = [_Sums.of(rows.group[rows.day == day], loss[rows.day == day], kept, size) for day in days]
    stretches = min(_STRETCHES, days.size)
    block = np.arange(days.size) * stretches // days.size
    rest = [[one for one, b in zip(sums, block, strict=True) if b != number] for number in range(stretches)]
    tried: list[tuple[float, _Floats, _Floats]] = []
    weight = np.array([one.n for one in sums])
    missed = []
    for ridge in (np.inf, *_RIDGES):
        fits = [_fit(some, ridge) for some in rest]
        told = [fits[b].told(one.shares, one.n) for one, b in zip(sums, block, strict=True)]
        real = np.array([max(one.mean, _SMALLEST * fits[0].mean) for one in sums])
        errors = np.log(real / np.array([value for value, _ in told]))
        tried.append((ridge, errors, np.array([variance for _, variance in told])))
        rows_missed = [fits[b].missed(one) for one, b in zip(sums, block, strict=True)]
        missed.append(np.bincount(block, rows_missed) / np.bincount(block, weight))
    ridge, errors, explained = tried[_simplest(np.array(missed))]
    return replace(
        _fit(sums, ridge), between=random_effect(errors, explained), days=min(int(days.size), _STRETCHES)
    )


def _simplest(missed: _Floats) -> int:
    """Place of the simplest model that is not worse than the best one by more than a standard error [3]_.

    Parameters
    ----------
    missed : float64[models, blocks], mean squared errors, the simplest model first.
    """
    worse = missed - missed[int(missed.mean(axis=1).argmin())]
    error = worse.std(axis=1, ddof=1) / np.sqrt(missed.shape[1])
    return int(np.flatnonzero(worse.mean(axis=1) <= error)[0])


def _fit(days: Sequence[_Sums], ridge: float) -> _Additive:
    """Return the model that a ridge of so many rows gives; without `between`."""
    whole = _Sums(*(np.sum([getattr(one, part.name) for one in days], axis=0) for part in fields(_Sums)))
    centre, mean, n = whole.shares, whole.mean, whole.n
    left = whole.square - n * mean**2
    effect = np.zeros(centre.size, dtype=np.float64)
    spread = np.zeros((centre.size, 0), dtype=np.float64)
    if np.isfinite(ridge) and centre.size:
        curve = whole.gram - n * np.outer(centre, centre) + ridge * np.eye(centre.size)
        moved = whole.loss - n * mean * centre
        effect = np.asarray(np.linalg.solve(curve, moved), dtype=np.float64)
        left += float(effect @ curve @ effect - ridge * effect @ effect - 2 * effect @ moved)
        # What the rows leave open of the effects; of a group that they lack, all of the prior [2]_.
        root = np.linalg.cholesky(np.linalg.inv(curve))
        spread = np.asarray(root * np.sqrt(max(left, 0.0) / n), dtype=np.float64)
    noise = max(left, 0.0) / n / mean**2 if mean > 0 else 0.0
    return _Additive(mean, centre, effect, spread, noise, 0.0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums over rows from which an additive model follows; they can be added up."""

    n: float
    square: float
    total: float
    count: _Floats
    loss: _Floats
    gram: _Floats

    @classmethod
    def of(cls, group: _Ints, loss: _Floats, kept: _Ints, size: int) -> Self:
        known = np.isfinite(loss)
        group, loss = group[known], loss[known]
        place = np.full(size, -1, dtype=np.int64)
        place[kept] = np.arange(kept.size)
        design = np.zeros((loss.size, kept.size))
        columns = place[group]
        lines, features = np.nonzero(columns >= 0)
        design[lines, columns[lines, features]] = 1.0
        return cls(
            float(loss.size),
            float(loss @ loss),
            float(loss.sum()),
            design.sum(axis=0),
            design.T @ loss,
            design.T @ design,
        )

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def shares(self) -> _Floats:
        return self.count / max(self.n, 1.0)
