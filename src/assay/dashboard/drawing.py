"""Which figure stands behind which name in an address, with its numbers and the calls that give them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import plotly.graph_objects as go
from fastapi.responses import Response

from assay import figures
from assay.dashboard import csv_data
from assay.dashboard.calls import Call
from assay.dashboard.feature_list import Choice
from assay.dashboard.figure_request import METRIC, Request, request_of
from assay.dashboard.names import feature_key
from assay.dashboard.readings import Readings
from assay.dashboard.view import View
from assay.domain.answers import DriftWindow
from assay.domain.feature_view import FeatureView
from assay.domain.window_drift import WindowDrift
from assay.errors import NotFound
from assay.figures.drift_statistics import ranked
from assay.figures.means import MEANS
from assay.figures.theme import Theme
from assay.stats.summaries.traffic import STAGES

__all__ = [
    "csv_response",
    "draw",
    "figure_response",
    "rows_of",
]

_QUANTILES = ("latency_p50", "latency_p95", "latency_p99")
_STAGE_QUANTILES = tuple(f"latency_{stage}_{q}" for stage in STAGES[1:] for q in ("p50", "p95", "p99"))


_Draw = Callable[[Request, Theme], go.Figure]
_Rows = Callable[[Request], Iterator[Sequence[Any]]]


def _feature_windows(view: FeatureView) -> list[DriftWindow]:
    """Return a feature's drift by window."""
    return [
        DriftWindow(
            window.start,
            window.end,
            window.values.rows,
            view.reference_id,
            view.provisional,
            {view.feature: window.drift},
        )
        for window in view.windows
    ]


def _beside(windows: Sequence[DriftWindow], judged: Sequence[WindowDrift]) -> list[WindowDrift | None]:
    """Return the verdict on each window, None where there is none; empty where there is none at all."""
    by_start = {one.start: one for one in judged}
    return [by_start.get(window.start) for window in windows] if by_start else []


def _linked(of: Request, figure: go.Figure) -> go.Figure:
    """Put the keys of the features beside the map, row by row, so that a click leads to a feature's page."""
    whole = of.whole
    if whole is not None and whole.features:
        names = ranked([whole])[: figures.MAX_FEATURES]
        figure.layout.meta = {**(figure.layout.meta or {}), "keys": [feature_key(name) for name in names]}
    return figure


_FIGURES: dict[str, tuple[_Draw, _Rows]] = {
    "volume": (
        lambda of, theme: figures.volume_figure(of.windows, theme=theme, before=of.before),
        lambda of: csv_data.metric_table(of.windows, ("error_rate",)),
    ),
    "latency": (
        lambda of, theme: figures.latency_figure(of.windows, theme=theme, before=of.before),
        lambda of: csv_data.metric_table(of.windows, _QUANTILES),
    ),
    "error_types": (
        lambda of, theme: figures.error_types_figure(of.readings.whole(of.model_id, of.view), theme=theme),
        lambda of: csv_data.error_table(of.readings.whole(of.model_id, of.view)),
    ),
    "stages": (
        lambda of, theme: figures.latency_stages_figure(of.windows, theme=theme),
        lambda of: csv_data.metric_table(of.windows, (*_QUANTILES, *_STAGE_QUANTILES)),
    ),
    "reliability": (
        lambda of, theme: figures.reliability_figure(
            of.readings.calibration(of.model_id, of.view), theme=theme
        ),
        lambda of: csv_data.calibration_table(of.readings.calibration(of.model_id, of.view)),
    ),
    "scores": (
        lambda of, theme: figures.score_figure(
            of.readings.calibration(of.model_id, of.view), theme=theme, label=of.label
        ),
        lambda of: csv_data.scores_table(of.readings.calibration(of.model_id, of.view), of.label),
    ),
    "means": (
        lambda of, theme: figures.means_figure(of.windows, theme=theme, before=of.before),
        lambda of: csv_data.metric_table(of.windows, MEANS),
    ),
    "confusion": (
        lambda of, theme: figures.confusion_figure(
            of.readings.calibration(of.model_id, of.view), theme=theme
        ),
        lambda of: csv_data.confusion_table(of.readings.calibration(of.model_id, of.view)),
    ),
    "drift": (
        lambda of, theme: _linked(
            of,
            figures.drift_heatmap(
                of.drift, whole=of.whole, theme=theme, verdicts=_beside(of.drift, of.judged)
            ),
        ),
        lambda of: csv_data.drift_table(of.drift, of.judged),
    ),
}


