"""Features and how far they moved, with one line of figures each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.dashboard.spark import Spark, spark
from assay.domain.answers import DriftWindow
from assay.figures.drift_statistics import DRIFT, STATISTICS, beyond_chance, level, statistic

__all__ = ["DriftRow", "drift_rows"]


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One feature in the table: values by statistic (None where its kind has none), colours, line."""

    feature: str
    kind: str
    n: int
    values: dict[str, float | None]
    levels: dict[str, str]
    line: Spark


def drift_rows(whole: DriftWindow, windows: Sequence[DriftWindow], features: Sequence[str]) -> list[DriftRow]:
    """Return a row for each of `features`, in their order.

    Parameters
    ----------
    whole : the whole period as one window.
    windows : the same period cut into windows, for the lines.
    features : names, all of them in `whole`.
    """
    rows = []
    for feature in features:
        line = [statistic(window.features.get(feature), DRIFT) if window.n else None for window in windows]
        drift = whole.features[feature]
        values = {name: statistic(drift, name) for name in STATISTICS}
        moved = beyond_chance(drift)
        rows.append(
            DriftRow(
                feature=feature,
                kind=str(drift.kind),
                n=drift.n_current,
                values=values,
                levels={name: level(name, value) if moved else "" for name, value in values.items()},
                line=spark(line, zero=True, high=STATISTICS[DRIFT].large),
            )
        )
    return rows
