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
    """One feature in the table: values by statistic (None where its kind has none), colours, line.

    `line` is None where nobody has read it yet.
    """

    feature: str
    kind: str
    n: int
    values: dict[str, float | None]
    levels: dict[str, str]
    line: Spark | None


def drift_rows(
    whole: DriftWindow, windows: Sequence[DriftWindow] | None, features: Sequence[str]
) -> list[DriftRow]:
    """Return a row for each of `features`, in their order.

    Parameters
    ----------
    whole : the whole period as one window.
    windows : the same period cut into windows, for the lines; None where they are not read yet.
    features : names, all of them in `whole`.
    """
    rows = []
    for feature in features:
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
                line=None if windows is None else _line(windows, feature),
            )
        )
    return rows


def _line(windows: Sequence[DriftWindow], feature: str) -> Spark:
    """Draw a feature's drift over time."""
    values = [statistic(window.features.get(feature), DRIFT) if window.n else None for window in windows]
    return spark(values, zero=True, high=STATISTICS[DRIFT].large)
