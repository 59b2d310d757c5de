"""A domain classifier: how well a model can tell rows of the window from rows of the reference.

The rows are cut into folds; a classifier is fitted to all but one and ranks the rows of that one. The area
under its curve is 0.5 where nothing has changed, whatever the classifier has learnt, and 1 where every row
can be told.

Areas are taken within folds and averaged. Scores of several folds must not be ranked together: each fold's
classifier knows how many rows of either side the other folds have, so that pooled ranks lean to below 0.5.
Within a fold, given its classifier, the rows of both sides are exchangeable where nothing has changed, so
that the area is a Mann-Whitney statistic with mean 0.5 and known variance [1]_.

Areas of different folds are not independent: what one fold's rows happen to have in common with another's
shows in both areas. Where nothing has changed, the variance of their mean is about twice that of independent
areas, and its law is skew. The p-values of the folds are therefore combined by a rule that holds however
they depend on one another: their geometric mean times e [3]_. Since each is valid by itself, so is the
result.

References
----------
.. [1] E. Lehmann, "Nonparametrics: Statistical Methods Based on Ranks", section 1.4 (1975): the variance with
   ties.
.. [2] E. DeLong, D. DeLong, D. Clarke-Pearson, "Comparing the areas under two or more correlated receiver
   operating characteristic curves", Biometrics 44 (1988).
.. [3] V. Vovk, R. Wang, "Combining p-values via averaging", Biometrika 107 (2020).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from scipy.special import log_ndtr
from scipy.stats import rankdata

from assay.errors import InvalidInput, MissingExtra
from assay.stats.multivariate.engine import EngineName, engine
from assay.stats.summaries.codec import Floats, Ints

__all__ = ["ClassifierModel", "ClassifierResult", "domain_classifier"]

ClassifierModel = Literal["boosting", "logistic"]

FOLDS = 2
"""With more, classifiers learn from more rows, and their p-values, each of fewer rows, tell less together."""

LEAST_ROWS = 50
"""On either side: with fewer, no fold has enough to rank."""

_RIDGE = 1.0
_MOST_PRODUCTS = 24
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class ClassifierResult:
    """How well the window's rows can be told from the reference's.

    Attributes
    ----------
    auc : mean area under the curve, of rows that the classifier has not seen; 0.5 where nothing has changed.
    low, high : its interval of 95% [2]_, given the fitted classifiers.
    p_value : one-sided, where rows are independent; somewhat too large, since it holds however the folds
        depend on one another.
    importance : how much of the area is lost when one column is shuffled among the rows of a fold, by column;
        empty where it was not asked for.
    """

    auc: float
    low: float
    high: float
    p_value: float
    importance: tuple[float, ...] = ()


def domain_classifier(
    before: Floats,
    after: Floats,
    *,
    categorical: Sequence[int] = (),
    model: ClassifierModel = "boosting",
    folds: int = FOLDS,
    importance: bool = True,
    seed: int = 0,
    by: EngineName = "numpy",
) -> ClassifierResult:
    """Cross-fit a classifier of reference against window.

    Parameters
    ----------
    before, after : float64[rows, columns], NaN where missing. For "boosting" the values themselves,
        categories as whole numbers from 0 to 253; for "logistic" coordinates of variance about 1.
    categorical : places of the columns that hold categories ("boosting").
    model : "boosting", trees of scikit-learn (extra `ml`), which see interactions of any order; or
        "logistic", of the columns, their squares and, for at most 24 columns, their products, which needs
        nothing else.
    folds : at least 2.
    importance : whether to find the most telling columns.
    seed : of the folds and all else that is drawn.
    by : the engine that fits "logistic".

    Raises
    ------
    MissingExtra
        For "boosting" without scikit-learn; by JAX, without it.
    InvalidInput
        With fewer than 50 rows on either side, other columns, or another model.
    """
    if before.ndim != 2 or before.shape[1:] != after.shape[1:] or not before.shape[1]:
        raise InvalidInput(f"both sides need the same columns; got shapes {before.shape} and {after.shape}")
    if min(len(before), len(after)) < LEAST_ROWS:
        raise InvalidInput(
            f"a domain classifier needs {LEAST_ROWS} rows on either side; got {len(before)} and {len(after)}"
        )
    if not 2 <= folds <= LEAST_ROWS // 5:
        raise InvalidInput(f"folds must be from 2 to {LEAST_ROWS // 5}; got {folds}")
    rows = np.concatenate([before, after])
    labels = np.concatenate([np.zeros(len(before)), np.ones(len(after))])
    rng = np.random.default_rng(seed)
    fold = np.empty(len(rows), dtype=np.int64)
    for side in (0.0, 1.0):  # the same share of both sides in every fold
        own = np.flatnonzero(labels == side)
        fold[rng.permutation(own)] = np.arange(own.size) % folds
    if model == "boosting":
        rankers = _boosted(rows, labels, fold, folds, categorical, seed)
    elif model == "logistic":
        rankers = _logistic(rows, labels, fold, folds, by)
    else:
        raise InvalidInput(f'a domain classifier is "boosting" or "logistic"; got {model!r:.40}')
    areas, usual, spread = np.empty(folds), np.empty(folds), np.empty(folds)
    for number, ranker in enumerate(rankers):
        inside = fold == number
        areas[number], usual[number], spread[number] = _area(ranker(rows[inside]), labels[inside] > 0)
    auc = float(areas.mean())
    half = _Z * float(np.sqrt(spread.sum())) / folds
    # Where all scores are alike there is nothing to rank, and the area is 0.5.
    surprise = log_ndtr(-(areas - 0.5) / np.sqrt(np.maximum(usual, 1e-12)))
    p = min(1.0, float(np.exp(1.0 + surprise.mean())))
    lost: tuple[float, ...] = ()
    if importance:
        lost = _importance(rows, labels > 0, fold, rankers, areas, rng)
    return ClassifierResult(auc, max(auc - half, 0.0), min(auc + half, 1.0), p, lost)


def _area(scores: Floats, positive: np.ndarray) -> tuple[float, float, float]:
    """Area under the curve, its variance where nothing has changed [1]_, and its variance as it is [2]_."""
    m, n = int(np.count_nonzero(positive)), int(np.count_nonzero(~positive))
    rank = rankdata(scores)
    area = (float(rank[positive].sum()) - m * (m + 1) / 2) / (m * n)
    _, tied = np.unique(scores, return_counts=True)
    total = m + n
    ties = float(((tied.astype(np.float64) ** 3) - tied).sum()) / (total * (total - 1))
    null = (total + 1 - ties) / (12 * m * n)
    # How often each row of one side is above those of the other.
    above = (rank[positive] - rankdata(scores[positive])) / n
    below = 1 - (rank[~positive] - rankdata(scores[~positive])) / m
    found = float(above.var(ddof=1)) / m + float(below.var(ddof=1)) / n
    return area, null, found


def _boosted(
    rows: Floats, labels: Floats, fold: Ints, folds: int, categorical: Sequence[int], seed: int
) -> list[Callable[[Floats], Floats]]:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits
    except ImportError as exc:
        raise MissingExtra.of("ml", purpose="a domain classifier of boosted trees") from exc
    # A column without any value in what a fold learns from cannot be cut into bins: it is made to be silent.
    known = np.isfinite(rows)
    never = np.stack([~known[fold != number].any(axis=0) for number in range(folds)]).any(axis=0)
    rows = np.where(never, 0.0, rows)
    made: list[Callable[[Floats], Floats]] = []
    # With several threads scikit-learn cuts bins in processes of its own, which takes longer than the fit.
    with threadpool_limits(1, user_api="openmp"):
        for number in range(folds):
            fitted = HistGradientBoostingClassifier(
                learning_rate=0.1,
                max_iter=60,
                max_leaf_nodes=15,
                min_samples_leaf=20,
                l2_regularization=1.0,
                early_stopping=False,
                class_weight="balanced",
                categorical_features=list(categorical) or None,
                random_state=seed,
            ).fit(rows[fold != number], labels[fold != number])
            made.append(fitted.decision_function)
    return made


def _logistic(
    rows: Floats, labels: Floats, fold: Ints, folds: int, by: EngineName
) -> list[Callable[[Floats], Floats]]:
    """All folds at once, each with the rows of its own fold left out and both sides of equal weight."""
    design = _terms(rows)
    weights = np.zeros((folds, len(rows)))
    for number in range(folds):
        inside = fold != number
        share = float(labels[inside].mean())
        weights[number] = inside * np.where(labels > 0, 0.5 / share, 0.5 / (1 - share))
    fitted = engine(by).logistic_fits(design, labels, weights, _RIDGE)
    return [partial(_rank, beta) for beta in fitted]


def _rank(beta: Floats, rows: Floats) -> Floats:
    return np.asarray(_terms(rows) @ beta)


def _terms(rows: Floats) -> Floats:
    """Intercept, columns, squares, and products of few columns, without large values."""
    standard = np.clip(np.nan_to_num(rows), -4.0, 4.0)
    width = standard.shape[1]
    parts = [np.ones((len(rows), 1)), standard, standard**2 - 1]
    if width <= _MOST_PRODUCTS:
        first, second = np.triu_indices(width, 1)
        parts.append(standard[:, first] * standard[:, second])
    return np.concatenate(parts, axis=1)


def _importance(
    rows: Floats,
    positive: np.ndarray,
    fold: Ints,
    rankers: Sequence[Callable[[Floats], Floats]],
    areas: Floats,
    rng: np.random.Generator,
) -> tuple[float, ...]:
    """Area that is lost when a column is shuffled among the rows of a fold."""
    lost = np.zeros(rows.shape[1])
    for number, ranker in enumerate(rankers):
        inside = rows[fold == number]
        shuffled = inside.copy()
        order = rng.permutation(len(inside))
        for column in range(rows.shape[1]):
            shuffled[:, column] = inside[order, column]
            lost[column] += areas[number] - _area(ranker(shuffled), positive[fold == number])[0]
            shuffled[:, column] = inside[:, column]
    return tuple((lost / len(rankers)).tolist())
