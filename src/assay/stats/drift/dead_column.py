"""A column that has stopped changing: one value throughout, where the reference has several."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaln

from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["dead_column", "dead_column_of"]


def dead_column(reference: Side, current: Side) -> DriftStatistic:
    """1.0 where all current values are one and the same and those of the reference are not, else 0.0.

    Numbers of a summary are the same where its least and largest are. Infinite values are left out, as
    missing ones are: a column without any value is missing, not dead.

    The p-value is the exact share of all ways to deal the rows of both sides that give none but this value
    to the current side; 1.0 where the column is not dead. Of a summary whose cell holds other values of the
    reference too, it is too large, never too small.

    Returns
    -------
    DriftStatistic
        Named ``dead_column``. None as value where the reference has no value, or the current side fewer than
        two.

    Raises
    ------
    InvalidInput
        As :meth:`assay.stats.drift.pair.Pair.of`.

    Examples
    --------
    >>> found = dead_column([1.0, 2.0, 3.0, 4.0, 5.0], [3.0, 3.0, 3.0, 3.0])
    >>> found.value, round(found.p_value, 4)
    (1.0, 0.0397)
    """
    return dead_column_of(Pair.of(reference, current))


def dead_column_of(pair: Pair) -> DriftStatistic:
    """Like :func:`dead_column`, of a pair."""
    ours, theirs = pair.summaries
    n, m = ours.n, theirs.n
    if not n or m < 2:
        return DriftStatistic("dead_column", None)
    if isinstance(ours, NumericSummary) and isinstance(theirs, NumericSummary):
        dead = theirs.min == theirs.max and not ours.min == ours.max == theirs.min
        same = int(ours.counts[np.argmax(theirs.counts)])
    else:
        dead, same = _categories(*pair.categorical)
    if not dead or same == n:
        # A constant reference with another value than the current one's has not died: it has moved.
        return DriftStatistic("dead_column", 0.0, p_value=1.0)
    if isinstance(ours, NumericSummary) and ours.min == ours.max:
        return DriftStatistic("dead_column", 0.0, p_value=1.0)
    return DriftStatistic("dead_column", 1.0, p_value=_all_alike(n, m, same))


def _categories(ours: CategoricalSummary, theirs: CategoricalSummary) -> tuple[bool, int]:
    """Whether all current rows are of one category and the reference's not; its rows of that category."""
    m = theirs.n
    if m == 0 or theirs.other:
        return False, 0
    if theirs.counts.size and int(theirs.counts.max()) == m:
        same = int(ours.counts[np.argmax(theirs.counts)])
    elif len(theirs.new) == 1 and sum(theirs.new.values()) == m:
        same = ours.new.get(next(iter(theirs.new)), 0)
    else:
        return False, 0
    kinds = np.count_nonzero(ours.counts) + len(ours.new) + (ours.other > 0)
    return bool(kinds > 1), same


def _all_alike(n: int, m: int, same: int) -> float:
    """Probability that `m` of all rows, `same` and `m` of which are alike, are all of those."""
    alike, total = same + m, n + m
    logs = gammaln(alike + 1) - gammaln(same + 1) - gammaln(total + 1) + gammaln(n + 1)
    return min(math.exp(float(logs)), 1.0)
