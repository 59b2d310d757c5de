"""Colours and the common look of all figures, for light and dark surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import plotly.graph_objects as go

__all__ = ["DARK", "FONT", "LIGHT", "Theme", "describe", "empty_figure", "naive", "new_figure", "rgba"]

FONT = '"Inter", "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a figure; `scale` runs from "no change" to "large change"."""

    name: str
    text: str
    muted: str
    grid: str
    surface: str
    blue: str
    teal: str
    amber: str
    red: str
    violet: str
    scale: tuple[str, ...]

    @property
    def series(self) -> tuple[str, ...]:
        """Colours of several lines in one chart."""
        return (self.blue, self.amber, self.red, self.teal, self.violet)


LIGHT = Theme(
    name="light",
    text="#1c2330",
    muted="#667085",
    grid="#e9ecf1",
    surface="#ffffff",
    blue="#3563d9",
    teal="#0f8f83",
    amber="#d97c0b",
    red="#d23b48",
    violet="#7b55d3",
    scale=("#f4f6fa", "#fde6c4", "#f7b267", "#e8703a", "#b3242f"),
)
DARK = Theme(
    name="dark",
    text="#e5e8ee",
    muted="#939dae",
    grid="#262c38",
    surface="#161a22",
    blue="#7aa2ff",
    teal="#43c6b4",
    amber="#f0a84b",
    red="#f2717b",
    violet="#b199f5",
    scale=("#1d222c", "#4b3a23", "#9a6424", "#dd7a35", "#ff6b66"),
)


def rgba(colour: str, alpha: float) -> str:
    """Return the hex `colour` with an opacity.

    >>> rgba("#ff0080", 0.5)
    'rgba(255,0,128,0.5)'
    """
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def naive(moment: datetime) -> str:
    """Return `moment` as Plotly's date text in UTC, without a zone, so that no browser shifts it."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return text.removesuffix(":00").removesuffix(" 00:00")


def axis(theme: Theme, **given: Any) -> dict[str, Any]:
    """Return the settings common to all axes, with those `given`."""
    title = {"font": {"size": 11, "color": theme.muted}} | given.pop("title", {})
    return {
        "gridcolor": theme.grid,
        "linecolor": theme.grid,
        "zeroline": False,
        "tickfont": {"size": 11, "color": theme.muted},
        "title": title,
        "automargin": True,
        "fixedrange": True,
    } | given


def new_figure(theme: Theme, *, height: int, **layout: Any) -> go.Figure:
    """Return an empty figure in the look of `theme`."""
    settings: dict[str, Any] = {
        "template": None,
        "height": height,
        "margin": {"l": 44, "r": 10, "t": 8, "b": 24},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": theme.text},
        "hoverlabel": {
            "bgcolor": theme.surface,
            "bordercolor": theme.grid,
            "font": {"family": FONT, "size": 12, "color": theme.text},
            "align": "left",
        },
        "hovermode": "x",
        "dragmode": False,
        "showlegend": False,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 11, "color": theme.muted},
            "itemclick": "toggle",
        },
        "xaxis": axis(theme, showgrid=False),
        "yaxis": axis(theme),
    }
    # All of the layout is given at once: changing a figure's layout later costs as much as all the rest.
    for key, value in layout.items():
        settings[key] = settings.get(key, {}) | value if isinstance(value, dict) else value
    return go.Figure(layout=settings)


def describe(
    figure: go.Figure, *, alt: str, caption: str, columns: list[str], rows: list[list[str]], windows: int = 0
) -> go.Figure:
    """Attach to `figure` the sentence and the table for readers who do not see it, and return it.

    `windows`, of a figure over time, is into how many equal windows its time axis is cut.
    """
    meta: dict[str, Any] = {"alt": alt, "table": {"caption": caption, "columns": columns, "rows": rows}}
    figure.layout.meta = meta | ({"windows": windows} if windows else {})
    return figure


def empty_figure(theme: Theme, *, height: int, message: str) -> go.Figure:
    """Return a figure that says why there is nothing to draw."""
    figure = new_figure(theme, height=height, xaxis={"visible": False}, yaxis={"visible": False})
    figure.add_annotation(
        text=message,
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        showarrow=False,
        font={"size": 13, "color": theme.muted},
    )
    return describe(figure, alt=message, caption=message, columns=[], rows=[])
