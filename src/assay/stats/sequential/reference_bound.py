"""An upper bound on the mean of bounded values, from a sample of fixed size.

References
----------
.. [1] C. Clopper, E. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
   binomial", Biometrika 26 (1934).
.. [2] W. Hoeffding, "Probability inequalities for sums of bounded random variables", Journal of the American
   Statistical Association 58 (1963), theorem 1.
.. [3] A. Maurer, M. Pontil, "Empirical Bernstein bounds and sample variance penalization", COLT (2009),
   theorem 4.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import betaincinv, rel_entr

__all__ = ["reference_bound"]


def reference_bound(values: npt.NDArray[np.float64], *, alpha: float) -> float:
    """Bound the mean that independent values in [0, 1] come from, too low with probability `alpha` at most.

    Of ones and zeros it is Clopper and Pearson's exact bound [1]_. Of other values it is the lower of
    Chernoff's [2]_ and the empirical Bernstein bound [3]_, with half of `alpha` each: the second is the
    better one where values vary little.

    Parameters
    ----------
    values : shape (n,), n at least 1, without NaN.

    Examples
    --------
    >>> round(reference_bound(np.array([0.0, 1.0, 0.0, 0.0, 0.0]), alpha=0.05), 4)
    0.6574
    """
    n, total = values.size, float(values.sum())
    if np.isin(values, (0.0, 1.0)).all():
        return 1.0 if total == n else float(betaincinv(total + 1, n - total, 1 - alpha))
    mean, allowed = total / n, math.log(2 / alpha) / n

    def beyond(bound: float) -> float:
        return float(rel_entr(mean, bound) + rel_entr(1 - mean, 1 - bound)) - allowed

    chernoff = float(brentq(beyond, mean, 1 - 1e-15)) if beyond(1 - 1e-15) > 0 else 1.0
    if n < 2:
        return chernoff
    deviation = math.sqrt(2 * float(values.var(ddof=1)) * math.log(4 / alpha) / n)
    bernstein = mean + deviation + 7 * math.log(4 / alpha) / (3 * (n - 1))
    return min(chernoff, bernstein, 1.0)
