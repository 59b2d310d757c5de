"""A verdict on drift, feature by feature: how large each change is, and from where on it would matter."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from assay.domain.drift_report import DriftReport, FeatureVerdict
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text, p_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba

__all__ = ["drift_verdict_figure"]

_FEATURES = 30
_ROW = 22
_GRAVE = 50.0
"""From this severity on a bar is red; it is that of a change which is commonly called a major one."""


def drift_verdict_figure(report: DriftReport, *, theme: Theme) -> go.Figure:
    """Draw the effect of each feature's strongest evidence, with a mark at its floor, the gravest on top.

    Bars of what has drifted are amber, of a severity of 50 and more red; what has not drifted is pale: its
    effect is below the floor or no more than chance.

    Parameters
    ----------
    report : of at most 30 features bars are drawn.
    theme : colours.
    """
    ranked = report.ranked
    drawn = ranked[:_FEATURES]
    if not drawn:
        return empty_figure(theme, height=220, message="No features were judged")
    rows = list(range(len(drawn)))
    figure = new_figure(
        theme,
        height=82 + _ROW * max(4, len(drawn)),
        hovermode="closest",
        showlegend=True,
        margin={"l": 60, "r": 14, "t": 26, "b": 36},
        xaxis=axis(
            theme,
            range=[0, 1.06 * max(0.2, *(max(_size(one), one.floor) for one in drawn))],
            title={"text": "size of the change"},
        ),
        # Rows are numbered: as category names, hostile ones could collide with Plotly's own keys.
        yaxis=axis(
            theme,
            showgrid=False,
            tickvals=rows,
            ticktext=[plotly_text(one.feature, limit=24) for one in drawn],
            range=[len(rows) - 0.5, -0.5],
        ),
    )
    figure.add_bar(
        x=[_size(one) for one in drawn],
        y=rows,
        orientation="h",
        name="effect",
        marker={"color": [_colour(one, theme) for one in drawn], "line": {"width": 0}},
        text=[_hover(one) for one in drawn],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    figure.add_scatter(
        x=[one.floor for one in drawn],
        y=rows,
        mode="markers",
        name="floor: smaller changes do not matter",
        marker={"symbol": "line-ns", "size": 15, "line": {"width": 2, "color": theme.text}},
        hoverinfo="skip",
    )
    return describe(
        figure,
        alt=_alt(drawn, len(ranked)),
        caption="Strongest evidence of each feature",
        columns=["Feature", "Verdict", "Severity", "Effect", "Floor", "Adjusted p"],
        rows=[
            [
                shown(one.feature, limit=60),
                "drifted" if one.drifted else "",
                f"{one.severity:.0f}" if one.drifted else "",
                value_text(one.effect, "ratio"),
                value_text(one.floor, "ratio"),
                p_text(one.p_value),
            ]
            for one in drawn
        ],
    )


def _size(one: FeatureVerdict) -> float:
    return one.effect if math.isfinite(one.effect) else 0.0


def _colour(one: FeatureVerdict, theme: Theme) -> str:
    if not one.drifted:
        return rgba(theme.muted, 0.35)
    return rgba(theme.red if one.severity >= _GRAVE else theme.amber, 0.85)


def _hover(one: FeatureVerdict) -> str:
    said = f"<br>{plotly_text(one.finding, limit=120)}" if one.finding else ""
    why = "" if one.drifted else ", no drift"
    return (
        f"<b>{plotly_text(one.feature, limit=60)}</b><br>effect {value_text(one.effect, 'ratio')}, "
        f"floor {value_text(one.floor, 'ratio')}, adjusted p {p_text(one.p_value)}{why}{said}"
    )


def _alt(drawn: list[FeatureVerdict], judged: int) -> str:
    first = drawn[0]
    count = sum(one.drifted for one in drawn)
    if not count:
        return f"None of {count_text(judged)} features has drifted."
    return (
        f"Of {count_text(judged)} features {count_text(count)} of those drawn have drifted; "
        f"{shown(first.feature, limit=40)} the most, by {value_text(first.effect, 'ratio')} "
        f"where {value_text(first.floor, 'ratio')} matters."
    )
