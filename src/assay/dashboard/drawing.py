"""Which figure stands behind which name in an address, and how it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
from fastapi.responses import Response

from assay import figures
from assay.dashboard.names import feature_key
from assay.dashboard.readings import Readings
from assay.dashboard.view import View
from assay.errors import NotFound
from assay.figures.theme import Theme

__all__ = ["draw", "figure_response"]

_Draw = Callable[[Readings, str, View, Theme], go.Figure]

_FIGURES: dict[str, _Draw] = {
    "volume": lambda read, model, view, theme: figures.volume_figure(read.windows(model, view), theme=theme),
    "latency": lambda read, model, view, theme: figures.latency_figure(
        read.windows(model, view), theme=theme
    ),
    "reliability": lambda read, model, view, theme: figures.reliability_figure(
        read.calibration(model, view), theme=theme
    ),
    "scores": lambda read, model, view, theme: figures.score_figure(
        read.calibration(model, view), theme=theme
    ),
    "confusion": lambda read, model, view, theme: figures.confusion_figure(
        read.calibration(model, view), theme=theme
    ),
    "drift": lambda read, model, view, theme: figures.drift_heatmap(
        read.drift_windows(model, view), whole=read.drift(model, view), theme=theme
    ),
}
_METRIC = "metric."


def draw(
    name: str, readings: Readings, model_id: str, view: View, *, theme: str = "light", feature: str = ""
) -> go.Figure:
    """Draw the figure called `name`: one of the fixed ones, ``metric.<metric>``, or ``feature``.

    `feature` is the key of a feature, see :func:`assay.dashboard.names.feature_key`.

    Raises
    ------
    NotFound
        Where there is no such figure or feature.
    """
    colours = figures.DARK if theme == "dark" else figures.LIGHT
    if name == "feature":
        chosen = _feature(readings, model_id, view, feature)
        windows = readings.feature_windows(model_id, view, chosen)
        return figures.feature_drift_figure(windows, chosen, theme=colours)
    if name.startswith(_METRIC):
        return figures.metric_figure(
            readings.windows(model_id, view), name.removeprefix(_METRIC), theme=colours
        )
    if name not in _FIGURES:
        raise NotFound(f"there is no figure {name[:80]!r}; the figures are {', '.join(_FIGURES)}")
    return _FIGURES[name](readings, model_id, view, colours)


def _feature(readings: Readings, model_id: str, view: View, key: str) -> str:
    """Return the name of the feature with the given key."""
    whole = readings.drift(model_id, view)
    for name in whole.features if whole is not None else ():
        if feature_key(name) == key:
            return name
    raise NotFound("there is no such feature in the reference; look for it in the table of features")


def figure_response(figure: go.Figure, *, table: bool) -> Response:
    """Send a figure; its table of data only where it is asked for."""
    meta: dict[str, Any] = dict(figure.layout.meta or {})
    if not table:
        meta.pop("table", None)
    figure.layout.meta = meta
    return Response(
        figure.to_json(validate=False),
        media_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
