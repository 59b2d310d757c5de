"""How large a change must be to matter, whatever the number of rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from assay.errors import InvalidInput

__all__ = ["Floors", "severity"]


@dataclass(frozen=True, slots=True)
class Floors:
    """Smallest changes that count as drift.

    Attributes
    ----------
    distribution : of a feature's values: the larger of its Kolmogorov-Smirnov and its Jensen-Shannon distance
        (base 2), from 0 to 1. A shift by an eighth of a standard deviation, or a spread larger by 9%, makes
        about 0.05.
    missing : change of the share of rows without a value.
    new : share of rows with a category that the reference does not have.
    dependence : change of a correlation of normal scores.
    rounding : change of the share of values on a coarser grid.
    error : change of the mean truth, given the score and the features, in units of its standard deviation.
    metric : change of a metric of performance, in units of the standard deviation of a row's loss.
    """

    distribution: float = 0.05
    missing: float = 0.02
    new: float = 0.01
    dependence: float = 0.1
    rounding: float = 0.1
    error: float = 0.1
    metric: float = 0.1

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not (isinstance(value, (int, float)) and math.isfinite(value) and 0 <= value < 1):
                raise InvalidInput(
                    f"the floor {one.name} must be a number from 0 to below 1; got {value!r:.40}"
                )


def severity(effect: float) -> float:
    """Grade an effect between 0 and 1 from 0 to 100: ``100 (1 - (1 - effect)^(10/3))``.

    A Jensen-Shannon distance of 0.19, which belongs to the PSI of 0.2 that is commonly called a major change,
    has the severity 50; twice the default floor has 30.

    >>> round(severity(0.19)), round(severity(0.05)), severity(1.0)
    (50, 16, 100.0)
    """
    return 100.0 * (1.0 - (1.0 - min(max(effect, 0.0), 1.0)) ** (10 / 3))
