"""Many tests at once: the false discovery rate.

References
----------
.. [1] Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", J. Royal Statistical Society B 57
   (1995).
.. [2] Y. Benjamini, D. Yekutieli, "The control of the false discovery rate in multiple testing under
   dependency", Annals of Statistics 29 (2001).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.codec import Floats

__all__ = ["adjusted"]


def adjusted(p_values: npt.ArrayLike) -> Floats:
    """Adjust p-values for their number, after Benjamini and Hochberg [1]_.

    Rejecting where the adjusted value is at most alpha keeps the false discovery rate at alpha for
    independent and for positively dependent tests [2]_; where nothing has changed at all, it keeps the
    probability of any alarm at alpha.

    Parameters
    ----------
    p_values : float64[tests]; NaN for a test that could not be made, which stays NaN and does not count.

    Raises
    ------
    InvalidInput
        Where a p-value is not within 0 and 1.

    Examples
    --------
    >>> adjusted([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    given = np.asarray(p_values, dtype=np.float64)
    made = ~np.isnan(given)
    p = given[made]
    if ((p < 0) | (p > 1)).any():
        raise InvalidInput(f"p-values lie between 0 and 1; got {p[(p < 0) | (p > 1)][0]}")
    order = np.argsort(p)
    ranked = p[order] * p.size / np.arange(1, p.size + 1)
    lowest = np.minimum.accumulate(ranked[::-1])[::-1]
    found = np.full(given.shape, np.nan)
    back = np.empty(p.size)
    back[order] = np.minimum(lowest, 1.0)
    found[made] = back
    return found
