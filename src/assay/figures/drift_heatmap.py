"""Which features moved, and when: drift of every feature in every window."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from assay.domain.answers import DriftWindow
from assay.domain.window_drift import WindowDrift
from assay.figures.drift_statistics import DRIFT, beyond_chance, ranked, statistic
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import span_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure
from assay.figures.verdicts import against_floor, beyond_chance_of, finding_words
from assay.figures.windows import middles, time_axis
from assay.stats.drift import FeatureDrift

__all__ = ["drift_heatmap"]

MAX_FEATURES = 40
"""Rows of the map; the features that moved most are drawn."""

_ROW, _TALL_ROW, _FEW = 19, 28, 15
_FULL = 0.6  # the colour scale's end: always the same, so that periods and models can be compared
_FULL_RATIO = 6.0  # the same, of effects over their floor
_CHANCE = "<br>no more than chance"


def drift_heatmap(
    windows: Sequence[DriftWindow],
    *,
    theme: Theme,
    whole: DriftWindow | None = None,
    limit: int = MAX_FEATURES,
    verdicts: Sequence[WindowDrift | None] = (),
) -> go.Figure:
    """Draw how far each feature has moved from the reference in each window, the most moved on top.

    With `verdicts`, cells are coloured by the size of the change over the smallest that matters, and a mark
    stands in each where the feature has drifted; without, by the Jensen-Shannon distance. Cells whose change
    chance alone explains stay pale, whatever their size; the pointer reads it all the same.

    Parameters
    ----------
    windows : in order of time, at most some 400.
    theme : colours.
    whole : the period as one window, whose drift orders the rows; None: the windows' average does. (Within
        a day, a weekday or the weather is always far from a reference of months.)
    limit : rows drawn at most.
    verdicts : on each window; None where there is none.
    """
    filled = [window for window in windows if window.n]
    if not any(window.features for window in filled):
        return empty_figure(theme, height=220, message="No features were logged in this period")
    features = ranked([whole] if whole is not None and whole.n else filled)[:limit]
    matrix = [
        [statistic(window.features.get(feature), DRIFT) if window.n else None for window in windows]
        for feature in features
    ]
    labels = [plotly_text(feature, limit=24) for feature in features]
    spans = [span_text(window.start, window.end) for window in windows]
    texts = [
        [
            _hover(window.features.get(feature), value, window.n)
            for window, value in zip(windows, row, strict=True)
        ]
        for feature, row in zip(features, matrix, strict=True)
    ]
    told = any(verdict is not None for verdict in verdicts)
    judged = [*verdicts, *[None] * (len(windows) - len(verdicts))]
    if told:
        colours = [[_ratio(verdict, feature) for verdict in judged] for feature in features]
        texts = [
            [_with_verdict(text, verdict, feature) for text, verdict in zip(row, judged, strict=True)]
            for feature, row in zip(features, texts, strict=True)
        ]
    else:
        colours = [
            [
                value if value is None or beyond_chance(window.features.get(feature)) else 0.0
                for window, value in zip(windows, row, strict=True)
            ]
            for feature, row in zip(features, matrix, strict=True)
        ]
    rows = list(range(len(features)))
    height = 62 + (_TALL_ROW if len(features) <= _FEW else _ROW) * max(4, len(features))
    figure = new_figure(
        theme,
        height=height,
        hovermode="closest",
        margin={"l": 60, "r": 10, "t": 8, "b": 28},
        xaxis=time_axis(theme, windows),
        # Rows are numbered: as category names, hostile ones could collide with Plotly's own keys.
        yaxis=axis(
            theme, showgrid=False, tickvals=rows, ticktext=labels, range=[len(rows) - 0.5, -0.5], ticks=""
        ),
    )
    figure.add_heatmap(
        x=middles(windows),
        y=rows,
        z=colours,
        zmin=0,
        zmax=_FULL_RATIO if told else _FULL,
        colorscale=[[place / (len(theme.scale) - 1), colour] for place, colour in enumerate(theme.scale)],
        xgap=1 if len(windows) <= 100 else 0,
        ygap=1,
        text=texts,
        hovertemplate="<b>%{y}</b>, window around %{x}<br>%{text}<extra></extra>",
        hoverongaps=False,
        colorbar={
            "thickness": 8,
            "len": 1,
            "outlinewidth": 0,
            "tickfont": {"size": 10, "color": theme.muted},
            "tickvals": [0, 1, 3, _FULL_RATIO] if told else [0, 0.2, 0.4, _FULL],
            "ticktext": ["0", "floor", "3×", "6×+"] if told else ["0", "0.2", "0.4", "0.6+"],
            "x": 1.01,
        },
    )
    marked = [
        (time, place)
        for place, feature in enumerate(features)
        for time, verdict in zip(middles(windows), judged, strict=True)
        if _drifted(verdict, feature)
    ]
    if marked:
        figure.add_scatter(
            x=[time for time, _ in marked],
            y=[place for _, place in marked],
            mode="markers",
            marker={
                "symbol": "diamond",
                "size": 6 if len(windows) <= 60 else 4,
                "color": theme.text,
                "line": {"width": 1, "color": theme.surface},
            },
            hoverinfo="skip",
        )
    most = features[0]
    findings = (
        f" {len(marked)} findings of drift are marked." if told and marked else " No drift." if told else ""
    )
    return describe(
        figure,
        alt=f"Drift of {len(features)} features over time; {shown(most, limit=40)} moved most.{findings}",
        caption="Jensen-Shannon distance to the reference, by feature and window (UTC)"
        + ("; ◆ drifted" if told else ""),
        columns=["Feature", *spans],
        rows=[
            [
                shown(feature, limit=60),
                *(
                    value_text(value, "ratio") + (" ◆" if _drifted(verdict, feature) else "")
                    for value, verdict in zip(row, judged, strict=True)
                ),
            ]
            for feature, row in zip(features, matrix, strict=True)
        ],
        windows=len(windows),
    )


def _drifted(verdict: WindowDrift | None, feature: str) -> bool:
    one = None if verdict is None else verdict.features.get(feature)
    return one is not None and one.drifted


def _ratio(verdict: WindowDrift | None, feature: str) -> float | None:
    """Return how a cell is coloured: effect over floor, 0 where chance explains it, None: no verdict."""
    if verdict is None or not verdict.n_current:
        return None
    ratio = against_floor(verdict.features.get(feature))
    if ratio is None:
        return None
    return round(min(ratio, _FULL_RATIO), 3) if beyond_chance_of(verdict, feature) else 0.0


def _with_verdict(text: str, verdict: WindowDrift | None, feature: str) -> str:
    """Put the verdict before the statistics of a cell."""
    one = None if verdict is None else verdict.features.get(feature)
    if not text or one is None:
        return text
    return f"{finding_words(one)}<br>{text.removesuffix(_CHANCE)}"


def _hover(drift: FeatureDrift | None, value: float | None, n: int) -> str:
    """Return what the pointer reads on a cell, in few characters: there are thousands of them."""
    if drift is None or value is None:
        return ""
    others = "".join(
        f", {title} {other:.3f}"
        for title, key in (("PSI", "psi"), ("KS", "ks"))
        if (other := statistic(drift, key)) is not None
    )
    chance = "" if beyond_chance(drift) else _CHANCE
    return f"JS {value:.3f}{others}, n {n}{chance}"
