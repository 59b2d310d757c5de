"""Predictions over time, with those at which the model failed."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from assay.domain.answers import MetricWindow
from assay.figures.numbers import count_text, share_text, span_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba
from assay.figures.windows import add_earlier, bar_widths, coverage_sentence, middles, time_axis

__all__ = ["volume_figure"]

_HEIGHT = 214


def volume_figure(
    windows: Sequence[MetricWindow], *, theme: Theme, before: Sequence[MetricWindow] = ()
) -> go.Figure:
    """Draw the number of predictions in each window: labelled, waiting for their truth, and failed.

    Parameters
    ----------
    windows : in order of time, with the metric ``error_rate`` where errors are known.
    theme : colours.
    before : the windows of the period before, drawn as a faint line, the first one over the first.
    """
    if not any(window.n_predictions for window in windows):
        return empty_figure(theme, height=_HEIGHT, message="No predictions in this period")
    errors = [_errors(window) for window in windows]
    labelled = [min(window.n_labelled, window.n_predictions) for window in windows]
    waiting = [
        max(0, window.n_predictions - done - failed)
        for window, done, failed in zip(windows, labelled, errors, strict=True)
    ]
    texts = [
        f"{span_text(window.start, window.end)}<br><b>{count_text(window.n_predictions)}</b> predictions"
        f"<br>{coverage_sentence(window)}"
        + (f"<br>{count_text(failed)} failed ({share_text(failed / window.n_predictions)})" if failed else "")
        for window, failed in zip(windows, errors, strict=True)
    ]
    figure = new_figure(
        theme,
        height=_HEIGHT,
        barmode="stack",
        bargap=0,
        showlegend=True,
        legend={"traceorder": "normal"},
        margin={"l": 44, "r": 10, "t": 26, "b": 24},
        xaxis=time_axis(theme, windows),
        yaxis=axis(theme, rangemode="tozero", nticks=5, tickformat="~s"),
    )
    common = {"x": middles(windows), "width": bar_widths(windows)}
    for label, counts, colour in (
        ("labelled", labelled, rgba(theme.blue, 0.9)),
        ("waiting for labels", waiting, rgba(theme.blue, 0.38)),
        ("failed", errors, theme.red),
    ):
        if label == "labelled" or any(counts):
            figure.add_bar(
                y=counts,
                name=label,
                marker={"color": colour, "line": {"width": 0}},
                hoverinfo="skip",
                **common,
            )
    earlier = [float(window.n_predictions) for window in before[: len(windows)]]
    add_earlier(figure, middles(windows), earlier if any(earlier) else (), theme.text)
    figure.add_scatter(
        x=common["x"],
        y=[window.n_predictions for window in windows],
        mode="markers",
        marker={"size": 8, "opacity": 0},
        text=texts,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    total = sum(window.n_predictions for window in windows)
    return describe(
        figure,
        alt=f"Predictions over time: {count_text(total)} in all, {count_text(sum(errors))} of them failed.",
        caption="Predictions by window (UTC)",
        columns=["Window", "Predictions", "Labelled", "Failed"],
        rows=[
            [
                span_text(window.start, window.end),
                count_text(window.n_predictions),
                count_text(window.n_labelled),
                count_text(failed),
            ]
            for window, failed in zip(windows, errors, strict=True)
        ],
        windows=len(windows),
    )


def _errors(window: MetricWindow) -> int:
    """Return the number of predictions at which the model failed."""
    rate = window.metrics.get("error_rate")
    return round(rate.value * rate.n) if rate is not None and rate.value else 0
