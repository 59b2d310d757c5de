"""Every drift statistic's definition: formula, bound, p-value, ties, zeros, few rows, source, for the docs.

The functions beside this module compute them; tests hold the two against one another.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from assay.stats.drift.bins import BINS, MAX_BINS

__all__ = ["DEFINITIONS", "NOTATION", "Definition"]

NOTATION = (
    "F and G are the distribution functions of the reference and the window, n and m their numbers of rows, "
    f"N = n + m. p_b and q_b are the shares of bin b in the reference and in the window. Bins of a numeric "
    f"feature are at most {BINS}, with about equal shares of the reference; where the reference has at most "
    f"{BINS} distinct values, each is a bin of its own, and all other values are one more. Bins of a "
    f"categorical feature are the {MAX_BINS - 1} categories most frequent in both together, one by one, and "
    f"all "
    "others together. Infinite values are left out, as missing ones are."
)
"""What the letters of the formulas mean."""


@dataclass(frozen=True, slots=True)
class Definition:
    """How a statistic is computed, in words that can be printed.

    Attributes
    ----------
    formula : as text; the letters are those of :data:`NOTATION`.
    bound : how far the value of summaries can be from that of the raw rows; empty: it is the same.
    p_value : its law without change; empty: it has none.
    ties : what equal values do; empty: nothing.
    zeros : what bins without a row on one side do; empty: nothing.
    few : where the value is None, and what few rows do.
    note : what else is to be known; may be empty.
    source : where the method comes from; may be empty.
    """

    formula: str
    few: str
    bound: str = ""
    p_value: str = ""
    ties: str = ""
    zeros: str = ""
    note: str = ""
    source: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


_EMPTY = "None where one side has no value"

_DIVERGENCE = (
    "gamma law with the mean and variance that its terms have, near χ² with one degree of freedom less than "
    "there are filled bins, for {scale}; None where a filled bin expects fewer than ten rows of either side"
)
_SMOOTHED = "half a row is added to each bin of each side"
_FINITE = "finite as they are"
_BETWEEN = "whatever the order of the rows inside open cells can change"
_COCHRAN = "bins with fewer than five expected rows are put together"

DEFINITIONS: dict[str, Definition] = {
    "ks": Definition(
        formula="max over x of abs(F(x) - G(x))",
        few=f"{_EMPTY}; one row is enough",
        bound="the raw rows' value is larger by at most the largest reference mass between two points of its "
        "cells, about 0.001; 0.0 where the reference has at most 1,000 distinct values",
        p_value="raw and N ≤ 200: exact, over all permutations; else Smirnov's limit law at Stephens's "
        "argument",
        ties="exact permutations keep them; elsewhere the p-value is too large, never too small",
        note="as `scipy.stats.ks_2samp`",
        source="J. Hodges, Arkiv för Matematik 3 (1958); G. Schröer and D. Trenkler, Computational "
        "Statistics "
        "and Data Analysis 20 (1995); M. Stephens, JRSS B 32 (1970)",
    ),
    "cramer_von_mises": Definition(
        formula="n m / N² Σ ((F - G)² before + (F - G)² after) / 2, over the values of the N rows",
        few=f"{_EMPTY}; one row is enough",
        bound=_BETWEEN,
        p_value="n m ≤ 200: exact, over all permutations; else the limit law scaled to the exact mean and "
        "variance",
        ties="part of the definition; where one value has over 2% of the rows, the p-value is that of the "
        "same "
        "quadratic form with these ties",
        note="1/6 is expected without change. As `scipy.stats.cramervonmises_2samp` without ties, and with "
        "ties "
        "of samples of equal size; of different sizes SciPy's midranks count the ties themselves as change",
        source="T. Anderson, Annals of Mathematical Statistics 33 (1962)",
    ),
    "anderson_darling": Definition(
        formula="(A² - 1) / σ, A² = (N - 1) n m / N² Σ (F - G)² / (H (1 - H) - h / 4) over the values of "
        "the N rows",
        few="None where one side has no value, or both together fewer than four",
        bound=_BETWEEN,
        p_value="at most 5,000 permutations: exact; else the limit law Σ Z_j² / (j (j + 1)) at 1 + 0.761 "
        "value",
        ties="F, G and H, the distribution function of both together, are taken in the middle of a step of "
        "size h; "
        "where one value has over 2% of the rows, the p-value is that of the same quadratic form with these "
        "ties",
        note="σ is A²'s standard deviation without ties. 0 is expected without change. As "
        '`scipy.stats.anderson_ksamp(variant="midrank")`',
        source="A. Pettitt, Biometrika 63 (1976); F. Scholz and M. Stephens, JASA 82 (1987)",
    ),
    "wasserstein": Definition(
        formula="∫ abs(F(x) - G(x)) dx",
        few=f"{_EMPTY}, or it is beyond the floats; one row is enough",
        bound="whatever the rows inside open cells can change",
        note="never less than the difference of the means. As `scipy.stats.wasserstein_distance`",
        source="S. Vallender, Theory of Probability and its Applications 18 (1974)",
    ),
    "wasserstein_normed": Definition(
        formula="wasserstein / σ, σ the reference's standard deviation with divisor n",
        few="as wasserstein; None where the reference is constant and the distance is not 0",
        bound="that of wasserstein / σ",
    ),
    "psi": Definition(
        formula="Σ_b (q_b - p_b) ln(q_b / p_b)",
        few=_EMPTY,
        p_value=_DIVERGENCE.format(scale="n m / N times the value"),
        zeros=_SMOOTHED,
        note="without any change its mean is about (bins - 1) (1/n + 1/m): small windows look like drift. By "
        "custom 0.1 is worth a look, 0.2 large",
        source="B. Yurdakul and J. Naranjo, Journal of Risk Model Validation 14 (2020)",
    ),
    "kullback_leibler": Definition(
        formula="Σ_b q_b ln(q_b / p_b)",
        few=_EMPTY,
        p_value=_DIVERGENCE.format(scale="2 n m / N times the value"),
        zeros=_SMOOTHED,
        note="not symmetric; psi is the sum of both directions",
        source="S. Kullback and R. Leibler, Annals of Mathematical Statistics 22 (1951)",
    ),
    "jensen_shannon": Definition(
        formula="√(½ Σ_b (p_b log₂(p_b / r_b) + q_b log₂(q_b / r_b))), r_b = (p_b + q_b) / 2",
        few=_EMPTY,
        p_value=_DIVERGENCE.format(scale="8 ln(2) n m / N times the squared value"),
        zeros=_FINITE,
        note="0: the same shares; 1: nothing in common. As `scipy.spatial.distance.jensenshannon` with base "
        "2",
        source="J. Lin, IEEE Transactions on Information Theory 37 (1991); D. Endres and J. Schindelin, the "
        "same 49 (2003)",
    ),
    "hellinger": Definition(
        formula="√(½ Σ_b (√p_b - √q_b)²)",
        few=f"{_EMPTY}; its p-value asks for fifteen rows",
        p_value=_DIVERGENCE.format(scale="8 n m / N times the squared value"),
        zeros=_FINITE,
        source="E. Hellinger, Journal für die reine und angewandte Mathematik 136 (1909)",
    ),
    "total_variation": Definition(formula="½ Σ_b abs(p_b - q_b)", few=_EMPTY, zeros=_FINITE),
    "l_infinity": Definition(formula="max over b of abs(p_b - q_b)", few=_EMPTY, zeros=_FINITE),
    "chi_square": Definition(
        formula="Σ (counted - expected)² / expected, over the two samples and the bins",
        few=f"{_EMPTY}; {_COCHRAN}; 0 with p-value 1 where one bin remains",
        p_value="gamma law with the mean and variance that its terms have, near χ² with one degree of "
        "freedom less than there are bins; no continuity correction",
        zeros=_COCHRAN,
        note="both sides are samples: the reference's shares are not taken for the truth",
        source="W. Cochran, Biometrics 10 (1954)",
    ),
    "g_test": Definition(
        formula="2 Σ counted ln(counted / expected), over the two samples and the bins",
        few=f"{_EMPTY}; {_COCHRAN}; 0 with p-value 1 where one bin remains",
        p_value="gamma law with the mean and variance that its terms have, near χ² with one degree of "
        "freedom less than there are bins; no continuity correction",
        zeros=_COCHRAN,
        note="both sides are samples",
        source="S. Wilks, Annals of Mathematical Statistics 6 (1935)",
    ),
    "missing_share": Definition(
        formula="share of the window's rows without a value − that of the reference; NaN counts as none",
        few="None where one side has no rows",
        p_value="two-sided, of the pooled test of two proportions; Fisher's exact one where fewer than five "
        "rows are expected",
        source="W. Cochran, Biometrics 10 (1954)",
    ),
    "new_category_share": Definition(
        formula="share of the window's rows with a category that the reference does not name − that of the "
        "reference",
        few=_EMPTY,
        p_value="one-sided, Fisher's exact one, against the share of the reference's rows whose category "
        "occurs "
        "there only once: these would be new to the others. Up to about as many rows as the reference has",
        note="a reference names its 1,000 most frequent categories; of raw rows all of them",
        source="I. Good, Biometrika 40 (1953)",
    ),
    "dead_column": Definition(
        formula="1 where all values of the window are one and the same, and those of the reference are not; "
        "else 0",
        few="None where the reference has no value or the window fewer than two",
        p_value="exact: share of all permutations of the rows that give the window none but this value; too "
        "large, never too small, where a cell holds other values too",
    ),
    "unit_change": Definition(
        formula="1 - (ks after the map) / (ks before), for the map x → scale x + offset that explains most; "
        "0 without one",
        few="None where one side has no value",
        note="a map is accepted where ks was at least 0.1, and is at most 0.05 (or what chance explains) "
        "and at "
        "most a third afterwards. Tried are known conversions and the line through the percentiles; the "
        "latter must scale by two or more either way. Of a summary with much of the window in one "
        "open cell, known conversions are held against the moments",
    ),
    "rounding": Definition(
        formula="max over d of (share of the window's values with at most d decimals − that of the "
        "reference), d from -3 to 9",
        few="None where one side has no value, and of summaries: cells do not tell how values were written",
        p_value="one-sided, Smirnov's: exact where N ≤ 200; else too large, never too small",
        note="of more than 20,000 rows, so many at equal distances in the order of the values",
        source="J. Hodges, Arkiv för Matematik 3 (1958)",
    ),
}
"""Every statistic's definition, in the order of :data:`assay.stats.drift.registry.STATISTICS`."""
