"""Distribution of scores, or of one class's probability, by what came true."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from assay.domain.answers import Calibration
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text, share_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba

__all__ = ["score_figure"]

_HEIGHT = 320
_BARS = 50
UNLABELLED = "unlabelled"


def score_figure(calibration: Calibration, *, theme: Theme, label: str = "") -> go.Figure:
    """Draw how often each score was given, one colour for each true class.

    A good model's classes lie apart. Scores without truth are drawn in grey. Of several classes, one's
    probability is drawn: where the class came true, and where another did. These are often many more, so
    each colour's bars are shares of its own predictions then.

    Parameters
    ----------
    calibration : with `score_edges` and `score_counts` or `class_scores`; cells are joined to at most 50
        bars.
    theme : colours.
    label : which of several classes; empty: the one that came true most often.
    """
    edges = calibration.score_edges
    if calibration.many_classes:
        label = label or next(iter(calibration.class_scores))
        counts, axis_title = _of_class(calibration, label), f"probability of {plotly_text(label, limit=24)}"
        nothing = f"No probabilities of {plotly_text(label, limit=40)} in this period"
    else:
        counts, axis_title = _of_scores(calibration), "score"
        nothing = "No scores in this period"
    if len(edges) < 2 or not any(max(series.counts, default=0) for series in counts):
        return empty_figure(theme, height=_HEIGHT, message=nothing)
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
        xaxis=axis(theme, showgrid=False, title={"text": axis_title}, range=[edges[0], edges[-1]], nticks=6),
        yaxis=axis(theme, nticks=5, tickformat=".0%" if calibration.many_classes else "~s"),
    )
    colours = (theme.blue, theme.amber, theme.teal, theme.violet, theme.red)
    joined = [_join(series.counts, spans) for series in counts]
    for place, (series, bars) in enumerate(zip(counts, joined, strict=True)):
        colour = colours[place % len(colours)] if series.labelled else theme.muted
        whole = sum(bars) if calibration.many_classes else 1
        figure.add_bar(
            x=centres,
            y=[count / whole for count in bars] if calibration.many_classes else bars,
            width=widths,
            name=series.legend,
            marker={"color": rgba(colour, 0.5), "line": {"width": 0}},
            text=[
                f"{series.legend}: {count_text(count)}"
                + (f" ({share_text(count / whole)} of them)" if calibration.many_classes else "")
                for count in bars
            ],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    what = f"the probability of {shown(label, limit=40)}" if calibration.many_classes else "scores"
    return describe(
        figure,
        alt=f"Distribution of {what}: "
        + ", ".join(
            f"{count_text(sum(bars))} predictions {series.words}"
            for series, bars in zip(counts, joined, strict=True)
        )
        + ".",
        caption=f"Predictions by {what.removesuffix('s')}",
        columns=["Score from", "to", *(series.column for series in counts)],
        rows=[
            [f"{edges[low]:.3f}", f"{edges[high]:.3f}", *(count_text(bars[place]) for bars in joined)]
            for place, (low, high) in enumerate(spans)
        ],
    )


@dataclass(frozen=True, slots=True)
class _Series:
    """The counts of one colour, and how they are called in the legend, the table and the sentence."""

    counts: Sequence[int]
    legend: str
    column: str
    words: str
    labelled: bool = True


def _of_scores(calibration: Calibration) -> list[_Series]:
    """Return a binary model's scores by truth: at most five classes, then those without truth."""
    counts = calibration.score_counts
    classes = sorted((name for name in counts if name != UNLABELLED), key=lambda name: -sum(counts[name]))
    drawn = [
        _Series(
            counts[name],
            f"truth {plotly_text(name, limit=24)}",
            shown(name, limit=40),
            f"whose truth is {shown(name, limit=40)}",
        )
        for name in classes[:5]
    ]
    return [*drawn, *_waiting(counts.get(UNLABELLED, ()))]


def _of_class(calibration: Calibration, label: str) -> list[_Series]:
    """Return one class's probability where it came true, where another did, and without truth."""
    one = calibration.class_scores.get(label)
    if one is None:
        return []
    name = shown(label, limit=40)
    drawn = [
        _Series(one.own, f"truth {plotly_text(label, limit=24)}", name, f"whose truth is {name}"),
        _Series(one.others, "another truth", "another truth", "whose truth is another"),
    ]
    return [*(series for series in drawn if max(series.counts, default=0)), *_waiting(one.unlabelled)]


def _waiting(counts: Sequence[int]) -> list[_Series]:
    """Return the series of those without truth, where there are any."""
    if not max(counts, default=0):
        return []
    return [_Series(counts, "no truth yet", UNLABELLED, "without truth yet", labelled=False)]


def _join(counts: Sequence[int], spans: Sequence[tuple[int, int]]) -> list[int]:
    """Add up neighbouring cells."""
    return [sum(counts[low:high]) for low, high in spans]
