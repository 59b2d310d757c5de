"""One metric estimated without labels, chunk by chunk, beside what was found where the labels have come."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from assay.domain.estimates import EstimatedChunk, PerformanceEstimate
from assay.figures.metric_names import metric_name
from assay.figures.numbers import count_text, interval_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, naive, new_figure, rgba

__all__ = ["estimate_figure"]

_HEIGHT = 260


def estimate_figure(result: PerformanceEstimate, metric: str, *, theme: Theme) -> go.Figure:
    """Draw the estimates of `metric` with their 95% intervals, and the realised metric as points.

    Parameters
    ----------
    result : estimates by chunk.
    metric : a key of ``EstimatedChunk.metrics``.
    theme : colours.
    """
    name = metric_name(metric)
    drawn = [
        (chunk, one)
        for chunk in result.chunks
        if (one := chunk.metrics.get(metric)) is not None and one.value is not None
    ]
    if not drawn:
        return empty_figure(
            theme, height=_HEIGHT, message=f"No estimate of {name.label} for these predictions"
        )
    places = [_place(chunk) for chunk, _ in drawn]
    figure = new_figure(
        theme,
        height=_HEIGHT,
        hovermode="closest",
        xaxis=axis(theme, showgrid=False, title={"text": "rows" if drawn[0][0].start is None else ""}),
        yaxis=axis(theme, nticks=5),
    )
    for end, fill in (("high", None), ("low", "tonexty")):
        figure.add_scatter(
            x=places,
            y=[_finite(getattr(one, end)) for _, one in drawn],
            mode="lines",
            line={"width": 0, "color": theme.blue},
            fill=fill,
            fillcolor=rgba(theme.blue, 0.16),
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=places,
        y=[one.value for _, one in drawn],
        mode="lines+markers",
        line={"color": theme.blue, "width": 1.9},
        marker={"size": 6, "color": theme.blue},
        name="estimated",
        text=[
            f"estimated <b>{value_text(one.value, name.unit)}</b>"
            + (
                ""
                if one.low is None or one.high is None
                else f"  95%: {interval_text(one.low, one.high, name.unit)}"
            )
            + f"<br>{count_text(one.n)} predictions"
            for _, one in drawn
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    known = [(place, one) for place, (_, one) in zip(places, drawn, strict=True) if one.realised is not None]
    figure.add_scatter(
        x=[place for place, _ in known],
        y=[one.realised for _, one in known],
        mode="markers",
        marker={"size": 8, "color": theme.text, "symbol": "diamond-open"},
        name="realised",
        text=[f"found <b>{value_text(one.realised, name.unit)}</b>" for _, one in known],
        hovertemplate="%{text}<extra></extra>",
    )
    inside = sum(
        one.low <= one.realised <= one.high
        for _, one in known
        if one.low is not None and one.high is not None and one.realised is not None
    )
    found = f" Of {len(known)} realised values {inside} lie in their 95% interval." if known else ""
    return describe(
        figure,
        alt=(
            f"{name.label} estimated without labels: {value_text(drawn[0][1].value, name.unit)} in the first "
            f"of {len(drawn)} chunks, {value_text(drawn[-1][1].value, name.unit)} in the last.{found}"
        ),
        caption=f"{name.label}, estimated and realised",
        columns=["Chunk", "Estimate", "95% low", "95% high", "Realised", "Predictions"],
        rows=[
            [
                _label(chunk),
                *(value_text(value, name.unit) for value in (one.value, one.low, one.high, one.realised)),
                count_text(one.n),
            ]
            for chunk, one in drawn
        ],
    )


def _place(chunk: EstimatedChunk) -> str | float:
    """Where the chunk's point is drawn: the middle of its times, else of its rows."""
    if chunk.start is not None and chunk.end is not None:
        return naive(chunk.start + (chunk.end - chunk.start) / 2)
    return (chunk.first + chunk.last) / 2


def _label(chunk: EstimatedChunk) -> str:
    if chunk.start is not None:
        return f"from {naive(chunk.start)}"
    return f"rows {count_text(chunk.first)} to {count_text(chunk.last)}"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
