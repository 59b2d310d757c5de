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
from assay.domain.window_drift import WindowDrift
from assay.stats.estimation.result import MetricEstimate

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
    "verdict_table",
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


def metric_table(
    windows: Sequence[MetricWindow],
    names: Sequence[str],
    estimates: Sequence[MetricEstimate | None] = (),
) -> Rows:
    """Metrics by window, each with its interval; of one metric, also what was estimated without labels."""
    yield [
        "start",
        "end",
        "predictions",
        "labelled",
        *(column for name in names for column in (name, f"{name}_low", f"{name}_high", f"{name}_n")),
        *(("estimated", "estimated_low", "estimated_high", "estimated_n") if estimates else ()),
    ]
    for place, window in enumerate(windows):
        found = [window.metrics.get(name) for name in names]
        values = [
            value
            for item in found
            for value in ((item.value, item.low, item.high, item.n) if item else (None, None, None, None))
        ]
        if estimates:
            one = estimates[place]
            values += (None,) * 4 if one is None else (one.value, one.low, one.high, one.n)
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


def drift_table(windows: Sequence[DriftWindow], verdicts: Sequence[WindowDrift] = ()) -> Rows:
    """Statistics by feature and window; then the verdicts: `value` is the effect, `bound` its floor."""
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
    shown = {feature for window in windows for feature in window.features}
    for verdict in verdicts:
        for feature, of in verdict.features.items():
            if feature in shown:
                yield [
                    *(verdict.start, verdict.end, feature, "drifted" if of.drifted else "not drifted"),
                    *(of.effect, of.floor, of.p_value, verdict.n_current),
                ]


def verdict_table(verdicts: Sequence[WindowDrift], feature: str) -> Rows:
    """The verdict on a feature by window."""
    yield ["start", "end", "drifted", "severity", "effect", "floor", "adjusted_p_value", "n", "finding"]
    for verdict in verdicts:
        one = verdict.features.get(feature)
        if one is not None:
            yield [
                *(verdict.start, verdict.end, int(one.drifted), one.severity, one.effect, one.floor),
                *(one.p_value, verdict.n_current, text(one.finding)),
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
