"""Chi-square law of divergences between the shares of two samples in common bins.

Where nothing has changed and rows are many, every smooth divergence of two samples' shares is a multiple of
the same quadratic form, which has the chi-square law with one degree of freedom less than there are bins.

References
----------
.. [1] I. Csiszár and P. Shields, "Information theory and statistics: a tutorial", Foundations and Trends in
   Communications and Information Theory 1 (2004), section 4.
.. [2] B. Yurdakul and J. Naranjo, "Statistical properties of the population stability index", Journal of
   Risk Model Validation 14 (2020).
"""

from __future__ import annotations

from scipy.special import chdtrc

from assay.stats.summaries.codec import Ints

__all__ = ["MIN_EXPECTED", "divergence_p_value"]

MIN_EXPECTED = 5.0
"""With fewer rows than this expected in any bin, on either side, the law does not hold."""


def divergence_p_value(value: float, scale: float, reference: Ints, current: Ints) -> float | None:
    """P-value of a divergence, for independent rows.

    Parameters
    ----------
    value : the divergence.
    scale : what it has to be multiplied with, beside ``n m / (n + m)``, to be Pearson's statistic to second
        order: 1 for PSI, 2 for Kullback-Leibler (nats), 8 for Jensen-Shannon (nats) and squared Hellinger.
    reference, current : counts in the same bins, n and m in all.

    Returns
    -------
    float or None
        Approximate: with ten bins and 300 against 200 rows, 6% of the values of Jensen-Shannon and Hellinger
        are below 0.05 without change, 4.5% of Kullback-Leibler's. None where a bin that any row is in expects
        fewer than `MIN_EXPECTED` rows of the smaller side: few rows, or rare categories. 1.0 where only one
        bin has rows.
    """
    n, m = int(reference.sum()), int(current.sum())
    both = reference + current
    both = both[both > 0]
    if both.size <= 1:
        return 1.0 if both.size and n and m else None
    if int(both.min()) * min(n, m) < MIN_EXPECTED * (n + m):
        return None
    return float(chdtrc(both.size - 1, max(scale * value * (n / (n + m) * m), 0.0)))
