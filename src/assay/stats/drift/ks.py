"""Kolmogorov-Smirnov: the largest distance between two distribution functions.

References
----------
.. [1] J. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3 (1958).
"""

from __future__ import annotations

import numpy as np

from assay.errors import InvalidInput
from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.permutations import kolmogorov_smirnov_permutations
from assay.stats.drift.result import DriftStatistic
from assay.stats.drift.smirnov import smirnov_tail
from assay.stats.drift.steps import Steps
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["EXACT_ROWS", "ks", "ks_of"]

EXACT_ROWS = 200
"""Raw samples of together no more rows than this are judged by the exact law."""


def ks(reference: Side, current: Side) -> DriftStatistic:
    """Largest distance of the two empirical distribution functions, from 0 to 1, over finite values.

    Of raw values it is that of :func:`scipy.stats.ks_2samp`. Of summaries it is exact where each distinct
    value of the reference is a point of its cells: between two such points its distribution function is
    flat. Otherwise the distance of the raw rows is between the value and the value plus `bound`, which is
    never more than the largest reference mass between two points.

    The p-value is for independent rows: of raw samples of up to `EXACT_ROWS` rows together the share of
    all permutations, ties and all; otherwise Smirnov's [1]_, see :mod:`assay.stats.drift.smirnov`, too large
    (never too small, up to the approximation) where there are ties.

    Returns
    -------
    DriftStatistic
        None as value where one side has no finite value.

    Raises
    ------
    InvalidInput
        Where the two were counted in different cells, or a side holds texts.

    Examples
    --------
    >>> from assay.stats.summaries.numeric import NumericCells
    >>> cells = NumericCells.from_values([1.0, 2.0, 3.0])
    >>> ks(NumericSummary.of([1.0, 2.0, 3.0], cells), NumericSummary.of([2.5, 9.0], cells)).value
    0.6666666666666666
    >>> found = ks([1.0, 2.0, 3.0], [2.5, 9.0])
    >>> round(found.value, 4), round(found.p_value, 4)
    (0.6667, 0.6)
    """
    if isinstance(reference, NumericSummary) and isinstance(current, NumericSummary):
        return _of_summaries(reference, current)
    return ks_of(Pair.of(reference, current))


def ks_of(pair: Pair) -> DriftStatistic:
    """Like :func:`ks`, of a pair."""
    if not pair.raw:
        ours, theirs = pair.summaries
        if isinstance(ours, NumericSummary) and isinstance(theirs, NumericSummary):
            return _of_summaries(ours, theirs)
    return _of_steps(pair.steps)


def _of_steps(steps: Steps) -> DriftStatistic:
    n, m = steps.n, steps.m
    if not n or not m:
        return DriftStatistic("ks", None)
    value = float(np.abs(steps.differences).max())
    if n + m <= EXACT_ROWS:
        return DriftStatistic("ks", value, p_value=kolmogorov_smirnov_permutations(value, steps))
    return DriftStatistic("ks", value, p_value=smirnov_tail(value, n, m))


def _of_summaries(reference: NumericSummary, current: NumericSummary) -> DriftStatistic:
    if reference.cells.digest != current.cells.digest:
        raise InvalidInput("the two were counted in different cells; profile both under one reference")
    n, m = reference.n, current.n
    if not n or not m:
        return DriftStatistic("ks", None)
    ours, theirs = np.cumsum(reference.counts) / n, np.cumsum(current.counts) / m
    value = float(np.abs(ours - theirs).max())
    # Inside an open interval each function may be anywhere between its ends.
    before, before_theirs = ours - reference.counts / n, theirs - current.counts / m
    inside = np.maximum(ours - before_theirs, theirs - before)[0::2]
    # Where one of the two has nothing in the interval, the ends say it all.
    both = (reference.counts[0::2] > 0) & (current.counts[0::2] > 0)
    bound = max(float(inside[both].max()) - value, 0.0) if both.any() else 0.0
    return DriftStatistic("ks", value, bound, smirnov_tail(value, n, m))
