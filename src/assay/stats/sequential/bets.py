"""What is known of a stream before each of its values: the ground on which bets may be made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Predictable", "predictable"]


@dataclass(frozen=True, slots=True)
class Predictable:
    """For each value what the values before it say; shape (n,) each.

    Attributes
    ----------
    times : number of the value, from 1.
    means : mean of the values before it and of one value of 1/2.
    variances : mean of their squared deviations and of one of 1/4.
    total, squares : sums over all values, to go on from: of values, and of squared surprises.
    """

    times: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]
    variances: npt.NDArray[np.float64]
    total: float
    squares: float


def predictable(values: npt.NDArray[np.float64], *, n: int, total: float, squares: float) -> Predictable:
    """Return what was known before each of `values`, which come after `n` values with these sums."""
    times = np.arange(n + 1, n + values.size + 1, dtype=np.float64)
    totals = np.add.accumulate(np.append(total, values))
    means_after = (0.5 + totals[1:]) / (times + 1)
    means = (0.5 + totals[:-1]) / times
    surprises = np.add.accumulate(np.append(squares, (values - means_after) ** 2))
    variances = (0.25 + surprises[:-1]) / times
    return Predictable(times, means, variances, float(totals[-1]), float(surprises[-1]))
