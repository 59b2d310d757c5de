"""All figures of drift of one feature."""

from __future__ import annotations

from assay.errors import InvalidInput
from assay.stats.drift.bins import quantile_bins
from assay.stats.drift.chi_square import chi_square
from assay.stats.drift.jensen_shannon import jensen_shannon_distance
from assay.stats.drift.ks import ks
from assay.stats.drift.missing_share import missing_share
from assay.stats.drift.pooled_categories import pooled_category_bins
from assay.stats.drift.psi import psi
from assay.stats.drift.result import FeatureDrift
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["feature_drift"]


def feature_drift(
    reference: NumericSummary | CategoricalSummary,
    current: NumericSummary | CategoricalSummary,
    *,
    feature: str = "",
) -> FeatureDrift:
    """Compare a feature's current values with the reference's.

    Numeric features get ``ks``, ``psi``, ``jensen_shannon`` (the distance, base 2) and ``missing_share``;
    categorical ones ``chi_square`` in place of ``ks``. PSI and Jensen-Shannon of numeric features are taken
    over at most ten quantile bins of the reference, see :mod:`assay.stats.drift.bins`.

    Parameters
    ----------
    reference, current : summaries under the same cells or categories.
    feature : its name, passed on.

    Raises
    ------
    InvalidInput
        Where the two are of different kinds or under different cells.
    """
    missing = missing_share(reference, current)
    if isinstance(reference, NumericSummary) and isinstance(current, NumericSummary):
        ours, theirs = quantile_bins(reference, current)
        first, kind = ks(reference, current), "numeric"
    elif isinstance(reference, CategoricalSummary) and isinstance(current, CategoricalSummary):
        ours, theirs = pooled_category_bins(reference, current)
        first, kind = chi_square(ours, theirs), "categorical"
    else:
        raise InvalidInput(f"feature {feature!r:.80} is numeric on one side and categorical on the other")
    figures = (first, psi(ours, theirs), jensen_shannon_distance(ours, theirs), missing)
    return FeatureDrift(feature, kind, reference.n, current.n, {one.name: one for one in figures})
