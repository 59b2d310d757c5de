"""Statistics of drift as figures and tables show them: labels, colours, the order of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.domain.answers import DriftWindow
from assay.stats.drift import FeatureDrift

__all__ = ["CHANCE", "DRIFT", "STATISTICS", "StatisticName", "beyond_chance", "level", "ranked", "statistic"]


@dataclass(frozen=True, slots=True)
class StatisticName:
    """A statistic's label, unit and meaning, and the values from which it is worth a look or large.

    The two values colour a cell, they decide nothing; they are the customary ones (PSI 0.1 and 0.2; the
    others are of about the same size of change).
    """

    label: str
    unit: str
    meaning: str
    look: float
    large: float


DRIFT = "jensen_shannon"
"""The statistic that features are sorted by: it exists for numbers and for categories, from 0 to 1."""

CHANCE = 0.001
"""Of a thousand comparisons without change, about one per test is coloured."""

STATISTICS: dict[str, StatisticName] = {
    DRIFT: StatisticName("Jensen-Shannon", "ratio", "Distance of the distributions, 0 to 1.", 0.1, 0.2),
    "psi": StatisticName("PSI", "ratio", "Population stability index.", 0.1, 0.2),
    "ks": StatisticName("KS", "ratio", "Largest gap of the cumulative distributions.", 0.1, 0.2),
    "missing_share": StatisticName(
        "Missing", "change", "Share of rows without a value, less that of the reference.", 0.02, 0.1
    ),
}


def statistic(drift: FeatureDrift | None, name: str) -> float | None:
    """Return a statistic's value, None where the feature or the statistic is absent."""
    found = drift.statistics.get(name) if drift is not None else None
    return found.value if found is not None else None


def level(name: str, value: float | None) -> str:
    """Return how a cell is coloured: ``""``, ``look`` or ``large``."""
    if value is None or name not in STATISTICS:
        return ""
    limits = STATISTICS[name]
    size = abs(value)
    return "large" if size >= limits.large else "look" if size >= limits.look else ""


def beyond_chance(drift: FeatureDrift | None) -> bool:
    """Return whether some test finds the change larger than chance explains, at the level `CHANCE`.

    With few rows, every distance of distributions is large by chance alone; with many, all but the
    smallest changes pass, and the distance itself says whether they matter.
    """
    if drift is None:
        return False
    tests = [found.p_value for found in drift.statistics.values() if found.p_value is not None]
    return not tests or min(tests) <= CHANCE


def ranked(windows: Sequence[DriftWindow]) -> list[str]:
    """Return all features, those first that moved most, on average over windows by their size."""
    sums: dict[str, float] = {}
    rows: dict[str, int] = {}
    for window in windows:
        for feature, drift in window.features.items():
            value = statistic(drift, DRIFT)
            sums[feature] = sums.get(feature, 0.0) + (value or 0.0) * window.n
            rows[feature] = rows.get(feature, 0) + window.n
    return sorted(sums, key=lambda feature: (-sums[feature] / max(1, rows[feature]), feature))
