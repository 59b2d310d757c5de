"""One metric over time, with its 95% interval and, below it, the share of labels that are in."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from assay.domain.answers import MetricWindow
from assay.figures.estimate_band import add_estimates, estimate_words
from assay.figures.metric_axis import value_range
from assay.figures.metric_names import MetricName, metric_name
from assay.figures.numbers import count_text, interval_text, share_text, span_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba
from assay.figures.windows import (
    add_earlier,
    bar_widths,
    complete,
    coverage_sentence,
    earlier_values,
    middles,
    runs,
    time_axis,
)
from assay.stats.estimation.result import MetricEstimate
from assay.stats.metrics import Estimate

__all__ = ["metric_figure"]

_HEIGHT = 214
_MANY = 60  # more windows than this get no markers


def metric_figure(
    windows: Sequence[MetricWindow],
    metric: str,
    *,
    theme: Theme,
    before: Sequence[MetricWindow] = (),
    estimates: Sequence[MetricEstimate | None] = (),
) -> go.Figure:
    """Draw `metric` over `windows`.

    The line is solid where a window is complete (see `COMPLETE`) and dotted where labels are still
    missing; the band is the 95% interval. The strip below is filled to the share of labels that are
    in. Windows without a value leave a gap. Metrics that need no labels have no dots and no strip.

    Parameters
    ----------
    windows : in order of time, at most some 400.
    metric : a key of ``MetricWindow.metrics``.
    theme : colours.
    before : the windows of the period before, drawn faintly, the first one under the first.
    estimates : what was to be expected without labels, for each window; drawn beneath as a dashed line in a
        band, also where no label is in yet. Where the metric leaves the band, the truth no longer follows
        from the score as it did.
    """
    expected = [*estimates, *[None] * (len(windows) - len(estimates))]
    told = any(one is not None and one.value is not None for one in expected)
    name = metric_name(metric)
    found = [window.metrics.get(metric) for window in windows]
    values = [None if item is None else _finite(item.value) for item in found]
    if not told and not any(value is not None for value in values):
        waiting = any(window.n_predictions for window in windows) and not name.unlabelled
        return empty_figure(
            theme,
            height=_HEIGHT,
            message="No labels yet in this period" if waiting else "No predictions in this period",
        )
    earlier = earlier_values(before, metric, len(windows))
    figure = new_figure(
        theme,
        height=_HEIGHT,
        xaxis=time_axis(theme, windows, anchor="y" if name.unlabelled else "y2"),
        yaxis=axis(
            theme,
            domain=[0, 1] if name.unlabelled else [0.2, 1],
            range=value_range(
                [*values, *earlier, *(None if one is None else one.value for one in expected)],
                [*found, *expected],
                name.low,
                name.high,
            ),
            nticks=5,
            tickformat=(".0%" if _top(values) > 0.05 else ".1%") if name.unit == "share" else None,
        ),
        yaxis2=axis(theme, domain=[0, 0.1], range=[0, 1], showgrid=False, showticklabels=False),
        bargap=0,
        barmode="stack",
    )
    times = middles(windows)
    add_earlier(figure, times, earlier, theme.muted)
    if told:
        add_estimates(figure, times, expected, theme)
    _add_band(figure, times, found, theme)
    _add_lines(figure, windows, times, values, theme, labelled=not name.unlabelled)
    figure.add_scatter(  # what the pointer reads: one label per window, whichever line is under it
        x=times,
        y=[
            one.value if value is None and one is not None else value
            for value, one in zip(values, expected, strict=True)
        ],
        mode="markers",
        marker={"size": 10, "opacity": 0},
        text=[
            _hover(window, item, name.unit)
            + (f"<br>{words}" if (words := estimate_words(one, name.unit)) else "")
            + ("" if value is None else f"<br>before: {value_text(value, name.unit)}")
            for window, item, one, value in zip(
                windows, found, expected, earlier or [None] * len(windows), strict=True
            )
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    if not name.unlabelled:
        _add_coverage(figure, windows, times, theme)
    return describe(
        figure,
        alt=_sentence(windows, values, expected, name),
        caption=f"{name.label} by window (UTC)",
        columns=[
            *("Window", name.label, "95% low", "95% high", "Predictions", "Labelled", "Labels in"),
            *(("Estimated", "Estimate, low", "Estimate, high") if told else ()),
        ],
        rows=[
            [
                span_text(window.start, window.end),
                value_text(value, name.unit),
                value_text(item.low if item else None, name.unit),
                value_text(item.high if item else None, name.unit),
                count_text(window.n_predictions),
                count_text(window.n_labelled),
                share_text(window.coverage),
                *(
                    value_text(None if one is None else getattr(one, field), name.unit)
                    for field in (("value", "low", "high") if told else ())
                ),
            ]
            for window, item, one, value in zip(windows, found, expected, values, strict=True)
        ],
        windows=len(windows),
    )


def _sentence(
    windows: Sequence[MetricWindow],
    values: Sequence[float | None],
    expected: Sequence[MetricEstimate | None],
    name: MetricName,
) -> str:
    """Say what the figure shows to who does not see it."""
    said = []
    drawn = [(window, value) for window, value in zip(windows, values, strict=True) if value is not None]
    if drawn:
        first, last = drawn[0], drawn[-1]
        said.append(
            f"{name.label} over time: {value_text(first[1], name.unit)} in "
            f"{span_text(first[0].start, first[0].end)}, {value_text(last[1], name.unit)} in "
            f"{span_text(last[0].start, last[0].end)}, where {coverage_sentence(last[0])}."
        )
    told = [(window, one) for window, one in zip(windows, expected, strict=True) if one is not None]
    told = [(window, one) for window, one in told if one.value is not None]
    if told:
        window, one = told[-1]
        said.append(
            f"Estimated without labels, {name.label} is {value_text(one.value, name.unit)} in "
            f"{span_text(window.start, window.end)}."
        )
    return " ".join(said)


def _top(values: Sequence[float | None]) -> float:
    """Return the largest value; 1 where there is none."""
    return max((value for value in values if value is not None), default=1.0)


def _finite(value: float | None) -> float | None:
    """Return `value`, or None where it cannot be drawn."""
    return value if value is not None and math.isfinite(value) else None


def _hover(window: MetricWindow, item: Estimate | None, unit: str) -> str:
    """Return the label of one window."""
    text = f"{span_text(window.start, window.end)}<br><b>{value_text(item.value if item else None, unit)}</b>"
    if item is not None and item.low is not None and item.high is not None:
        text += f"  95%: {interval_text(item.low, item.high, unit)}"
    return f"{text}<br>{coverage_sentence(window)}"


def _add_band(
    figure: go.Figure, times: Sequence[str], found: Sequence[Estimate | None], theme: Theme
) -> None:
    """Draw the intervals: one closed outline for each stretch without a gap."""
    lows = [None if item is None else _finite(item.low) for item in found]
    highs = [None if item is None else _finite(item.high) for item in found]
    present = [low is not None and high is not None for low, high in zip(lows, highs, strict=True)]
    x: list[str | None] = []
    y: list[float | None] = []
    for run in runs(present):
        x += [times[place] for place in run] + [times[place] for place in reversed(run)] + [None]
        y += [highs[place] for place in run] + [lows[place] for place in reversed(run)] + [None]
    if x:
        figure.add_scatter(
            x=x[:-1],
            y=y[:-1],
            mode="lines",
            fill="toself",
            fillcolor=rgba(theme.blue, 0.16),
            line={"width": 0.5, "color": rgba(theme.blue, 0.16)},
            hoverinfo="skip",
        )


def _add_lines(
    figure: go.Figure,
    windows: Sequence[MetricWindow],
    times: Sequence[str],
    values: Sequence[float | None],
    theme: Theme,
    *,
    labelled: bool,
) -> None:
    """Draw a solid line through complete windows and a dotted one through the others.

    Where the metric is not `labelled`, it needs no labels, and every window is complete.
    """
    whole = [not labelled or complete(window) for window in windows]
    present = [value is not None for value in values]
    solid = [value if here else None for value, here in zip(values, whole, strict=True)]
    # A dotted line starts and ends at its complete neighbours, so that the two lines meet.
    near = [
        not whole[place]
        or (place > 0 and present[place - 1] and not whole[place - 1])
        or (place + 1 < len(whole) and present[place + 1] and not whole[place + 1])
        for place in range(len(whole))
    ]
    dotted = [value if here else None for value, here in zip(values, near, strict=True)]
    marks = "lines+markers" if len(values) <= _MANY else "lines"
    if any(value is not None for value in dotted):
        figure.add_scatter(
            x=times,
            y=dotted,
            mode="lines",
            line={"color": rgba(theme.blue, 0.75), "width": 1.5, "dash": "dot"},
            hoverinfo="skip",
        )
        hollow = [value if not here else None for value, here in zip(values, whole, strict=True)]
        figure.add_scatter(
            x=times,
            y=hollow,
            mode="markers",
            marker={
                "size": 5 if len(values) <= _MANY else 3,
                "color": theme.surface,
                "line": {"color": theme.blue, "width": 1.2},
            },
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=times,
        y=solid,
        mode=marks,
        line={"color": theme.blue, "width": 1.9},
        marker={"size": 4, "color": theme.blue},
        hoverinfo="skip",
    )


def _add_coverage(
    figure: go.Figure, windows: Sequence[MetricWindow], times: Sequence[str], theme: Theme
) -> None:
    """Draw the strip of labels: filled as far as they are in, hatched for the rest."""
    shares = [window.coverage if window.n_predictions else None for window in windows]
    common = {"x": times, "width": bar_widths(windows), "yaxis": "y2", "hoverinfo": "skip"}
    figure.add_bar(
        y=shares,
        marker={
            "color": [rgba(theme.teal, 0.85 if complete(window) else 0.5) for window in windows],
            "line": {"width": 0},
        },
        **common,
    )
    figure.add_bar(
        y=[None if share is None else 1 - share for share in shares],
        marker={
            "color": rgba(theme.muted, 0.12),
            "line": {"width": 0},
            "pattern": {"shape": "/", "size": 4, "fgcolor": rgba(theme.muted, 0.55), "solidity": 0.25}
            if len(windows) <= 2 * _MANY
            else None,
        },
        **common,
    )
