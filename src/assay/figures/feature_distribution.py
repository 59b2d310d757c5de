"""One feature's values in the reference and now, over one another."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from assay.domain.drift_distribution import FeatureDistribution
from assay.domain.feature_view import FeatureView
from assay.domain.rendering import number
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text, share_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba
from assay.stats.drift.histogram import Bar

__all__ = ["bar_label", "distribution_figure", "feature_distribution_figure"]

_HEIGHT = 420
_WIDE = 3.0  # an outer bar so many times as wide as the middle one is cut by the edge of the picture
_MUCH = 0.02
_OTHERS = "all others"


def feature_distribution_figure(view: FeatureView, *, theme: Theme) -> go.Figure:
    """Draw both distributions of a feature's page; see :func:`distribution_figure`.

    Parameters
    ----------
    view : with `bars`.
    theme : colours.
    """
    return _drawn(
        view.feature, view.bars, (view.reference.n, view.current.n), "this period", view.changes, theme
    )


def distribution_figure(found: FeatureDistribution, *, words: Sequence[str] = (), theme: Theme) -> go.Figure:
    """Draw both distributions: as densities over a number line, or as paired bars by value or category.

    Numbers with many values are drawn as the share of rows per unit, so that bars of different width
    compare by their area; what lies far out is cut by the edge and told by the pointer and the table.

    Parameters
    ----------
    found : the bars.
    words : what is to be said of them to who does not see them.
    theme : colours.
    """
    return _drawn(found.feature, found.bars, found.n, "current", words, theme)


def _drawn(
    feature: str, bars: Sequence[Bar], n: tuple[int, int], now: str, words: Sequence[str], theme: Theme
) -> go.Figure:
    """Draw the bars; `now` is how the current side is called."""
    ours, theirs = n
    if not bars or not (ours or theirs):
        return empty_figure(theme, height=_HEIGHT, message=f"No values of this feature in {_the(now)}")
    shares = [
        (bar.reference / ours if ours else 0.0, bar.current / theirs if theirs else 0.0) for bar in bars
    ]
    draw = _paired if any(bar.low is None or bar.low == bar.high for bar in bars) else _densities
    return describe(
        draw(bars, shares, now, theme),
        alt=(
            f"Distribution of {shown(feature, limit=60)}: {count_text(ours)} values of the reference "
            f"and {count_text(theirs)} of {_the(now)}. "
            + " ".join(shown(text, limit=160) for text in words[:2])
        ),
        caption="Rows by value",
        columns=["Value", "Reference", "Share", now.capitalize(), "Share", "Change"],
        rows=[
            [
                shown(bar_label(bar), limit=60),
                count_text(bar.reference),
                share_text(was),
                count_text(bar.current),
                share_text(is_now),
                f"{100 * (is_now - was):+.1f} pp",
            ]
            for bar, (was, is_now) in zip(bars, shares, strict=True)
        ],
    )


def _the(now: str) -> str:
    return now if now.startswith("this") else f"the {now} rows"


def bar_label(bar: Bar) -> str:
    """Return what a bar stands for.

    >>> [bar_label(Bar("", low, high, 0, 0)) for low, high in ((1.0, 2.5), (3.0, 3.0), (None, None))]
    ['1 to 2.5', '3', 'all others']
    """
    if bar.label:
        return f"{bar.label} (new)" if bar.new else bar.label
    if bar.low is None and bar.high is None:
        return _OTHERS
    if bar.low == bar.high:
        return number(bar.low)
    return f"{'' if bar.closed else 'over '}{number(bar.low)} to {number(bar.high)}"


def _hover(bar: Bar, was: float, is_now: float, now: str) -> str:
    """Return what the pointer reads on a bar."""
    return (
        f"<b>{plotly_text(bar_label(bar), limit=60)}</b><br>"
        f"reference {share_text(was)} ({count_text(bar.reference)})<br>"
        f"{now} {share_text(is_now)} ({count_text(bar.current)})"
    )


def _paired(bars: Sequence[Bar], shares: list[tuple[float, float]], now: str, theme: Theme) -> go.Figure:
    """Bars side by side; placed by number, since hostile names could collide with Plotly's own keys."""
    places = list(range(len(bars)))
    ticks = [plotly_text(bar_label(bar), limit=18) for bar in bars]
    crowded = len(places) > 12
    figure = new_figure(
        theme,
        height=_HEIGHT,
        barmode="group",
        bargap=0.25,
        bargroupgap=0.06,
        hovermode="closest",
        showlegend=True,
        margin={"l": 44, "r": 10, "t": 26, "b": 36},
        xaxis=axis(
            theme,
            showgrid=False,
            tickvals=places,
            ticktext=ticks,
            tickangle=-40 if crowded or max(map(len, ticks)) > 9 else 0,
            range=[-0.6, len(places) - 0.4],
        ),
        yaxis=axis(theme, tickformat=".0%", nticks=6, rangemode="tozero", title={"text": "share of values"}),
    )
    texts = [_hover(bar, *pair, now) for bar, pair in zip(bars, shares, strict=True)]
    for side, (name, colour) in enumerate((("reference", theme.muted), (now, theme.blue))):
        new = [side == 1 and bar.new for bar in bars]
        figure.add_bar(
            x=places,
            y=[pair[side] for pair in shares],
            name=name,
            marker={
                "color": [theme.amber if one else rgba(colour, 0.55 if side == 0 else 0.9) for one in new],
                "line": {"width": 0},
            },
            text=texts,
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    return figure


def _densities(bars: Sequence[Bar], shares: list[tuple[float, float]], now: str, theme: Theme) -> go.Figure:
    """Draw two outlines over one number line."""
    spans = [(bar.low or 0.0, bar.high or 0.0) for bar in bars]
    widths = [high - low for low, high in spans]
    middle = sorted(widths)[len(widths) // 2] or 1.0
    low, high = spans[0][0], spans[-1][1]
    inner = (spans[1][0], spans[-2][1]) if len(spans) > 2 else (low, high)
    for place in (0, -1):
        # A wide outer bar is cut where it is nearly empty; one that holds much is shown as far as can be.
        room = (_WIDE * middle) if max(shares[place]) < _MUCH else (inner[1] - inner[0])
        if place == 0:
            low = max(low, inner[0] - room)
        else:
            high = min(high, inner[1] + room)
    figure = new_figure(
        theme,
        height=_HEIGHT,
        hovermode="x",
        showlegend=True,
        margin={"l": 44, "r": 10, "t": 26, "b": 36},
        xaxis=axis(theme, showgrid=False, nticks=10, range=[low, high], title={"text": "value"}),
        yaxis=axis(theme, nticks=5, rangemode="tozero", title={"text": "share of values per unit"}),
    )
    x = [spans[0][0], *(edge for span in spans for edge in span), spans[-1][1]]
    tops: list[float] = []
    for side, (name, colour) in enumerate((("reference", theme.muted), (now, theme.blue))):
        heights = [pair[side] / width if width else 0.0 for pair, width in zip(shares, widths, strict=True)]
        tops = [max(pair) for pair in zip(tops or heights, heights, strict=True)]
        figure.add_scatter(
            x=x,
            y=[0.0, *(height for height in heights for _ in (0, 1)), 0.0],
            name=name,
            mode="lines",
            fill="tozeroy",
            fillcolor=rgba(colour, 0.22),
            line={"color": colour, "width": 1.6, "dash": "dot" if side == 0 else None},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[min(max((begin + end) / 2, low), high) for begin, end in spans],
        y=tops,
        mode="markers",
        marker={"size": 8, "opacity": 0},
        text=[_hover(bar, *pair, now) for bar, pair in zip(bars, shares, strict=True)],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    return figure
