"""Which features moved, over one window: the statistic that features are sorted by, as bars."""

from __future__ import annotations

import plotly.graph_objects as go

from assay.domain.answers import DriftWindow
from assay.figures.drift_statistics import (
    DRIFT,
    STATISTICS,
    beyond_chance,
    level,
    ranked,
    statistic,
)
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba

__all__ = ["drift_ranking_figure"]

_FEATURES = 30
_ROW = 22


def drift_ranking_figure(window: DriftWindow, *, theme: Theme) -> go.Figure:
    """Draw the Jensen-Shannon distance of each feature to the reference, the largest on top.

    Bars are pale where chance alone explains the distance; else they are coloured by the customary values
    (:data:`assay.figures.drift_statistics.STATISTICS`).

    Parameters
    ----------
    window : of at most 30 features, those that moved most, bars are drawn.
    theme : colours.
    """
    features = ranked([window])[:_FEATURES]
    if not features or not window.n:
        return empty_figure(theme, height=220, message="No features were logged in this period")
    values = [statistic(window.features[name], DRIFT) for name in features]
    colours = {"": theme.blue, "look": theme.amber, "large": theme.red}
    moved = [beyond_chance(window.features[name]) for name in features]
    rows = list(range(len(features)))
    figure = new_figure(
        theme,
        height=62 + _ROW * max(4, len(features)),
        hovermode="closest",
        margin={"l": 60, "r": 14, "t": 8, "b": 36},
        xaxis=axis(
            theme,
            range=[0, 1.04 * max(0.25, *(value or 0.0 for value in values))],
            title={"text": "Jensen-Shannon distance"},
        ),
        # Rows are numbered: as category names, hostile ones could collide with Plotly's own keys.
        yaxis=axis(
            theme,
            showgrid=False,
            tickvals=rows,
            ticktext=[plotly_text(name, limit=24) for name in features],
            range=[len(rows) - 0.5, -0.5],
        ),
    )
    figure.add_bar(
        x=values,
        y=rows,
        orientation="h",
        marker={
            "color": [
                rgba(colours[level(DRIFT, value)], 0.85) if real else rgba(theme.muted, 0.35)
                for value, real in zip(values, moved, strict=True)
            ],
            "line": {"width": 0},
        },
        text=[
            f"<b>{plotly_text(name, limit=60)}</b><br>{value_text(value, 'ratio')}"
            + ("" if real else ", no more than chance")
            for name, value, real in zip(features, values, moved, strict=True)
        ],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    return describe(
        figure,
        alt=(
            f"Drift of {len(features)} features; {shown(features[0], limit=40)} moved most, "
            f"{value_text(values[0], 'ratio')}."
        ),
        caption="Change against the reference, by feature",
        columns=["Feature", *(one.label for one in STATISTICS.values()), "n"],
        rows=[
            [
                shown(name, limit=60),
                *(
                    value_text(statistic(window.features[name], key), one.unit)
                    for key, one in STATISTICS.items()
                ),
                count_text(window.features[name].n_current),
            ]
            for name in features
        ],
    )
