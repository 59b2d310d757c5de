"""Rounding: the current values have fewer decimals than those of the reference.

References
----------
.. [1] J. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3 (1958).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assay.stats.drift.ks import EXACT_ROWS
from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.permutations import kolmogorov_smirnov_permutations
from assay.stats.drift.result import DriftStatistic
from assay.stats.drift.steps import Steps
from assay.stats.summaries.codec import Floats, Ints

__all__ = ["DECIMALS", "MAX_ROWS", "Rounding", "find_rounding", "rounding", "rounding_of"]

DECIMALS = range(-3, 10)
"""Decimals told apart: -3 are whole thousands, 9 billionths."""

MAX_ROWS = 20_000
"""Of more rows, this many are looked at, at equal distances in the order of the values."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """Where two samples differ most in how far their values are rounded.

    Attributes
    ----------
    decimals : a number of decimals; negative ones are zeros before the point.
    reference, current : share of rows with no more decimals than that.
    """

    decimals: int
    reference: float
    current: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


def rounding(reference: Side, current: Side) -> DriftStatistic:
    """Largest excess, over numbers of decimals, of the current share of rows with no more decimals.

    From 0 (no coarser than the reference) to 1. A value has d decimals where rounding to d gives the
    value itself, from whole thousands to billionths; columns that are all floats of 32 bits are
    compared as such. Infinite values are left out, as missing ones are.

    The p-value is the one-sided one of Smirnov's test on the numbers of decimals, for independent rows: exact
    up to 200 rows, then Hodges's [1]_, too large, never too small, since many rows have the same number. At
    most `MAX_ROWS` rows of either side are looked at.

    Returns
    -------
    DriftStatistic
        Named ``rounding``. None as value where one side has no finite value, and where either is a summary:
        cells do not tell how values were written.

    Raises
    ------
    InvalidInput
        As :meth:`assay.stats.drift.pair.Pair.of`, and where a side holds texts.

    Examples
    --------
    >>> rounding([0.25, 0.5, 1.75, 3.125], [1.0, 2.0, 0.0, 3.0]).value
    1.0
    """
    return rounding_of(Pair.of(reference, current))


def rounding_of(pair: Pair, found: Rounding | None = None) -> DriftStatistic:
    """Like :func:`rounding`, of a pair; `found` is what :func:`find_rounding` says of it, where known."""
    found = found or find_rounding(pair)
    if found is None:
        return DriftStatistic("rounding", None)
    value = max(found.current - found.reference, 0.0)
    n, m = (min(rows, MAX_ROWS) for rows in (pair.steps.n, pair.steps.m))
    if n + m <= EXACT_ROWS:
        steps = _decimals(pair)
        return DriftStatistic(
            "rounding", value, p_value=kolmogorov_smirnov_permutations(value, steps, excess=True)
        )
    # Hodges's refinement of exp(-2 z²), for the larger sample first.
    n, m = max(n, m), min(n, m)
    z = math.sqrt(n / (n + m) * m) * value
    exponent = -2 * z * z - 2 / 3 * z * (n + 2 * m) / math.sqrt(n * m * (n + m))
    return DriftStatistic("rounding", value, p_value=min(math.exp(exponent), 1.0))


def find_rounding(pair: Pair) -> Rounding | None:
    """Return the number of decimals at which the current values are coarser by most; None without raw values.

    >>> find_rounding(Pair.of([0.25, 0.5, 1.75, 3.125], [1.0, 2.0, 0.0, 3.0]))
    Rounding(decimals=0, reference=0.0, current=1.0)
    """
    if pair.kind == "numeric" and not pair.raw:
        return None
    steps = pair.steps
    if not steps.n or not steps.m:
        return None
    ours, theirs = _shares(steps.low, steps.reference), _shares(steps.low, steps.current)
    place = int(np.argmax(theirs - ours))
    return Rounding(DECIMALS[place], float(ours[place]), float(theirs[place]))


def _decimals(pair: Pair) -> Steps:
    """Return both samples' numbers of decimals, the most for values with more than are told apart."""
    counts = []
    for side in (pair.steps.reference, pair.steps.current):
        upto = np.append(_shares(pair.steps.low, side), 1.0) * int(side.sum())
        counts.append(np.diff(np.rint(upto).astype(np.int64), prepend=0))
    decimals = np.arange(len(counts[0]), dtype=np.float64)
    filled = counts[0] + counts[1] > 0
    places = decimals[filled]
    return Steps(places, places, counts[0][filled], counts[1][filled], np.zeros(places.size, dtype=np.bool_))


def _shares(places: Floats, counts: Ints) -> Floats:
    """Share of the rows with at most each number of decimals."""
    upto = np.cumsum(counts)
    n = int(upto[-1])
    ranks = np.arange(n) if n <= MAX_ROWS else np.linspace(0, n - 1, MAX_ROWS).astype(np.int64)
    values = places[np.searchsorted(upto, ranks, side="right")]
    with np.errstate(over="ignore", invalid="ignore"):
        short = values.astype(np.float32)
        narrow = bool((short == values).all())
        found = []
        for decimals in DECIMALS:
            rounded = np.round(values, decimals)
            same = rounded.astype(np.float32) == short if narrow else rounded == values
            found.append(float(np.count_nonzero(same)) / values.size)
    return np.maximum.accumulate(np.array(found))
