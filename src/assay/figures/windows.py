"""What figures over time share: the place of windows on the axis, their marks, their coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import plotly.graph_objects as go

from assay.domain.answers import MetricWindow
from assay.figures.numbers import count_text, share_text
from assay.figures.theme import Theme, axis, naive, rgba

__all__ = [
    "COMPLETE",
    "add_earlier",
    "bar_widths",
    "complete",
    "coverage_sentence",
    "earlier_values",
    "middles",
    "runs",
    "time_axis",
]

COMPLETE = 0.9
"""A window is drawn as complete when this share of its predictions, or more, has its truth."""


class Spanning(Protocol):
    """Something with a start and an end."""

    @property
    def start(self) -> datetime:
        """First moment."""
        ...

    @property
    def end(self) -> datetime:
        """First moment after."""
        ...


def middles(windows: Sequence[Spanning]) -> list[str]:
    """Return the middle of each window, where its point is drawn."""
    return [naive(window.start + (window.end - window.start) / 2) for window in windows]


def bar_widths(windows: Sequence[Spanning]) -> list[float]:
    """Return each window's width in milliseconds, less a hair between bars."""
    return [(window.end - window.start).total_seconds() * 1000 * 0.92 for window in windows]


def complete(window: MetricWindow) -> bool:
    """Return whether enough of the window's truth is in for its figures to stay about the same."""
    return window.coverage is not None and window.coverage >= COMPLETE


def coverage_sentence(window: MetricWindow) -> str:
    """Say how many of the window's predictions have their truth."""
    if not window.n_predictions:
        return "no predictions"
    return (
        f"{count_text(window.n_labelled)} of {count_text(window.n_predictions)} labelled "
        f"({share_text(window.coverage)})"
    )


def runs(present: Sequence[bool]) -> list[range]:
    """Return the stretches of consecutive places that are present.

    >>> runs([True, True, False, True])
    [range(0, 2), range(3, 4)]
    """
    found: list[range] = []
    begin: int | None = None
    for place, here in enumerate([*present, False]):
        if here and begin is None:
            begin = place
        elif not here and begin is not None:
            found.append(range(begin, place))
            begin = None
    return found


def earlier_values(before: Sequence[MetricWindow], metric: str, places: int) -> list[float | None]:
    """Return the period before's values of `metric`, place by place; empty where there are none."""
    found = [window.metrics.get(metric) for window in before[:places]]
    values = [item.value if item is not None else None for item in found]
    values = [value if value is not None and math.isfinite(value) else None for value in values]
    return [*values, *[None] * (places - len(values))] if any(value is not None for value in values) else []


def add_earlier(
    figure: go.Figure, times: Sequence[str], values: Sequence[float | None], colour: str, name: str = "before"
) -> None:
    """Draw the period before beneath the rest, faint and dashed."""
    if values:
        figure.add_scatter(
            x=times,
            y=values,
            name=name,
            mode="lines",
            line={"color": rgba(colour, 0.6), "width": 1.3, "dash": "dash"},
            hoverinfo="skip",
        )


def time_axis(theme: Theme, windows: Sequence[Spanning], **given: Any) -> dict[str, Any]:
    """Return a time axis over exactly the given windows."""
    settings = axis(theme, type="date", showgrid=False, ticks="", nticks=5, tickangle=0) | given
    if windows:
        settings["hoverformat"] = "%-d %b %Y %H:%M"
        settings["range"] = [naive(windows[0].start), naive(windows[-1].end)]
    return settings
