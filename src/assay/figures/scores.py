"""Distribution of scores, by what came true."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import plotly.graph_objects as go

from assay.domain.answers import Calibration
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba

__all__ = ["score_figure"]

_HEIGHT = 320
_BARS = 50
UNLABELLED = "unlabelled"


def score_figure(calibration: Calibration, *, theme: Theme) -> go.Figure:
    """Draw how often each score was given, one colour for each true class.

    A good model's classes lie apart. Scores without truth are drawn in grey.

    Parameters
    ----------
    calibration : with `score_edges` and `score_counts`; cells are joined to at most 50 bars.
    theme : colours.
    """
    edges, counts = calibration.score_edges, calibration.score_counts
    if len(edges) < 2 or not any(max(row, default=0) for row in counts.values()):
        return empty_figure(theme, height=_HEIGHT, message="No scores in this period")
    step = max(1, -(-(len(edges) - 1) // _BARS))
    cuts = [*range(0, len(edges) - 1, step), len(edges) - 1]
    spans = list(itertools.pairwise(cuts))
    centres = [(edges[low] + edges[high]) / 2 for low, high in spans]
    widths = [edges[high] - edges[low] for low, high in spans]
    figure = new_figure(
        theme,
        height=_HEIGHT,
        barmode="overlay",
        bargap=0,
        hovermode="x",
        showlegend=True,
        margin={"l": 44, "r": 10, "t": 26, "b": 36},
        xaxis=axis(theme, showgrid=False, title={"text": "score"}, range=[edges[0], edges[-1]], nticks=6),
        yaxis=axis(theme, nticks=5, tickformat="~s"),
    )
    classes = sorted((name for name in counts if name != UNLABELLED), key=lambda name: -sum(counts[name]))
    colours = (theme.blue, theme.amber, theme.teal, theme.violet, theme.red)
    drawn = [(name, colours[place % len(colours)]) for place, name in enumerate(classes[:5])]
    if max(counts.get(UNLABELLED, ()), default=0):
        drawn.append((UNLABELLED, theme.muted))
    joined = {name: _join(counts[name], spans) for name, _ in drawn}
    for name, colour in drawn:
        label = "no truth yet" if name == UNLABELLED else f"truth {plotly_text(name, limit=24)}"
        figure.add_bar(
            x=centres,
            y=joined[name],
            width=widths,
            name=label,
            marker={"color": rgba(colour, 0.5), "line": {"width": 0}},
            text=[f"{label}: {count_text(count)}" for count in joined[name]],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    return describe(
        figure,
        alt="Distribution of scores: "
        + ", ".join(
            f"{count_text(sum(joined[name]))} predictions "
            + ("without truth yet" if name == UNLABELLED else f"whose truth is {shown(name, limit=40)}")
            for name, _ in drawn
        )
        + ".",
        caption="Predictions by score",
        columns=["Score from", "to", *(shown(name, limit=40) for name, _ in drawn)],
        rows=[
            [
                f"{edges[low]:.3f}",
                f"{edges[high]:.3f}",
                *(count_text(joined[name][place]) for name, _ in drawn),
            ]
            for place, (low, high) in enumerate(spans)
        ],
    )


def _join(counts: Sequence[int], spans: Sequence[tuple[int, int]]) -> list[int]:
    """Add up neighbouring cells."""
    return [sum(counts[low:high]) for low, high in spans]
