"""Confusion matrix: what was predicted for what came true."""

from __future__ import annotations

import plotly.graph_objects as go

from assay.domain.answers import Calibration
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text, share_text, short_count
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba

__all__ = ["confusion_figure"]

_HEIGHT = 320
_CLASSES = 20
_REST = "all others"


def confusion_figure(calibration: Calibration, *, theme: Theme) -> go.Figure:
    """Draw the matrix; colour is the share of its row, the actual class.

    Parameters
    ----------
    calibration : with `confusion`; beyond the 20 most frequent classes, the rest share one.
    theme : colours.
    """
    counts = {pair: n for pair, n in calibration.confusion.items() if n}
    if not counts:
        return empty_figure(theme, height=_HEIGHT, message="No labelled predictions in this period")
    classes, matrix = _matrix(counts)
    rows = [sum(row) for row in matrix]
    shares = [[n / rows[place] if rows[place] else 0.0 for n in row] for place, row in enumerate(matrix)]
    ticks = [plotly_text(name, limit=16) for name in classes]
    places = list(range(len(classes)))
    figure = new_figure(
        theme,
        height=_HEIGHT,
        hovermode="closest",
        margin={"l": 44, "r": 10, "t": 8, "b": 36},
        xaxis=axis(
            theme,
            showgrid=False,
            tickvals=places,
            ticktext=ticks,
            title={"text": "predicted"},
            range=[-0.5, len(classes) - 0.5],
        ),
        yaxis=axis(
            theme,
            showgrid=False,
            tickvals=places,
            ticktext=ticks,
            title={"text": "truth"},
            range=[len(classes) - 0.5, -0.5],
        ),
    )
    # Classes are placed by number: as category names, hostile ones could collide with Plotly's own keys.
    figure.add_heatmap(
        x=places,
        y=places,
        z=shares,
        zmin=0,
        zmax=1,
        colorscale=[[0, rgba(theme.blue, 0.04)], [1, rgba(theme.blue, 0.82)]],
        showscale=False,
        xgap=2,
        ygap=2,
        text=[
            [
                f"truth <b>{ticks[row]}</b>, predicted <b>{ticks[col]}</b><br>{count_text(n)} "
                f"({share_text(shares[row][col])} of this truth)"
                for col, n in enumerate(line)
            ]
            for row, line in enumerate(matrix)
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    if len(classes) <= 8:
        for row, line in enumerate(matrix):
            for col, n in enumerate(line):
                figure.add_annotation(
                    x=col,
                    y=row,
                    text=f"<b>{share_text(shares[row][col])}</b><br>{short_count(n)}",
                    showarrow=False,
                    font={
                        "size": 13 if len(classes) <= 4 else 11,
                        "color": theme.surface if shares[row][col] > 0.55 else theme.text,
                    },
                )
    right = sum(matrix[place][place] for place in places if classes[place] != _REST)
    names = [shown(name, limit=40) for name in classes]
    return describe(
        figure,
        alt=(
            f"Confusion matrix of {count_text(sum(rows))} labelled predictions, "
            f"{share_text(right / sum(rows))} on the diagonal."
        ),
        caption="Labelled predictions by truth (rows) and prediction (columns)",
        columns=["Truth", *names],
        rows=[[names[place], *(count_text(n) for n in matrix[place])] for place in places],
    )


def _matrix(counts: dict[tuple[str, str], int]) -> tuple[list[str], list[list[int]]]:
    """Return the classes, most frequent first beyond 20, and the counts by truth and prediction."""
    totals: dict[str, int] = {}
    for (actual, predicted), n in counts.items():
        totals[actual] = totals.get(actual, 0) + n
        totals[predicted] = totals.get(predicted, 0) + n
    classes = sorted(totals)
    if len(classes) > _CLASSES:
        classes = [*sorted(sorted(totals, key=lambda name: (-totals[name], name))[: _CLASSES - 1]), _REST]
    place = {name: number for number, name in enumerate(classes)}
    last = len(classes) - 1
    matrix = [[0] * len(classes) for _ in classes]
    for (actual, predicted), n in counts.items():
        matrix[place.get(actual, last)][place.get(predicted, last)] += n
    return classes, matrix
