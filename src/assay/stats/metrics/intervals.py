"""Confidence intervals of proportions and means.

References
----------
.. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
"""

from __future__ import annotations

import math

from scipy.special import stdtrit

__all__ = ["Interval", "Z", "mean_interval", "wilson"]

Interval = tuple[float | None, float | None]

Z = 1.959963984540054
"""Normal quantile of a two-sided 95% interval."""


def wilson(hits: float, n: float) -> Interval:
    """Return Wilson's 95% interval of a proportion of `hits` among `n`; (None, None) where n is 0 [1]_.

    >>> [round(end, 4) for end in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    if n <= 0:
        return None, None
    share, spread = hits / n, Z * Z / n
    centre = (share + spread / 2) / (1 + spread)
    half = math.sqrt(max(share * (1 - share), 0.0) * spread + spread * spread / 4) / (1 + spread)
    # At the ends the formula gives 0 and 1 only up to rounding.
    low = 0.0 if hits <= 0 else max(centre - half, 0.0)
    return low, 1.0 if hits >= n else min(centre + half, 1.0)


def mean_interval(total: float, total_of_squares: float, n: int, *, low: float = -math.inf) -> Interval:
    """95% interval of a mean, by Student's t on its standard error.

    Parameters
    ----------
    total, total_of_squares : sums of the values and of their squares.
    n : number of values; with fewer than two, or sums beyond the floats, there is no interval.
    low : the smallest mean possible.

    Examples
    --------
    >>> [round(end, 3) for end in mean_interval(6.0, 14.0, 3)]
    [-0.484, 4.484]
    """
    if n < 2 or not (math.isfinite(total) and math.isfinite(total_of_squares)):
        return None, None
    mean = total / n
    variance = max(total_of_squares - total * mean, 0.0) / (n - 1)
    half = float(stdtrit(n - 1, 0.975)) * math.sqrt(variance / n)
    return max(mean - half, low), mean + half
