"""The statistics of drift there are: names, kinds of features, ranges, how each is computed from a pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from assay.errors import InvalidInput
from assay.stats.drift.anderson_darling import anderson_darling_of
from assay.stats.drift.chi_square import chi_square, chi_square_cell, pooled_table
from assay.stats.drift.cramer_von_mises import cramer_von_mises_of
from assay.stats.drift.dead_column import dead_column_of
from assay.stats.drift.divergence_law import Cell, divergence_p_value, gamma_tail
from assay.stats.drift.g_test import g_test, g_test_cell
from assay.stats.drift.hellinger import hellinger
from assay.stats.drift.jensen_shannon import jensen_shannon_cell, jensen_shannon_distance
from assay.stats.drift.ks import ks_of
from assay.stats.drift.kullback_leibler import kullback_leibler
from assay.stats.drift.l_infinity import l_infinity
from assay.stats.drift.missing_share import missing_share_of
from assay.stats.drift.new_category_share import new_category_share_of
from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.psi import psi, psi_cell
from assay.stats.drift.result import DriftStatistic
from assay.stats.drift.rounding import rounding_of
from assay.stats.drift.total_variation import total_variation
from assay.stats.drift.unit_change import unit_change_of
from assay.stats.drift.wasserstein import wasserstein_normed_of, wasserstein_of
from assay.stats.summaries.codec import Ints
from assay.stats.summaries.column import FeatureKind

__all__ = ["STATISTICS", "StatisticInfo", "compare"]


@dataclass(frozen=True, slots=True)
class StatisticInfo:
    """What a statistic's name means. Calling it computes it: ``STATISTICS["ks"](reference, current)``.

    Attributes
    ----------
    name : the name, of the statistic and of its result.
    kinds : kinds of features that it is for.
    description : one sentence.
    of : computes it from a pair.
    least, most : ends of its range; None: without end. More change is a larger value; where `signed`, one
        farther from 0.
    unit : what it is measured in; empty: a pure number.
    tested : whether it has a p-value.
    grows : whether it grows with the number of rows however small the change: such a value is evidence, not
        the size of the change.
    raw_only : whether it needs raw values on both sides; of summaries its value is None.
    signed : whether the value's sign says in which direction the change is.
    """

    name: str
    kinds: tuple[FeatureKind, ...]
    description: str
    of: Callable[[Pair], DriftStatistic]
    least: float | None = 0.0
    most: float | None = None
    unit: str = ""
    tested: bool = True
    grows: bool = False
    raw_only: bool = False
    signed: bool = False

    def __call__(self, reference: Side, current: Side) -> DriftStatistic:
        """Compute it of two sides, see :meth:`assay.stats.drift.pair.Pair.of`."""
        return compare(Pair.of(reference, current), [self.name])[self.name]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        plain = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "of"}
        return plain | {"kinds": list(self.kinds)}


def _binned(compute: Callable[[Ints, Ints], DriftStatistic]) -> Callable[[Pair], DriftStatistic]:
    return lambda pair: compute(*pair.bins)


def _psi(pair: Pair) -> DriftStatistic:
    found = psi(*pair.bins)
    if found.value is None:
        return found
    value = found.value * _rows(pair)
    return replace(found, p_value=divergence_p_value(value, psi_cell, *pair.bins, cut=pair.cut))


def _jensen_shannon(pair: Pair) -> DriftStatistic:
    found = jensen_shannon_distance(*pair.bins)
    if found.value is None:
        return found
    value = 8 * math.log(2) * found.value**2 * _rows(pair)
    return replace(found, p_value=divergence_p_value(value, jensen_shannon_cell, *pair.bins, cut=pair.cut))


def _table(compute: Callable[..., DriftStatistic], cell: Cell) -> Callable[[Pair], DriftStatistic]:
    """Of a table; the p-value knows how the bins came about, and that rows in them may be few."""

    def of(pair: Pair) -> DriftStatistic:
        found = compute(*pair.bins, cut=pair.cut)
        if not found.value:
            return found
        table = pooled_table(*pair.bins, cut=pair.cut)
        p_value = gamma_tail(found.value, cell, *table, bins=table.shape[1], cut=pair.cut)
        return replace(found, p_value=p_value)

    return of


def _rows(pair: Pair) -> float:
    """Rows that a divergence is multiplied with: half of the harmonic mean of both numbers."""
    n, m = (int(side.sum()) for side in pair.bins)
    return n / (n + m) * m


_NUMBERS: tuple[FeatureKind, ...] = ("numeric",)
_CATEGORIES: tuple[FeatureKind, ...] = ("categorical",)
_ALL: tuple[FeatureKind, ...] = ("numeric", "categorical")

STATISTICS: dict[str, StatisticInfo] = {
    info.name: info
    for info in (
        StatisticInfo(
            "ks", _NUMBERS, "Kolmogorov-Smirnov: largest distance of the two distribution functions.",
            ks_of, most=1.0,
        ),
        StatisticInfo(
            "cramer_von_mises", _NUMBERS, "Cramér-von Mises: mean squared distance of the two distribution "
            "functions.",
            lambda pair: cramer_von_mises_of(pair.steps), grows=True,
        ),
        StatisticInfo(
            "anderson_darling", _NUMBERS, "Anderson-Darling: the same, each place in units of its own "
            "chance, so that tails count.",
            lambda pair: anderson_darling_of(pair.steps), least=None, grows=True,
        ),
        StatisticInfo(
            "wasserstein", _NUMBERS, "Wasserstein: how far rows have to move, on average.",
            wasserstein_of, unit="the feature's", tested=False,
        ),
        StatisticInfo(
            "wasserstein_normed", _NUMBERS, "The same in standard deviations of the reference.",
            wasserstein_normed_of, unit="standard deviations", tested=False,
        ),
        StatisticInfo("psi", _ALL, "Population stability index.", _psi, unit="nats"),
        StatisticInfo(
            "kullback_leibler", _ALL, "Kullback-Leibler divergence of the current shares from the "
            "reference's.",
            lambda pair: kullback_leibler(*pair.bins, cut=pair.cut), unit="nats",
        ),
        StatisticInfo("jensen_shannon", _ALL, "Jensen-Shannon distance, base 2.", _jensen_shannon, most=1.0),
        StatisticInfo(
            "hellinger", _ALL, "Hellinger distance.", lambda pair: hellinger(*pair.bins, cut=pair.cut),
            most=1.0),
        StatisticInfo(
            "total_variation", _ALL, "Share of rows that would have to change their bin.",
            _binned(total_variation), most=1.0, tested=False,
        ),
        StatisticInfo(
            "l_infinity", _ALL, "Largest change of any bin's share.",
            _binned(l_infinity), most=1.0, tested=False,
        ),
        StatisticInfo(
            "chi_square", _ALL, "Pearson's statistic of the two samples' counts by bin.",
            _table(chi_square, chi_square_cell), grows=True,
        ),
        StatisticInfo(
            "g_test", _ALL, "Likelihood ratio of the two samples' counts by bin.",
            _table(g_test, g_test_cell), grows=True,
        ),
        StatisticInfo(
            "missing_share", _ALL, "Change in the share of rows without a value.",
            missing_share_of, least=-1.0, most=1.0, signed=True,
        ),
        StatisticInfo(
            "new_category_share", _CATEGORIES, "Share of rows with a category that the reference does not "
            "have.",
            new_category_share_of, least=-1.0, most=1.0, signed=True,
        ),
        StatisticInfo(
            "dead_column", _ALL, "1 where only one value is left of several.", dead_column_of, most=1.0
        ),
        StatisticInfo(
            "unit_change", _NUMBERS, "Share of the change that an affine map, such as a change of unit, "
            "explains.",
            unit_change_of, most=1.0, tested=False,
        ),
        StatisticInfo(
            "rounding", _NUMBERS, "Excess of values with fewer decimals.", rounding_of, most=1.0,
            raw_only=True,
        ),
    )
}  # fmt: skip
"""Every statistic by name."""


def compare(pair: Pair, names: Iterable[str] | None = None) -> dict[str, DriftStatistic]:
    """Compute several statistics of one pair, what they share only once.

    Parameters
    ----------
    pair : the two sides.
    names : which, in order; None: all that are for features of the pair's kind.

    Raises
    ------
    InvalidInput
        Where a name is unknown, or not for features of this kind.

    Examples
    --------
    >>> found = compare(Pair.of([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]), ["ks", "wasserstein"])
    >>> {name: round(one.value, 3) for name, one in found.items()}
    {'ks': 0.333, 'wasserstein': 1.0}
    """
    if names is None:
        names = [info.name for info in STATISTICS.values() if pair.kind in info.kinds]
    found = {}
    for name in names:
        info = STATISTICS.get(name)
        if info is None:
            raise InvalidInput(f"there is no statistic {name!r:.80}; there are {', '.join(STATISTICS)}")
        if pair.kind not in info.kinds and pair.valueless:
            found[name] = DriftStatistic(name, None)
            continue
        if pair.kind not in info.kinds:
            raise InvalidInput(f"{name} is for {info.kinds[0]} features, and this one is {pair.kind}")
        found[name] = info.of(pair)
    return found
