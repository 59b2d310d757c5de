"""How often the model failed, by type of error."""

from __future__ import annotations

import plotly.graph_objects as go

from assay.domain.answers import MetricWindow
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text, share_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure

__all__ = ["error_types_figure"]

_HEIGHT = 214
_BARS = 10


def error_types_figure(window: MetricWindow | None, *, theme: Theme) -> go.Figure:
    """Draw the failures of a window by their type, the most frequent first.

    Parameters
    ----------
    window : with `error_types`; at most ten types have a bar of their own, the rest share one.
    theme : colours.
    """
    counts = {} if window is None else dict(window.error_types)
    if window is None or not counts:
        return empty_figure(theme, height=_HEIGHT, message="No failures in this period")
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    bars = [(plotly_text(name, limit=28), n) for name, n in ordered[:_BARS]]
    if rest := sum(n for _, n in ordered[_BARS:]):
        bars.append((f"{len(ordered) - _BARS} more types", rest))
    total = sum(counts.values())
    figure = new_figure(
        theme,
        height=_HEIGHT,
        hovermode="closest",
        bargap=0.25,
        margin={"l": 12, "r": 44, "t": 4, "b": 24},
        xaxis=axis(theme, rangemode="tozero", nticks=4, tickformat="~s"),
        # By place, for two names that are cut to the same text are still two.
        yaxis=axis(
            theme,
            autorange="reversed",
            showgrid=False,
            tickmode="array",
            tickvals=list(range(len(bars))),
            ticktext=[name for name, _ in bars],
        ),
    )
    figure.add_bar(
        x=[n for _, n in bars],
        y=list(range(len(bars))),
        orientation="h",
        marker={"color": theme.red},
        text=[count_text(n) for _, n in bars],
        textposition="outside",
        cliponaxis=False,
        hovertext=[f"{name}: {count_text(n)} ({share_text(n / total)} of the failures)" for name, n in bars],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    first, most = ordered[0]
    return describe(
        figure,
        alt=(
            f"{count_text(total)} failures by type; most often {shown(first)}, "
            f"{share_text(most / total)} of them."
        ),
        caption="Failures by type",
        columns=["Type", "Failures", "Share of failures"],
        rows=[[shown(name), count_text(n), share_text(n / total)] for name, n in ordered],
    )
