"""Probability of a Kolmogorov-Smirnov distance between two samples of one distribution without ties.

References
----------
.. [1] N. Smirnov, "On the estimation of the discrepancy between empirical curves of distribution for two
   independent samples", Bulletin Mathématique de l'Université de Moscou 2 (1939).
.. [2] M. Stephens, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without extensive
   tables", Journal of the Royal Statistical Society B 32 (1970).
"""

from __future__ import annotations

import math

from scipy.special import kolmogorov

__all__ = ["smirnov_tail"]


def smirnov_tail(value: float, n: int, m: int) -> float:
    """Probability of a distance of at least `value` between samples of `n` and `m` rows (each from 1).

    Smirnov's limit law [1]_ at Stephens's argument for finite samples [2]_. The distance of two samples is a
    multiple of one over the least common multiple of `n` and `m`; a third of that step is taken off the
    value, which brings the probability of these multiples within a tenth of the exact one for
    probabilities above 0.0005 and samples from 30 rows on.

    >>> round(smirnov_tail(0.12, 300, 200), 3)
    0.06
    """
    if value <= 0:
        return 1.0
    root = math.sqrt(n / (n + m) * m)
    step = math.gcd(n, m) / n / m
    argument = max(value - step / 3, 0.0) * (root + 0.12 + 0.11 / root)
    return min(max(float(kolmogorov(argument)), 0.0), 1.0)
