"""Wasserstein distance: how far the rows have to be moved, on average, to make one sample of the other.

References
----------
.. [1] S. Vallender, "Calculation of the Wasserstein distance between probability distributions on the line",
   Theory of Probability and its Applications 18 (1974).
"""

from __future__ import annotations

import math

import numpy as np

from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["wasserstein", "wasserstein_normed", "wasserstein_normed_of", "wasserstein_of"]


def wasserstein(reference: Side, current: Side) -> DriftStatistic:
    """Area between the two distribution functions [1]_, in the feature's unit, from 0 without upper end.

    Of raw values that is :func:`scipy.stats.wasserstein_distance`. From summaries the distribution functions
    are taken as straight inside an open cell; `bound` holds for any values of the rows in it, and the value
    is never less than the difference of the means, which is exact. Infinite values are left out, as missing
    ones are.

    There is no p-value: its law depends on the distribution.

    Returns
    -------
    DriftStatistic
        Named ``wasserstein``. None as value where one side has no finite value, or the area is beyond the
        floats.

    Raises
    ------
    InvalidInput
        As :meth:`assay.stats.drift.pair.Pair.of`, and where a side holds texts.

    Examples
    --------
    >>> wasserstein([0.0, 1.0, 3.0], [5.0, 6.0, 8.0]).value
    5.0
    """
    return wasserstein_of(Pair.of(reference, current))


def wasserstein_normed(reference: Side, current: Side) -> DriftStatistic:
    """:func:`wasserstein` in units of the reference's standard deviation (divisor n).

    Returns
    -------
    DriftStatistic
        Named ``wasserstein_normed``. 0.0 where the distance is 0; None as value where the reference is
        constant and the distance is not 0, and where the distance is None.

    Examples
    --------
    >>> wasserstein_normed([0.0, 2.0], [1.0, 3.0]).value
    1.0
    """
    return wasserstein_normed_of(Pair.of(reference, current))


def wasserstein_normed_of(pair: Pair) -> DriftStatistic:
    """Like :func:`wasserstein_normed`, of a pair."""
    found = wasserstein_of(pair)
    if not found.value:
        return DriftStatistic("wasserstein_normed", found.value, found.bound)
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = float(np.std(pair.values[0])) if pair.raw else _deviation(pair)
    if not deviation or not math.isfinite(found.value / deviation):
        return DriftStatistic("wasserstein_normed", None)
    return DriftStatistic("wasserstein_normed", found.value / deviation, found.bound / deviation)


def _deviation(pair: Pair) -> float:
    ours = pair.summaries[0]
    return math.sqrt(ours.m2 / ours.n) if isinstance(ours, NumericSummary) else 0.0


def wasserstein_of(pair: Pair) -> DriftStatistic:
    """Like :func:`wasserstein`, of a pair."""
    steps = pair.steps
    if not steps.n or not steps.m:
        return DriftStatistic("wasserstein", None)
    before, after = steps.differences[:-1], steps.differences[1:]
    with np.errstate(over="ignore", invalid="ignore"):
        gaps = float(np.abs(after[:-1]) @ (steps.low[1:] - steps.high[:-1]))
        wide = steps.high > steps.low
        value, bound = gaps, 0.0
        if wide.any():
            width = (steps.high - steps.low)[wide]
            a, b = np.abs(before[wide]), np.abs(after[wide])
            crossed = before[wide] * after[wide] < 0
            both = np.where(a + b > 0, a + b, 1.0)
            inside = float(width @ np.where(crossed, (a * a + b * b) / (2 * both), (a + b) / 2))
            least, most = (one[wide] for one in steps.reach())
            low = np.where((least < 0) & (most > 0), 0.0, np.minimum(np.abs(least), np.abs(most)))
            high = gaps + float(width @ np.maximum(np.abs(least), np.abs(most)))
            means = _difference_of_means(pair)
            low_end = max(gaps + float(width @ low), means)
            value = min(max(gaps + inside, low_end), high)
            bound = max(high - value, value - low_end)
    if not math.isfinite(value) or not math.isfinite(bound):
        return DriftStatistic("wasserstein", None)
    return DriftStatistic("wasserstein", value, bound)


def _difference_of_means(pair: Pair) -> float:
    ours, theirs = pair.summaries
    if isinstance(ours, NumericSummary) and isinstance(theirs, NumericSummary):
        return abs(theirs.mean - ours.mean)
    return 0.0
