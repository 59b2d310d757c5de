"""A simulated year of a model that is watched every hour, and in which nothing ever changes.

Its inputs have daily and weekly seasons, memory, heavy tails, categories and missing values; its truth is as
its
scores say. Every alarm is a false one, and they are counted by month against the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bench.drift.case import Columns
from bench.drift.draw import ar1, categories, daily, times, weekend
from bench.report import Figure

ROLES: Mapping[str, str] = {
    "timestamp": "time",
    "score": "score",
    "prediction": "prediction",
    "target": "target",
}
DAYS_OF_MONTH = 365 / 12

# From a reference and a window to whether there is an alarm. It may keep state between calls, which come
# in order.
Watch = Callable[[Columns, Columns], bool]


@dataclass(frozen=True)
class Year:
    """How often a watch cried wolf. `by_month` counts episodes: alarms of hours in a row are one."""

    windows: int
    hours_in_alarm: int
    by_month: tuple[int, ...]

    @property
    def per_month(self) -> float:
        return sum(self.by_month) / len(self.by_month)


def traffic(rng: np.random.Generator, days: int, rows_an_hour: int) -> Columns:
    """`days` days of rows, evenly spread over each hour."""
    rows = days * 24 * rows_an_hour
    moments = times(rows, np.timedelta64(3_600_000_000 // rows_an_hour, "us"))
    night = daily(moments, 0.25)
    leisure = weekend(moments)
    # What happens to all rows of an hour alike, and is remembered for a day or so.
    hourly = np.repeat(ar1(rng, days * 24, 0.9), rows_an_hour)
    mood = np.repeat(ar1(rng, days * 24, 0.98), rows_an_hour)
    amount = rng.lognormal(3 + 0.4 * night + 0.3 * leisure, 0.8)
    load = 10 + 3 * night - 2 * leisure + hourly + rng.standard_normal(rows)
    slow = mood + 0.5 * rng.standard_normal(rows)
    tail = rng.standard_t(3, rows)
    mobile = rng.random(rows) < 0.5 + 0.2 * night + 0.1 * leisure
    logit = -1.5 + 0.4 * np.log(amount) - 0.05 * load + 0.5 * mobile + 0.3 * slow
    score = 1 / (1 + np.exp(-logit))
    return {
        "time": moments,
        "amount": amount,
        "load": load,
        "slow": slow,
        "tail": tail,
        "steady": rng.standard_normal(rows),
        "optional": np.where(rng.random(rows) < 0.1 + 0.05 * leisure, np.nan, rng.gamma(2, 1, rows)),
        "device": np.where(mobile, "mobile", "desk").astype(object),
        "country": categories(rng, rows, [0.4, 0.3, 0.15, 0.1, 0.05]),
        "score": score,
        "prediction": (score >= 0.5).astype(int),
        "target": (rng.random(rows) < score).astype(int),
    }


def simulate(
    watch: Watch,
    *,
    seed: int = 0,
    reference_days: int = 56,
    days: int = 365,
    rows_an_hour: int = 60,
    every: int = 1,
) -> Year:
    """Let `watch` judge each hour of a year (or each `every`-th) against the weeks before it.

    The reference is fixed, as it is in the service. Deterministic by `seed`.
    """
    rng = np.random.default_rng(np.random.SeedSequence((20_250_106, seed)))
    frame = traffic(rng, reference_days + days, rows_an_hour)
    start = reference_days * 24 * rows_an_hour
    reference = {name: values[:start] for name, values in frame.items()}
    episodes = np.zeros(max(1, round(days / DAYS_OF_MONTH)), dtype=int)
    before = False
    alarms = windows = 0
    for hour in range(0, days * 24, every):
        rows = slice(start + hour * rows_an_hour, start + (hour + 1) * rows_an_hour)
        alarm = watch(reference, {name: values[rows] for name, values in frame.items()})
        alarms += alarm
        windows += 1
        if alarm and not before:
            episodes[min(len(episodes) - 1, int(hour / 24 / DAYS_OF_MONTH))] += 1
        before = alarm
    return Year(windows, alarms, tuple(episodes.tolist()))


def held_to(year: Year, budget: float) -> bool:
    """Whether false alarms a month are within the budget, up to what chance does to a count in a year.

    The budget is an expectation; a Poisson count exceeds its mean by 1.64 of its roots once in twenty years.
    """
    allowed = budget * len(year.by_month)
    return sum(year.by_month) <= allowed + 1.64 * np.sqrt(allowed)


def each_window_alone(reference: Columns, current: Columns) -> bool:
    """Assay's verdict on a window by itself, by `assay.detect_drift`: no budget over time is kept."""
    import assay

    return assay.detect_drift(reference, current, **ROLES).drift_detected


def figures(*, quick: bool) -> Iterator[Figure]:
    """False alarms among single hours of the year, judged one by one; a short run looks at ten of them."""
    every = 24 * 36 + 7 if quick else 37
    year = simulate(each_window_alone, every=every)
    share = year.hours_in_alarm / year.windows
    yield Figure(
        f"false alarms of {year.windows:,} hours out of a year",
        f"{share:.4f}",
        "<= 0.020",
        share <= 0.02,
    )
