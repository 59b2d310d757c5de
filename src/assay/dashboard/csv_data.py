"""The numbers of a figure as CSV: one row a window, bin or cell, nothing rounded.

Names that clients gave go through :func:`text`: a spreadsheet would run one that begins like a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from assay.domain.answers import Calibration, DriftWindow, MetricWindow
from assay.domain.feature_view import FeatureView

__all__ = [
    "bars_table",
    "calibration_table",
    "confusion_table",
    "drift_table",
    "error_table",
    "feature_table",
    "metric_table",
    "scores_table",
    "text",
    "written",
]

Rows = Iterator[Sequence[Any]]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with; the last four are the wide forms of the first."""


def text(value: str) -> str:
    """Return `value` so that no spreadsheet takes it for a formula.

    >>> text("=cmd|' /C calc'!A0"), text("JFK")
    ("'=cmd|' /C calc'!A0", 'JFK')
    """
    return f"'{value}" if value.startswith(_FORMULA) else value


def written(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV (RFC 4180); None is an empty field, times are ISO 8601 in UTC."""
    sink = io.StringIO()
    writer = csv.writer(sink)
    for row in rows:
        writer.writerow(
            [
                text(value)
                if isinstance(value, str)
                else value.isoformat()
                if hasattr(value, "isoformat")
                else value
                for value in row
            ]
        )
    return sink.getvalue()


def error_table(window: MetricWindow | None) -> Rows:
    """Failures by type."""
    yield ["error_type", "n"]
    if window is not None:
        yield from ([text(name), n] for name, n in window.error_types.items())


def metric_table(windows: Sequence[MetricWindow], names: Sequence[str]) -> Rows:
    """Metrics by window, each with its interval."""
    yield [
        "start",
        "end",
        "predictions",
        "labelled",
        *(column for name in names for column in (name, f"{name}_low", f"{name}_high", f"{name}_n")),
    ]
    for window in windows:
        found = [window.metrics.get(name) for name in names]
        values = [
            value
            for item in found
            for value in ((item.value, item.low, item.high, item.n) if item else (None, None, None, None))
        ]
        yield [window.start, window.end, window.n_predictions, window.n_labelled, *values]


def calibration_table(found: Calibration) -> Rows:
    """Bins of the reliability curve."""
    yield ["mean_score", "share_positive", "n"]
    yield from found.bins


def confusion_table(found: Calibration) -> Rows:
    """Cells of the confusion matrix."""
    yield ["truth", "predicted", "n"]
    for (actual, predicted), n in found.confusion.items():
        yield [actual, predicted, n]


def scores_table(found: Calibration, label: str = "") -> Rows:
    """Scores by true class; of several classes, the probability of the one called `label`, see the figure."""
    if found.many_classes:
        yield from _class_table(found, label or next(iter(found.class_scores)))
        return
    yield ["score_from", "score_to", *found.score_counts]
    for place in range(len(found.score_edges) - 1):
        edges = found.score_edges[place : place + 2]
        yield [*edges, *(counts[place] for counts in found.score_counts.values())]


def _class_table(found: Calibration, label: str) -> Rows:
    """The probability of one class by truth."""
    yield ["class", "score_from", "score_to", "own", "others", "unlabelled"]
    one = found.class_scores.get(label)
    if one is not None:
        for place, counts in enumerate(zip(one.own, one.others, one.unlabelled, strict=True)):
            yield [text(label), *found.score_edges[place : place + 2], *counts]


def drift_table(windows: Sequence[DriftWindow]) -> Rows:
    """Statistics by feature and window."""
    yield ["start", "end", "feature", "statistic", "value", "bound", "p_value", "n"]
    for window in windows:
        for feature, drift in window.features.items():
            for name, one in drift.statistics.items():
                yield [
                    window.start,
                    window.end,
                    feature,
                    name,
                    one.value,
                    one.bound,
                    one.p_value,
                    drift.n_current,
                ]


def bars_table(view: FeatureView) -> Rows:
    """Both distributions of a feature."""
    yield ["category", "from", "to", "new", "reference", "current"]
    for bar in view.bars:
        yield [bar.label, bar.low, bar.high, int(bar.new), bar.reference, bar.current]


def feature_table(view: FeatureView) -> Rows:
    """Figures of a feature by window."""
    names = list(view.reference.quantiles)
    moments = ("mean", "std", "min", "max") if view.kind == "numeric" else ()
    statistics = list(view.drift.statistics)
    yield [
        *("start", "end", "rows", "n", "missing", "missing_share", "new_share"),
        *moments,
        *names,
        *(column for name in statistics for column in (name, f"{name}_p_value")),
    ]
    for window in view.windows:
        side = window.values
        found = [window.drift.statistics[name] for name in statistics]
        yield [
            *(window.start, window.end, side.rows, side.n, side.missing, side.missing_share, side.new_share),
            *(getattr(side, name) for name in moments),
            *(side.quantiles[name] for name in names),
            *(value for one in found for value in (one.value, one.p_value)),
        ]
