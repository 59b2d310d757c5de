"""Share of rows with a category that the reference does not have.

References
----------
.. [1] I. Good, "The population frequencies of species and the estimation of population parameters",
   Biometrika 40 (1953).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.result import DriftStatistic
from assay.stats.drift.two_proportions import fisher_exact
from assay.stats.summaries.categorical import CategoricalSummary

__all__ = ["new_category_share", "new_category_share_of"]


def new_category_share(reference: Side, current: Side) -> DriftStatistic:
    """Share of current rows with a category that the reference does not name, minus its own share of such.

    From 0 to 1 where the reference names all its categories, as it does of raw rows and up to 1,000
    categories; else from -1.

    New categories are no surprise where there are many rare ones. A row of the reference whose category
    occurs there only once would be new to the rest of it (Good and Turing's estimate [1]_): the p-value
    is Fisher's exact one that the current rows are new more often than that. Rows of one new category come
    together, though, so that it is no smaller than that of the normal test with the variance of a sum of
    categories. It holds for independent rows and up to about as many current rows as there are in the
    reference.

    Returns
    -------
    DriftStatistic
        Named ``new_category_share``. None as value where one side has no category.

    Raises
    ------
    InvalidInput
        As :meth:`assay.stats.drift.pair.Pair.of`, and where a side holds numbers.

    Examples
    --------
    >>> found = new_category_share(["a"] * 60 + ["b"] * 40, ["a"] * 30 + ["z"] * 10)
    >>> found.value, found.p_value < 1e-5
    (0.25, True)
    """
    return new_category_share_of(Pair.of(reference, current))


def new_category_share_of(pair: Pair) -> DriftStatistic:
    """Like :func:`new_category_share`, of a pair."""
    ours, theirs = pair.categorical
    n, m = ours.n, theirs.n
    if not n or not m:
        return DriftStatistic("new_category_share", None)
    value = theirs.unnamed / m - ours.unnamed / n
    expected = ours.unnamed + _seen(ours, 1)
    p_value = fisher_exact(expected, n, theirs.unnamed, m, more=True)
    if theirs.unnamed and expected:
        before, now = _seen(ours, 1) + 2 * _seen(ours, 2) + _together(ours), _together(theirs)
        spread = math.sqrt(before / n**2 + now / m**2)
        p_value = max(p_value, float(ndtr(-(theirs.unnamed / m - expected / n) / spread)))
    return DriftStatistic("new_category_share", value, p_value=p_value)


def _seen(summary: CategoricalSummary, times: int) -> int:
    """Categories that are named and have been seen so often."""
    return int(np.count_nonzero(summary.counts == times)) if summary.categories.complete else 0


def _together(summary: CategoricalSummary) -> int:
    """Sum of squares of the rows of each category that is not named."""
    return sum(count * count for count in summary.new.values()) + summary.other
