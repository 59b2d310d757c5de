"""Predictions and truth of a regression over time, by their means."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from assay.domain.answers import MetricWindow
from assay.figures.numbers import count_text, span_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure
from assay.figures.windows import add_earlier, coverage_sentence, earlier_values, middles, time_axis

__all__ = ["MEANS", "means_figure"]

MEANS = ("mean_prediction", "mean_truth", "mean_error")
"""The metrics behind the figure."""

_HEIGHT = 214
_MANY = 60


def means_figure(
    windows: Sequence[MetricWindow], *, theme: Theme, before: Sequence[MetricWindow] = ()
) -> go.Figure:
    """Draw the mean prediction and the mean truth of each window, both over its labelled rows.

    Where the lines part, the model has come to err to one side.

    Parameters
    ----------
    windows : in order of time, with the metrics ``mean_prediction`` and ``mean_truth``.
    theme : colours.
    before : the windows of the period before, whose truth is drawn faintly, the first one over the first.
    """
    predicted, truth, error = ([_value(window, name) for window in windows] for name in MEANS)
    if not any(value is not None for value in truth):
        return empty_figure(theme, height=_HEIGHT, message="No labelled predictions in this period")
    times = middles(windows)
    figure = new_figure(
        theme,
        height=_HEIGHT,
        showlegend=True,
        margin={"l": 44, "r": 10, "t": 26, "b": 24},
        xaxis=time_axis(theme, windows),
        yaxis=axis(theme, nticks=5),
    )
    add_earlier(
        figure, times, earlier_values(before, "mean_truth", len(windows)), theme.muted, "truth before"
    )
    for name, values, colour in (("prediction", predicted, theme.blue), ("truth", truth, theme.amber)):
        figure.add_scatter(
            x=times,
            y=values,
            name=name,
            mode="lines+markers" if len(windows) <= _MANY else "lines",
            line={"color": colour, "width": 1.8},
            marker={"size": 4, "color": colour},
            hoverinfo="skip",
        )
    figure.add_scatter(  # what the pointer reads: one label per window, whichever line is under it
        x=times,
        y=truth,
        mode="markers",
        marker={"size": 10, "opacity": 0},
        showlegend=False,
        text=[
            f"{span_text(window.start, window.end)}<br>prediction <b>{value_text(guess)}</b>, truth "
            f"<b>{value_text(came)}</b><br>{coverage_sentence(window)}"
            for window, guess, came in zip(windows, predicted, truth, strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    place = max(place for place, value in enumerate(truth) if value is not None)
    last = windows[place]
    return describe(
        figure,
        alt=(
            f"Mean prediction and mean truth over time: {value_text(predicted[place])} and "
            f"{value_text(truth[place])} in {span_text(last.start, last.end)}, "
            f"where {coverage_sentence(last)}."
        ),
        caption="Mean of predictions and of truth by window (UTC), over the labelled rows",
        columns=["Window", "Prediction", "Truth", "Prediction less truth", "Labelled"],
        rows=[
            [
                span_text(window.start, window.end),
                *(value_text(value) for value in values),
                count_text(window.n_labelled),
            ]
            for window, *values in zip(windows, predicted, truth, error, strict=True)
        ],
        windows=len(windows),
    )


def _value(window: MetricWindow, name: str) -> float | None:
    """Return a metric's value; None where it is not known."""
    found = window.metrics.get(name)
    return found.value if found is not None else None
