"""Reliability curve: what share of predictions with a score of 0.7 really were positive."""

from __future__ import annotations

import plotly.graph_objects as go

from assay.domain.answers import Calibration
from assay.figures.numbers import count_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba
from assay.stats.metrics.intervals import wilson

__all__ = ["reliability_figure"]

_HEIGHT = 320


def reliability_figure(calibration: Calibration, *, theme: Theme) -> go.Figure:
    """Draw the share of positives against the mean score, bin by bin, and below it the bins' sizes.

    Points on the diagonal are calibrated; below it, scores are too high. Bars are 95% intervals.

    Parameters
    ----------
    calibration : with `bins` (mean score, share of positives, n); of several classes, they are of the most
        probable one, and of how often the prediction was right.
    theme : colours.
    """
    bins = [item for item in calibration.bins if item[2] > 0]
    if not bins:
        return empty_figure(theme, height=_HEIGHT, message="No labelled scores in this period")
    came, column = ("right", "Share right") if calibration.many_classes else ("positive", "Share positive")
    scores = [score for score, _, _ in bins]
    shares = [share for _, share, _ in bins]
    intervals = [wilson(share * n, n) for _, share, n in bins]
    bounds = [(low or 0.0, 1.0 if high is None else high) for low, high in intervals]
    sizes = [n for _, _, n in bins]
    figure = new_figure(
        theme,
        height=_HEIGHT,
        hovermode="closest",
        margin={"l": 44, "r": 10, "t": 8, "b": 36},
        xaxis=axis(theme, range=[-0.02, 1.02], anchor="y2", title={"text": "mean score"}, nticks=6),
        yaxis=axis(theme, domain=[0.26, 1], range=[-0.02, 1.02], title={"text": column.lower()}, nticks=6),
        yaxis2=axis(theme, domain=[0, 0.18], nticks=3, tickformat="~s", showgrid=False),
    )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": theme.muted, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=scores,
        y=shares,
        mode="lines+markers",
        line={"color": theme.blue, "width": 1.9},
        marker={"size": 7, "color": theme.blue},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - share for share, (_, high) in zip(shares, bounds, strict=True)],
            "arrayminus": [share - low for share, (low, _) in zip(shares, bounds, strict=True)],
            "color": rgba(theme.blue, 0.5),
            "thickness": 1.2,
            "width": 3,
        },
        text=[
            f"scored <b>{score:.3f}</b> on average<br><b>{share:.1%}</b> were {came}"
            f"<br>{count_text(n)} labelled predictions"
            for score, share, n in bins
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    figure.add_bar(
        x=scores,
        y=sizes,
        width=[0.055] * len(bins),
        yaxis="y2",
        marker={"color": rgba(theme.blue, 0.45), "line": {"width": 0}},
        hoverinfo="skip",
    )
    worst = max(bins, key=lambda item: abs(item[0] - item[1]))
    return describe(
        figure,
        alt=(
            f"Reliability curve of {count_text(calibration.n_labelled)} labelled predictions; "
            f"the largest gap: scores around {worst[0]:.2f} were {came} in {worst[1]:.0%}."
        ),
        caption="Reliability by bin of score",
        columns=["Mean score", column, "95% low", "95% high", "Labelled"],
        rows=[
            [
                f"{score:.3f}",
                f"{share:.3f}",
                value_text(low, "ratio"),
                value_text(high, "ratio"),
                count_text(n),
            ]
            for (score, share, n), (low, high) in zip(bins, bounds, strict=True)
        ],
    )
