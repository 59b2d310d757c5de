"""Where one value lies in a reference: its percentile, and how unusual it is.

A summary holds how many of the reference's n values lie at each of its points and between them. For a
value at a point, the numbers below and above are known exactly. For one in an open interval of the
points they are known but for the c values in that interval: its mid-distribution function

    F(x) = P(X < x) + P(X = x) / 2

lies in [b/n, (b + c)/n], where b values lie below the interval. The middle is given, off by at most
c / 2n. As long as all distinct values of the reference are points, c is 0. With 1,000 points at evenly
spaced ranks two neighbours are less than (n - 1)/999 + 1 ranks apart, so that c is at most (n - 1)/999 and
the bound below 1/1998, or 0.05 percentage points.

How unusual a value is, is told on one scale for all kinds of features: the share of the reference that is
at least as unusual. For numbers that is twice the smaller tail, both of which include the value itself (so
that the lowest value of a reference that has it often is not unusual), for categories the share of all
rows whose category is as rare or rarer. Of the reference's own values at most one in a hundred is below 1%,
whatever their distribution.

References
----------
.. [1] E. Parzen, "Quantile probability and statistical data modeling", Statistical Science 19(4), 2004,
   for the mid-distribution function.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.stats.summaries.bounded import shorten
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["CategoryPlace", "NumericPlace", "place_category", "place_number"]


@dataclass(frozen=True, slots=True)
class NumericPlace:
    """Where a number lies.

    Attributes
    ----------
    percentile : F(x), 0 to 1.
    bound : how far it can be off.
    rarity : the share of the reference at least as unusual, 0 to 1: an upper bound, off by no more than
        4 times `bound`.
    outside : whether it lies outside the reference's range.
    """

    percentile: float
    bound: float
    rarity: float
    outside: bool


@dataclass(frozen=True, slots=True)
class CategoryPlace:
    """Where a category lies.

    Attributes
    ----------
    share : its share of the reference's values; None where it is too rare to have been counted.
    rarity : the share of values whose category is as rare or rarer, 0 to 1; an upper bound where `share`
        is None.
    new : whether the reference surely does not hold it.
    """

    share: float | None
    rarity: float
    new: bool


def place_number(value: float, reference: NumericSummary) -> NumericPlace | None:
    """Place a number; infinite ones lie beyond all finite ones. None for NaN or a reference without numbers.

    Examples
    --------
    >>> from assay.stats.summaries.numeric import NumericSummary
    >>> reference = NumericSummary.learn([1.0, 2.0, 2.0, 3.0])
    >>> place_number(2.0, reference)
    NumericPlace(percentile=0.5, bound=0.0, rarity=1.0, outside=False)
    >>> place_number(9.0, reference).outside
    True
    """
    n = reference.n + reference.pos_inf + reference.neg_inf
    if not n or math.isnan(value):
        return None
    low, equal, inside = _counts_at(value, reference)
    percentile = (low + inside / 2 + equal / 2) / n
    at_most, at_least = low + inside + equal, n - low
    outside = not (equal or inside) and (low == 0 or low == n)
    if inside and not reference.min <= value <= reference.max:
        outside = True
    rarity = 0.0 if outside else min(1.0, 2 * min(at_most, at_least) / n)
    return NumericPlace(percentile, inside / 2 / n, rarity, outside)


def _counts_at(value: float, reference: NumericSummary) -> tuple[int, int, int]:
    """Return how many values lie surely below, how many are equal, and how many lie in the same interval."""
    if math.isinf(value):
        if value < 0:
            return 0, reference.neg_inf, 0
        return reference.neg_inf + reference.n, reference.pos_inf, 0
    points, counts = reference.cells.points, reference.counts
    place = int(np.searchsorted(points, value))
    hit = place < points.size and points[place] == value
    cell = 2 * place + 1 if hit else 2 * place
    below = reference.neg_inf + int(counts[:cell].sum())
    here = int(counts[cell])
    return (below, here, 0) if hit else (below, 0, here)


def place_category(value: str, reference: CategoricalSummary) -> CategoryPlace | None:
    """Place a category; None where the reference has no values.

    Examples
    --------
    >>> from assay.stats.summaries.categorical import CategoricalSummary, Categories
    >>> reference = CategoricalSummary.of(["a", "a", "a", "b"], Categories(("a", "b")))
    >>> place_category("b", reference)
    CategoryPlace(share=0.25, rarity=0.25, new=False)
    >>> place_category("z", reference)
    CategoryPlace(share=0.0, rarity=0.0, new=True)
    """
    n = reference.n
    if not n:
        return None
    name = shorten(value)
    place = reference.categories.index.get(name)
    count = int(reference.counts[place]) if place is not None else reference.new.get(name, 0)
    if not count:
        if not reference.other:
            return CategoryPlace(0.0, 0.0, new=True)
        # It may be among those that were counted without their names, each no more frequent than the named.
        return CategoryPlace(None, reference.unnamed / n, new=False)
    rarer = int(reference.counts[reference.counts <= count].sum())
    rarer += sum(other for other in reference.new.values() if other <= count) + reference.other
    return CategoryPlace(count / n, min(1.0, rarer / n), new=False)
