"""Errors of numeric predictions: MAE, MSE, RMSE, R², MAPE, and their mean beside those of both sides."""

from __future__ import annotations

import math
from collections.abc import Iterable

from assay.stats.metrics.intervals import Interval, mean_interval
from assay.stats.metrics.result import Estimate
from assay.stats.summaries.floats import finite_or_none
from assay.stats.summaries.regression import RegressionSummary

__all__ = ["mean_absolute_error", "mean_absolute_percentage_error", "means", "r2_score", "squared_errors"]

_NONE: Interval = (None, None)


def _estimate(name: str, value: float | None, n: int, summary: RegressionSummary, ends: Interval) -> Estimate:
    value = None if value is None else finite_or_none(value)
    low, high = ends if value is not None else _NONE
    return Estimate(name, value, n, summary.coverage, low, high, higher_is_better=name == "r2_score")


def mean_absolute_error(summary: RegressionSummary) -> Estimate:
    """Mean absolute error, in the truth's unit, with Student's interval. None without labelled rows.

    >>> mean_absolute_error(RegressionSummary.of([1.0, 2.0], [1.5, 2.5])).value
    0.5
    """
    n = summary.n
    ends = mean_interval(summary.absolute, summary.error2, n, low=0.0)
    return _estimate("mae", summary.absolute / n if n else None, n, summary, ends)


def squared_errors(summary: RegressionSummary) -> tuple[Estimate, Estimate]:
    """Mean squared error with Student's interval, and its root with the interval's roots.

    None without labelled rows, or where the squares are beyond the floats.

    >>> [estimate.value for estimate in squared_errors(RegressionSummary.of([1.0, 2.0], [3.0, 4.0]))]
    [4.0, 2.0]
    """
    n = summary.n
    ends = mean_interval(summary.error2, summary.error4, n, low=0.0)
    value = summary.error2 / n if n else None
    mse = _estimate("mse", value, n, summary, ends)
    root = None if mse.value is None else math.sqrt(mse.value)
    return mse, _estimate("rmse", root, n, summary, tuple(_roots(ends)))  # type: ignore[arg-type]  # two in, two out


def _roots(ends: Iterable[float | None]) -> Iterable[float | None]:
    return (None if end is None else math.sqrt(end) for end in ends)


def r2_score(summary: RegressionSummary) -> Estimate:
    """Coefficient of determination, 1 - Σe² / Σ(y - ȳ)², without interval.

    None with fewer than two labelled rows, or where the truth is constant (scikit-learn gives 0 or 1 there).

    >>> r2_score(RegressionSummary.of([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])).value
    0.5
    """
    n, spread = summary.n, summary.actual_m2
    value = 1 - summary.error2 / spread if n > 1 and spread > 0 else None
    return _estimate("r2_score", value, n, summary, _NONE)


def mean_absolute_percentage_error(summary: RegressionSummary) -> Estimate:
    """Mean of the absolute error as a share of the truth (0.1 is ten percent), with Student's interval.

    Rows whose truth is 0 are left out, and `n` says how many are in. (scikit-learn divides by 2.2e-16
    there.) None without rows.

    >>> mean_absolute_percentage_error(RegressionSummary.of([2.0, 0.0], [1.0, 1.0])).value
    0.5
    """
    n = summary.n_percent
    ends = mean_interval(summary.percent, summary.percent2, n, low=0.0)
    return _estimate("mape", summary.percent / n if n else None, n, summary, ends)


def means(summary: RegressionSummary) -> tuple[Estimate, Estimate, Estimate]:
    """Mean error ŷ - y with Student's interval, and the means of the predictions and of the truth without.

    All three are over the same labelled rows, so that the first is the difference of the others. None
    without such rows, or where a sum is beyond the floats.

    >>> [estimate.value for estimate in means(RegressionSummary.of([1.0, 2.0], [1.5, 3.5]))]
    [1.0, 2.5, 1.5]
    """
    n = summary.n
    error = summary.error / n if n else None
    truth = summary.actual_mean if n else None
    return (
        _estimate("mean_error", error, n, summary, mean_interval(summary.error, summary.error2, n)),
        _estimate(
            "mean_prediction", summary.actual_mean + error if error is not None else None, n, summary, _NONE
        ),
        _estimate("mean_truth", truth, n, summary, _NONE),
    )
