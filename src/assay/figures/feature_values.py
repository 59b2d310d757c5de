"""One feature over time: its middle and spread, and the values that are missing or new."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from assay.domain.feature_view import FeatureSide, FeatureView, FeatureWindow
from assay.figures.names import shown
from assay.figures.numbers import count_text, share_text, span_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba
from assay.figures.windows import middles, runs, time_axis

__all__ = ["feature_gaps_figure", "feature_values_figure"]

_HEIGHT = 230
_BAND = (("p05", "p95", 0.12), ("p25", "p75", 0.2))


def feature_values_figure(view: FeatureView, *, theme: Theme) -> go.Figure:
    """Draw the median of a number over time, with the middle half and nine tenths of the values as bands.

    Parameters
    ----------
    view : with `windows`; the reference's median and middle half are drawn as lines across.
    theme : colours.
    """
    windows = view.windows
    medians = [window.values.quantiles.get("p50") for window in windows]
    if not any(value is not None for value in medians):
        message = (
            "A category has no median"
            if view.kind == "categorical"
            else "No values of this feature in this period"
        )
        return empty_figure(theme, height=_HEIGHT, message=message)
    expected = view.reference.quantiles
    figure = new_figure(
        theme,
        height=_HEIGHT,
        showlegend=True,
        margin={"l": 44, "r": 10, "t": 26, "b": 24},
        xaxis=time_axis(theme, windows),
        yaxis=axis(theme, nticks=5),
    )
    times = middles(windows)
    for low, high, alpha in _BAND:
        lows = [window.values.quantiles.get(low) for window in windows]
        highs = [window.values.quantiles.get(high) for window in windows]
        x: list[str | None] = []
        y: list[float | None] = []
        for run in runs([a is not None and b is not None for a, b in zip(lows, highs, strict=True)]):
            x += [times[place] for place in run] + [times[place] for place in reversed(run)] + [None]
            y += [highs[place] for place in run] + [lows[place] for place in reversed(run)] + [None]
        figure.add_scatter(
            x=x[:-1],
            y=y[:-1],
            mode="lines",
            fill="toself",
            showlegend=False,
            fillcolor=rgba(theme.blue, alpha),
            line={"width": 0},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=times,
        y=medians,
        name="median",
        mode="lines+markers" if len(windows) <= 60 else "lines",
        line={"color": theme.blue, "width": 1.9},
        marker={"size": 4},
        hoverinfo="skip",
    )
    for name, dash in (("p50", "dash"), ("p25", "dot"), ("p75", "dot")):
        value = expected.get(name)
        if value is not None:
            figure.add_scatter(
                x=[times[0], times[-1]],
                y=[value, value],
                mode="lines",
                name="reference",
                showlegend=name == "p50",
                line={"color": theme.muted, "width": 1.2, "dash": dash},
                hoverinfo="skip",
            )
    _add_pointer(
        figure,
        windows,
        times,
        medians,
        lambda side: (
            f"median <b>{value_text(side.quantiles.get('p50'))}</b>, half from "
            f"{value_text(side.quantiles.get('p25'))} to {value_text(side.quantiles.get('p75'))}<br>"
            f"mean {value_text(side.mean)}, {count_text(side.n)} values"
        ),
    )
    names = ("mean", "std", "min", "max")
    return describe(
        figure,
        alt=(
            f"{shown(view.feature, limit=60)} over time; the reference's median is "
            f"{value_text(expected.get('p50'))}, "
            f"this period's {value_text(view.current.quantiles.get('p50'))}."
        ),
        caption="Values by window (UTC)",
        columns=["Window", "Values", *expected, *names],
        rows=[
            [
                span_text(window.start, window.end),
                count_text(window.values.n),
                *(value_text(window.values.quantiles.get(name)) for name in expected),
                *(value_text(getattr(window.values, name)) for name in names),
            ]
            for window in windows
        ],
        windows=len(windows),
    )


def feature_gaps_figure(view: FeatureView, *, theme: Theme) -> go.Figure:
    """Draw the shares of rows without a value, and of values that the reference does not hold, over time.

    Parameters
    ----------
    view : with `windows`.
    theme : colours.
    """
    windows = view.windows
    if not any(window.values.rows for window in windows):
        return empty_figure(theme, height=_HEIGHT, message="No predictions in this period")
    new = "outside the reference's range" if view.kind == "numeric" else "in new categories"
    series = {
        "missing": [window.values.missing_share for window in windows],
        "out of range" if view.kind == "numeric" else "new": [window.values.new_share for window in windows],
    }
    top = max(value for values in series.values() for value in values if value is not None)
    figure = new_figure(
        theme,
        height=_HEIGHT,
        showlegend=True,
        margin={"l": 44, "r": 10, "t": 26, "b": 24},
        xaxis=time_axis(theme, windows),
        yaxis=axis(
            theme, nticks=5, tickformat=".0%" if top > 0.05 else ".1%", range=[0, max(top * 1.1, 0.02)]
        ),
    )
    times = middles(windows)
    for (name, values), colour in zip(series.items(), (theme.red, theme.amber), strict=True):
        figure.add_scatter(
            x=times,
            y=values,
            name=name,
            mode="lines+markers" if len(windows) <= 60 else "lines",
            line={"color": colour, "width": 1.7},
            marker={"size": 4},
            hoverinfo="skip",
        )
    if view.reference.missing_share is not None:
        figure.add_scatter(
            x=[times[0], times[-1]],
            y=[view.reference.missing_share] * 2,
            name="missing in the reference",
            mode="lines",
            line={"color": theme.muted, "width": 1.2, "dash": "dash"},
            hoverinfo="skip",
        )
    _add_pointer(
        figure,
        windows,
        times,
        series["missing"],
        lambda side: (
            f"<b>{share_text(side.missing_share)}</b> without a value ({count_text(side.missing)})<br>"
            f"<b>{share_text(side.new_share)}</b> {new}<br>{count_text(side.rows)} predictions"
        ),
    )
    return describe(
        figure,
        alt=(
            f"Shares of missing and new values over time: {share_text(view.current.missing_share)} missing "
            f"and {share_text(view.current.new_share)} {new} in the whole period."
        ),
        caption="Missing and new values by window (UTC)",
        columns=["Window", "Predictions", "Missing", "Missing share", "New share"],
        rows=[
            [
                span_text(window.start, window.end),
                count_text(window.values.rows),
                count_text(window.values.missing),
                share_text(window.values.missing_share),
                share_text(window.values.new_share),
            ]
            for window in windows
        ],
        windows=len(windows),
    )


def _add_pointer(
    figure: go.Figure,
    windows: Sequence[FeatureWindow],
    times: Sequence[str],
    values: Sequence[float | None],
    text: Callable[[FeatureSide], str],
) -> None:
    """Add what the pointer reads: one label per window."""
    figure.add_scatter(
        x=times,
        y=values,
        mode="markers",
        marker={"size": 8, "opacity": 0},
        text=[f"{span_text(window.start, window.end)}<br>{text(window.values)}" for window in windows],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
