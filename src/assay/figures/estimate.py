"""One metric estimated without labels, window by window, beside what was found where the labels have come."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from assay.domain.estimates import EstimatedChunk, PerformanceEstimate
from assay.figures.estimate_band import add_estimates, estimate_words, finite, folded
from assay.figures.metric_axis import value_range
from assay.figures.metric_names import metric_name
from assay.figures.numbers import count_text, share_text, span_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, naive, new_figure
from assay.figures.windows import COMPLETE, time_axis
from assay.stats.estimation.result import MetricEstimate

__all__ = ["estimate_figure"]

_HEIGHT = 260
_MANY = 60  # more chunks than this get no markers


def estimate_figure(result: PerformanceEstimate, metric: str, *, theme: Theme) -> go.Figure:
    """Draw the estimates of `metric` with the band of their 95% intervals, and the realised metric as a line.

    Where the realised metric leaves the band, the truth no longer follows from the score as it did: concept
    drift. Marks are hollow where labels are still missing, so that the metric may yet change. Of a window
    from which the estimates were learnt, the realised metric alone is drawn.

    Parameters
    ----------
    result : estimates by chunk, in order.
    metric : a key of ``EstimatedChunk.metrics``.
    theme : colours.
    """
    name = metric_name(metric)
    found = [chunk.metrics.get(metric) for chunk in result.chunks]
    if not any(one is not None and one.value is not None for one in found):
        why = result.refusal or next((one.reason for one in found if one is not None and one.reason), None)
        message = f"No estimate of {name.label} for these predictions"
        return empty_figure(theme, height=_HEIGHT, message=f"{message}:<br>{folded(why)}" if why else message)
    chunks = result.chunks
    timed = all(chunk.start is not None and chunk.end is not None for chunk in chunks)
    places = [_place(chunk) for chunk in chunks]
    figure = new_figure(
        theme,
        height=_HEIGHT,
        showlegend=True,
        hovermode="x" if timed else "closest",
        margin={"l": 44, "r": 10, "t": 26, "b": 24},
        xaxis=time_axis(theme, [_Span(chunk) for chunk in chunks])
        if timed
        else axis(theme, showgrid=False, title={"text": "rows"}),
        yaxis=axis(
            theme,
            nticks=5,
            range=value_range(
                [finite(value) for one in found if one is not None for value in (one.value, one.realised)],
                found,
                name.low,
                name.high,
            ),
        ),
    )
    add_estimates(figure, places, found, theme)
    real = [None if one is None or one.realised is None else finite(one.realised) for one in found]
    if any(value is not None for value in real):
        figure.add_scatter(
            x=places,
            y=real,
            mode="lines+markers",
            name="realised",
            line={"color": theme.blue, "width": 1.9},
            marker={
                "size": 5 if len(chunks) <= _MANY else 3,
                "color": [theme.blue if _complete(chunk) else theme.surface for chunk in chunks],
                "line": {"color": theme.blue, "width": 1.2},
            },
            hoverinfo="skip",
        )
    figure.add_scatter(  # what the pointer reads: one label per chunk, whichever line is under it
        x=places,
        y=[
            value if value is not None else None if one is None else finite(one.value)
            for value, one in zip(real, found, strict=True)
        ],
        mode="markers",
        marker={"size": 10, "opacity": 0},
        showlegend=False,
        text=[_hover(chunk, one, name.unit) for chunk, one in zip(chunks, found, strict=True)],
        hovertemplate="%{text}<extra></extra>",
    )
    return describe(
        figure,
        alt=_sentence(result, metric, found),
        caption=f"{name.label}, estimated and realised{' (UTC)' if timed else ''}",
        columns=[
            *("Window" if timed else "Chunk", "Estimate", "95% low", "95% high"),
            *("Realised", "Labelled", "Predictions"),
        ],
        rows=[
            [
                _label(chunk),
                *(
                    value_text(None if one is None else getattr(one, field), name.unit)
                    for field in ("value", "low", "high", "realised")
                ),
                count_text(chunk.n_labelled),
                count_text(chunk.n),
            ]
            for chunk, one in zip(chunks, found, strict=True)
        ],
        windows=len(chunks) if timed else 0,
    )


class _Span:
    """A chunk whose times are known."""

    def __init__(self, chunk: EstimatedChunk) -> None:
        assert chunk.start is not None  # noqa: S101 - asked for before
        assert chunk.end is not None  # noqa: S101
        self.start, self.end = chunk.start, chunk.end


def _sentence(result: PerformanceEstimate, metric: str, found: Sequence[MetricEstimate | None]) -> str:
    """Say what the figure shows to who does not see it."""
    name = metric_name(metric)
    drawn = [one for one in found if one is not None and one.value is not None]
    known = [
        one for one in drawn if one.realised is not None and one.low is not None and one.high is not None
    ]
    inside = sum((one.low or 0.0) <= (one.realised or 0.0) <= (one.high or 0.0) for one in known)
    said = f" Of {len(known)} realised values {inside} lie in their 95% interval." if known else ""
    kind = "windows" if result.chunks[0].start is not None else "chunks"
    return (
        f"{name.label} estimated without labels: {value_text(drawn[0].value, name.unit)} in the first of "
        f"{len(drawn)} {kind}, {value_text(drawn[-1].value, name.unit)} in the last.{said}"
    )


def _hover(chunk: EstimatedChunk, one: MetricEstimate | None, unit: str) -> str:
    """Return the label of one chunk."""
    lines = [_label(chunk)]
    if words := estimate_words(one, unit):
        lines.append(words)
    elif one is not None and one.reason:
        lines.append(folded(one.reason))
    if one is not None and one.realised is not None:
        lines.append(f"realised <b>{value_text(one.realised, unit)}</b>")
    share = f", {share_text(min(1.0, chunk.n_labelled / chunk.n))} labelled" if chunk.n else ""
    return "<br>".join([*lines, f"{count_text(chunk.n)} predictions{share}"])


def _complete(chunk: EstimatedChunk) -> bool:
    """Return whether enough labels are in for the realised metric to stay about the same."""
    return chunk.n > 0 and chunk.n_labelled >= COMPLETE * chunk.n


def _place(chunk: EstimatedChunk) -> str | float:
    """Where the chunk's point is drawn: the middle of its times, else of its rows."""
    if chunk.start is not None and chunk.end is not None:
        return naive(chunk.start + (chunk.end - chunk.start) / 2)
    return (chunk.first + chunk.last) / 2


def _label(chunk: EstimatedChunk) -> str:
    if chunk.start is not None and chunk.end is not None:
        return span_text(chunk.start, chunk.end)
    return f"rows {count_text(chunk.first)} to {count_text(chunk.last)}"
