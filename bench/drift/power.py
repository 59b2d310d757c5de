"""Whether a case can be judged at all: the power of the best possible test.

No test of a given level finds a change more often than the likelihood-ratio test, which knows both laws
(Neyman and
Pearson 1933). A small change is one that this oracle finds in at least 99 of 100 cases at a level of one in a
thousand, which leaves room for the other columns of the frame. The reference is a sample too; the oracle is
given the
effective number of rows of two samples, n·m / (n + m), although it would not need the reference.
"""

from __future__ import annotations

import numpy as np

LEVEL = 1e-3
LEAST = 0.99


def effective_rows(window: float, reference: float) -> float:
    """Rows that a two-sample comparison of these sizes is worth."""
    return window * reference / (window + reference)


def autocorrelated_rows(rows: float, coefficient: float) -> float:
    """Independent rows that the mean of so many rows of an AR(1) is worth."""
    return rows * (1 - coefficient) / (1 + coefficient)


def power(ratios: np.ndarray, rows: float, *, level: float = LEVEL, samples: int = 1_000) -> float:
    """A lower bound of the power of the likelihood-ratio test on so many independent rows.

    The bound is that of the test which alarms when the likelihood ratio reaches 1 / level. By Markov's
    inequality its
    false alarms are no more than `level`, whatever the laws.

    Parameters
    ----------
    ratios : array
        Logarithms of the ratio of the density after to that before, at many draws from the law after.
        Infinite where
        a row is possible after the change only.
    rows : float
        Rows of the window.
    level : float
        Probability of a false alarm.
    samples : int
        Windows that are resampled from the draws.

    Returns
    -------
    float
        In [0, 1].
    """
    rng = np.random.default_rng(0)
    count = max(1, int(rows))
    sums = np.array([ratios[rng.integers(0, len(ratios), count)].sum() for _ in range(samples)])
    return float((sums >= -np.log(level)).mean())
