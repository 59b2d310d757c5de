"""Average run length of a CUSUM: how many values, in the mean, until it gives an alarm.

References
----------
.. [1] D. Brook, D. Evans, "An approach to the probability distribution of cusum run length", Biometrika 59
   (1972).
.. [2] E. Page, "Continuous inspection schemes", Biometrika 41 (1954).
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve, solve_banded
from scipy.optimize import brentq
from scipy.special import ndtr

from assay.errors import InvalidInput

__all__ = [
    "bernoulli_run_length",
    "bernoulli_step",
    "bernoulli_threshold",
    "normal_run_length",
    "normal_threshold",
]

_NODES_A_UNIT = 8
_LEAST_H, _LARGEST_H = 1e-9, 200.0
_LONGEST = 1e12
_MOST_STATES = 20_000


def normal_run_length(h: float, *, k: float = 0.5, mean: float = 0.0) -> float:
    """Average run length of a one-sided CUSUM of independent normal values of deviation 1, begun at 0.

    Page's integral equation [2]_, solved by Gauss-Legendre quadrature: it is the limit of Brook and Evans'
    chain [1]_ with ever more states, to about ten digits.

    Parameters
    ----------
    h : threshold, over 0.
    k : allowance, taken from each value; over 0.
    mean : of the values; 0 gives the run length between false alarms, another value the delay.

    Examples
    --------
    >>> [round(normal_run_length(h, mean=mean), 1) for h, mean in ((4, 0), (5, 0), (5, 1))]
    [335.4, 930.9, 10.4]
    """
    nodes, weights = _quadrature(32 * math.ceil(max(h, 4.0) * _NODES_A_UNIT / 32))
    nodes, weights = (nodes + 1) * h / 2, weights * h / 2
    points, n = np.concatenate([[0.0], nodes]), nodes.size
    # From a point the sum goes to 0, or to another point, or over the threshold.
    to_zero = ndtr(k - mean - points)
    distance = nodes[None, :] + (k - mean) - points[:, None]
    density = np.exp(-0.5 * distance * distance) / math.sqrt(2 * math.pi) * weights
    system = np.eye(n + 1)
    system[:, 0] -= to_zero
    system[:, 1:] -= density
    return float(solve(system, np.ones(n + 1))[0])


@functools.lru_cache(maxsize=64)
def _quadrature(n: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return nodes, weights


def normal_threshold(run_length: float, *, k: float = 0.5) -> float:
    """Return the h at which :func:`normal_run_length` is `run_length` (over 2).

    Raises
    ------
    InvalidInput
        Where no threshold up to 200 gives it.
    """
    upper = 1.0
    # The run length grows as exp(2 k h): beyond 1e12 the equations lose their digits.
    while run_length <= _LONGEST and upper <= _LARGEST_H and normal_run_length(upper, k=k) < run_length:
        upper *= 1.5
    if run_length > _LONGEST or upper > _LARGEST_H:
        raise InvalidInput(
            f"no threshold gives a run length of {run_length:g} with an allowance of {k:g}; "
            "ask for a shorter one"
        )
    if normal_run_length(_LEAST_H, k=k) >= run_length:
        return _LEAST_H
    return float(
        brentq(lambda h: math.log(normal_run_length(h, k=k) / run_length), _LEAST_H, upper, xtol=1e-10)
    )


def bernoulli_step(before: float, after: float) -> int:
    """Return m: steps of ``m - 1`` for a one and -1 for a zero are close to the log-likelihood ratio.

    Examples
    --------
    >>> bernoulli_step(0.1, 0.2)
    7
    """
    for_one = math.log(after / before)
    for_zero = math.log((1 - before) / (1 - after))
    return max(round((for_one + for_zero) / for_zero), 2)


def bernoulli_run_length(h: int, *, share: float, step: int) -> float:
    """Average run length of a one-sided CUSUM of independent ones and zeros, begun at 0: exact.

    The sum is a chain on 0, 1, ..., h - 1 (Brook and Evans [1]_): a zero goes one down, a one ``step - 1``
    up, and at h or more there is an alarm.

    Parameters
    ----------
    h : threshold, at least 1.
    share : probability of a one, in (0, 1).
    step : what :func:`bernoulli_step` gives, at least 2.

    Examples
    --------
    Threshold 1 and steps of 1 and -1: the first one gives the alarm.

    >>> round(bernoulli_run_length(1, share=0.1, step=2), 10)
    10.0
    """
    up = step - 1
    below = min(up, h - 1)
    bands = np.zeros((below + 2, h))  # rows: `below` diagonals over the main one, that one, and one under it
    bands[below] = 1.0
    bands[below, 0] -= 1 - share
    bands[below + 1, :-1] = -(1 - share)
    if up < h:
        bands[below - up, up:] += -share
    return float(solve_banded((1, below), bands, np.ones(h))[0])


def bernoulli_threshold(run_length: float, *, share: float, step: int) -> int:
    """Return the least h at which :func:`bernoulli_run_length` is at least `run_length`.

    Raises
    ------
    InvalidInput
        Where it is over 20,000 states: the two shares are too close for so long a run length.
    """
    upper = step
    while bernoulli_run_length(upper, share=share, step=step) < run_length:
        upper *= 2
        if upper > _MOST_STATES:
            raise InvalidInput(
                f"no threshold up to {_MOST_STATES} gives a run length of {run_length:g}; "
                "look for a larger change or ask for a shorter run length"
            )
    lower = 0
    while upper - lower > 1:
        middle = (lower + upper) // 2
        if bernoulli_run_length(middle, share=share, step=step) < run_length:
            lower = middle
        else:
            upper = middle
    return upper
