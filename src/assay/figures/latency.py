"""Latency over time: the median and the tail, and where the time goes."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from assay.domain.answers import MetricWindow
from assay.figures.numbers import span_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure
from assay.figures.windows import add_earlier, earlier_values, middles, time_axis
from assay.stats.summaries.traffic import STAGES

__all__ = ["latency_figure", "latency_stages_figure"]

_HEIGHT = 214
_QUANTILES = (("latency_p50", "p50"), ("latency_p95", "p95"), ("latency_p99", "p99"))
_SPREAD = 25.0  # a tail so many times the median is drawn on a logarithmic axis


def latency_figure(
    windows: Sequence[MetricWindow], *, theme: Theme, before: Sequence[MetricWindow] = ()
) -> go.Figure:
    """Draw p50, p95 and p99 of the predictions' latency in milliseconds.

    Parameters
    ----------
    windows : in order of time, with the metrics ``latency_p50``, ``latency_p95`` and ``latency_p99``.
    theme : colours.
    before : the windows of the period before; their p50 and p95 are drawn faintly.
    """
    figure = _quantile_figure(
        windows,
        dict(_QUANTILES),
        theme,
        alt="Latency over time; the highest p99 is {highest}.",
        caption="Latency by window (UTC)",
    )
    times = middles(windows)
    if not figure.data:
        return figure
    for (metric, label), colour in zip(_QUANTILES[:2], theme.series, strict=False):
        add_earlier(figure, times, earlier_values(before, metric, len(windows)), colour, f"{label} before")
    return figure


def latency_stages_figure(windows: Sequence[MetricWindow], *, theme: Theme) -> go.Figure:
    """Draw the p95 of each stage whose latency was logged, in milliseconds.

    Parameters
    ----------
    windows : in order of time, with metrics such as ``latency_inference_p95``.
    theme : colours.
    """
    return _quantile_figure(
        windows,
        {"latency_p95": "total", **{f"latency_{stage}_p95": stage for stage in STAGES[1:]}},
        theme,
        alt="95th percentile of the latency of each stage over time; the highest is {highest}.",
        caption="Latency p95 by stage and window (UTC)",
    )


def _quantile_figure(
    windows: Sequence[MetricWindow], metrics: dict[str, str], theme: Theme, *, alt: str, caption: str
) -> go.Figure:
    """Draw latencies, given by metric and label, as lines; what was never logged is left out."""
    series = {label: [_value(window, metric) for window in windows] for metric, label in metrics.items()}
    series = {label: values for label, values in series.items() if any(value is not None for value in values)}
    drawn = [value for values in series.values() for value in values if value is not None]
    if not drawn:
        return empty_figure(theme, height=_HEIGHT, message="No latency was logged in this period")
    first = next(iter(series.values()))
    medians = sorted(value for value in first if value) or [1.0]
    steep = max(drawn) > _SPREAD * medians[len(medians) // 2] and min(drawn) > 0
    figure = new_figure(
        theme,
        height=_HEIGHT,
        showlegend=True,
        margin={"l": 44, "r": 10, "t": 26, "b": 24},
        xaxis=time_axis(theme, windows),
        yaxis=axis(
            theme,
            type="log" if steep else "linear",
            rangemode="tozero",
            nticks=5,
            ticksuffix=" ms",
            **({"dtick": 1} if steep else {}),
        ),
    )
    times = middles(windows)
    for (label, values), colour in zip(series.items(), theme.series, strict=False):
        figure.add_scatter(
            x=times,
            y=values,
            name=label,
            mode="lines" if len(windows) > 1 else "markers",
            line={"color": colour, "width": 1.7},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=times,
        y=series.get("p95", first),
        mode="markers",
        marker={"size": 8, "opacity": 0},
        text=[
            f"{span_text(window.start, window.end)}<br>"
            + "<br>".join(
                f"{label} <b>{value_text(values[place], 'ms')}</b>" for label, values in series.items()
            )
            for place, window in enumerate(windows)
        ],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    return describe(
        figure,
        alt=alt.format(highest=value_text(max(drawn), "ms")),
        caption=caption,
        columns=["Window", *series],
        rows=[
            [
                span_text(window.start, window.end),
                *(value_text(values[place], "ms") for values in series.values()),
            ]
            for place, window in enumerate(windows)
        ],
        windows=len(windows),
    )


def _value(window: MetricWindow, metric: str) -> float | None:
    """Return the metric's value, None where there is none."""
    item = window.metrics.get(metric)
    return None if item is None else item.value