def _alone(of: Request) -> list[DriftWindow]:
    """Return the drift of one feature by window."""
    return of.readings.drift_windows(of.model_id, of.view, (of.feature,))


_OF_FEATURE: dict[str, tuple[_Draw, _Rows]] = {
    "feature": (
        lambda of, theme: figures.feature_drift_figure(_alone(of), of.feature, theme=theme),
        lambda of: csv_data.drift_table(_alone(of)),
    ),
    "feature.distribution": (
        lambda of, theme: figures.feature_distribution_figure(of.one, theme=theme),
        lambda of: csv_data.bars_table(of.one),
    ),
    "feature.drift": (
        lambda of, theme: figures.feature_drift_figure(_feature_windows(of.one), of.feature, theme=theme),
        lambda of: csv_data.feature_table(of.one),
    ),
    "feature.verdict": (
        lambda of, theme: figures.feature_verdict_figure(of.judged, of.feature, theme=theme),
        lambda of: csv_data.verdict_table(of.judged, of.feature),
    ),
    "feature.values": (
        lambda of, theme: figures.feature_values_figure(of.one, theme=theme),
        lambda of: csv_data.feature_table(of.one),
    ),
    "feature.gaps": (
        lambda of, theme: figures.feature_gaps_figure(of.one, theme=theme),
        lambda of: csv_data.feature_table(of.one),
    ),
}


def _known(name: str, of: Request) -> tuple[_Draw, _Rows]:
    """Return how to draw and to write the figure called `name`."""
    if name in _OF_FEATURE and of.feature:
        return _OF_FEATURE[name]
    if name.startswith(METRIC):
        metric = name.removeprefix(METRIC)
        return (
            lambda of, theme: figures.metric_figure(
                of.windows, metric, theme=theme, before=of.before, estimates=of.expected(metric)
            ),
            lambda of: csv_data.metric_table(of.windows, (metric,), of.expected(metric)),
        )
    if name not in _FIGURES:
        known = ", ".join([*_FIGURES, *_OF_FEATURE])
        raise NotFound(f"there is no figure {name[:80]!r}; the figures are {known}")
    return _FIGURES[name]


def draw(
    name: str,
    readings: Readings,
    model_id: str,
    view: View,
    *,
    theme: str = "light",
    feature: str = "",
    choice: Choice | None = None,
    label: str = "",
) -> go.Figure:
    """Draw the figure called `name`: a fixed one, ``metric.<metric>``, or one of a feature.

    Parameters
    ----------
    feature : the key of a feature, see :func:`assay.dashboard.names.feature_key`.
    choice : the page of features that the map of drift shows; None: those that moved most.
    label : the class whose probability is drawn; empty: the most frequent one.

    Raises
    ------
    NotFound
        Where there is no such figure or feature.
    """
    of = request_of(readings, model_id, view, feature=feature, choice=choice, label=label)
    return _known(name, of)[0](of, figures.DARK if theme == "dark" else figures.LIGHT)


def rows_of(name: str, of: Request) -> Iterator[Sequence[Any]]:
    """Return the numbers of the figure called `name`, the names of the columns first.

    Raises
    ------
    NotFound
        Where there is no such figure.
    """
    return _known(name, of)[1](of)


def figure_response(
    figure: go.Figure, *, table: bool, call: Call | None = None, address: str = "", note: str | None = None
) -> Response:
    """Send a figure; its table of data, and how to get it elsewhere, only where they are asked for.

    `note` is about all figures of its section of the page.
    """
    meta: dict[str, Any] = dict(figure.layout.meta or {})
    if note is not None:
        meta["note"] = note
    if not table:
        meta.pop("table", None)
    elif call is not None:
        meta |= {"api": call.shell(address), "python": call.program(address)}
    figure.layout.meta = meta
    return Response(
        figure.to_json(validate=False),
        media_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


def csv_response(rows: Iterator[Sequence[Any]], name: str) -> Response:
    """Send the numbers of a figure as a file to be kept."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:80]
    return Response(
        csv_data.written(rows),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{plain}.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
