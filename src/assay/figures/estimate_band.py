"""Estimates without labels as figures draw them: a dashed line in the band of its 95% intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from assay.figures.names import plotly_text
from assay.figures.numbers import interval_text, value_text
from assay.figures.theme import Theme, rgba
from assay.figures.windows import runs
from assay.stats.estimation.result import MetricEstimate

__all__ = ["add_estimates", "estimate_words", "finite", "folded"]

_MANY = 60  # more points than this get no markers


def add_estimates(
    figure: go.Figure, places: Sequence[str | float], found: Sequence[MetricEstimate | None], theme: Theme
) -> None:
    """Draw the intervals, an outline for each stretch without a gap, and a line through the estimates.

    Parameters
    ----------
    figure : what is drawn into.
    places : where each estimate is on the horizontal axis.
    found : one for each place; None, or one without a value, leaves a gap.
    theme : colours.
    """
    lows = [None if one is None else finite(one.low) for one in found]
    highs = [None if one is None else finite(one.high) for one in found]
    present = [low is not None and high is not None for low, high in zip(lows, highs, strict=True)]
    x: list[Any] = []
    y: list[float | None] = []
    for run in runs(present):
        x += [places[place] for place in run] + [places[place] for place in reversed(run)] + [None]
        y += [highs[place] for place in run] + [lows[place] for place in reversed(run)] + [None]
    if x:
        figure.add_scatter(
            x=x[:-1],
            y=y[:-1],
            mode="lines",
            fill="toself",
            fillcolor=rgba(theme.violet, 0.15),
            line={"width": 0.5, "color": rgba(theme.violet, 0.15)},
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=list(places),
        y=[None if one is None else finite(one.value) for one in found],
        mode="lines+markers" if len(places) <= _MANY else "lines",
        name="estimated, 95% interval",
        line={"color": theme.violet, "width": 1.5, "dash": "dash"},
        marker={"size": 3, "color": theme.violet},
        hoverinfo="skip",
    )


def estimate_words(one: MetricEstimate | None, unit: str) -> str:
    """Return what the pointer reads of an estimate; empty where there is none."""
    if one is None or one.value is None:
        return ""
    interval = ""
    if one.low is not None and one.high is not None:
        interval = f"  95%: {interval_text(one.low, one.high, unit)}"
    return f"estimated <b>{value_text(one.value, unit)}</b>{interval}"


def folded(text: str, width: int = 56) -> str:
    """Break a sentence into lines, as Plotly has them.

    >>> folded("one two three", 8)
    'one two<br>three'
    """
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(plotly_text(line, limit=2 * width) for line in lines)


def finite(value: float | None) -> float | None:
    """Return `value`, or None where it cannot be drawn."""
    return value if value is not None and math.isfinite(value) else None
