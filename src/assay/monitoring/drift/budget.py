"""How many false alarms a model may raise in a month, and what part of it each window gets."""

from __future__ import annotations

from assay.domain.time import DAY, HOUR
from assay.errors import InvalidInput
from assay.monitoring.drift.judgement import FALSE_ALARM_RATE

__all__ = ["FALSE_ALARMS_PER_MONTH", "MONTH", "level_of"]

FALSE_ALARMS_PER_MONTH = 1.0
"""False alarms that a model may raise in a month, on the average, unless set otherwise."""

MONTH = 365.25 / 12 * DAY
"""Length of a month in microseconds, on the average."""

_MOST = 0.2
"""No window is judged at a level above this, however large the budget."""


def level_of(length: int, *, budget: float = FALSE_ALARMS_PER_MONTH, series: int = 1) -> float:
    """Return the probability of a false alarm that a window of this length is allowed.

    Hours and days are judged by themselves, one after the other: each gets its part of half of the budget.
    Any other window is judged when somebody asks, and gets :data:`.judgement.FALSE_ALARM_RATE`.

    Parameters
    ----------
    length : of the window, microseconds.
    budget : false alarms of a model a month, above 0.
    series : windows that are judged side by side: the whole model, and each of its versions that serve.

    Raises
    ------
    InvalidInput
        Where the budget is not above 0.

    Examples
    --------
    >>> round(level_of(DAY), 4), round(level_of(HOUR), 5), level_of(7 * DAY)
    (0.0164, 0.00068, 0.01)
    """
    if not budget > 0:
        raise InvalidInput(f"false alarms a month must be above 0; got {budget!r:.40}")
    if length not in (HOUR, DAY):
        return FALSE_ALARM_RATE
    return min(budget / 2 * length / MONTH / max(series, 1), _MOST)
