"""Few groups in place of many steps, where only the ties among them shape a law.

The law of a statistic of squared differences depends on how much of the data is tied. Values that hold much
of it are kept apart; between them, steps are put together, which moves the law's small weights only.
"""

from __future__ import annotations

import numpy as np

from assay.stats.drift.steps import Steps
from assay.stats.summaries.codec import Floats

__all__ = ["ATOM", "coarse_groups", "is_continuous"]

ATOM = 0.02
"""A value with a smaller share of the rows counts as one of a continuous distribution."""

_GROUPS = 40


def is_continuous(steps: Steps) -> bool:
    """Whether no value is tied, or none holds so much that ties matter to the law."""
    return int(steps.rows.max()) == 1 or float(steps.shares.max()) < ATOM


def coarse_groups(shares: Floats) -> Floats:
    """Return the shares of at most some ninety groups of neighbouring steps, those from `ATOM` on alone.

    >>> coarse_groups(np.array([0.5, 0.25, 0.25])).tolist()
    [0.5, 0.25, 0.25]
    """
    if shares.size <= _GROUPS:
        return shares
    upto = np.cumsum(shares)
    place = np.minimum(((upto - shares / 2) * _GROUPS).astype(np.int64), _GROUPS - 1)
    large = shares >= ATOM
    starts = np.diff(place, prepend=-1) != 0
    starts |= large
    starts[1:] |= large[:-1]
    return np.add.reduceat(shares, np.flatnonzero(starts))
