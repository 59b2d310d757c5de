"""The history of one feature's verdict: its change in each window against the smallest that matters."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from assay.domain.drift_report import FeatureVerdict
from assay.domain.window_drift import WindowDrift
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text, p_text, span_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure, rgba
from assay.figures.verdicts import GRAVE, against_floor, finding_words
from assay.figures.windows import bar_widths, middles, time_axis

__all__ = ["feature_verdict_figure"]

_HEIGHT = 230
_TALLEST = 6.0  # times the floor; a taller bar ends at the edge of the picture


def feature_verdict_figure(windows: Sequence[WindowDrift], feature: str, *, theme: Theme) -> go.Figure:
    """Draw the effect of each window's strongest evidence over its floor.

    Bars of windows in which the feature has drifted are amber, of a severity of 50 and more red; the others
    are pale: below the floor, or no more than chance.

    Parameters
    ----------
    windows : verdicts in order of time.
    feature : its name.
    theme : colours.
    """
    found = [window.features.get(feature) if window.n_current else None for window in windows]
    ratios = [against_floor(one) for one in found]
    if not any(ratio is not None for ratio in ratios):
        return empty_figure(theme, height=_HEIGHT, message="No verdict on this feature in this period")
    drifted = [one is not None and one.drifted for one in found]
    sorts = [0 if one is None or not one.drifted else 2 if one.severity >= GRAVE else 1 for one in found]
    top = max(1.6, min(_TALLEST, 1.1 * max(ratio for ratio in ratios if ratio is not None)))
    figure = new_figure(
        theme,
        height=_HEIGHT,
        hovermode="closest",
        xaxis=time_axis(theme, windows),
        yaxis=axis(theme, range=[0, top], nticks=5, title={"text": "effect / floor"}),
        bargap=0,
        barmode="overlay",
        shapes=[
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": 1,
                "y1": 1,
                "line": {"color": theme.muted, "width": 1, "dash": "dash"},
            }
        ],
    )
    texts = [_hover(window, one) for window, one in zip(windows, found, strict=True)]
    for sort, (name, colour) in enumerate(
        (("no drift", rgba(theme.muted, 0.45)), ("drifted", theme.amber), ("drifted gravely", theme.red))
    ):
        if sort not in sorts:
            continue
        figure.add_bar(
            x=middles(windows),
            y=[ratio if here == sort else None for ratio, here in zip(ratios, sorts, strict=True)],
            width=bar_widths(windows),
            name=name,
            # Not by colour alone: what has drifted is hatched, too.
            marker={
                "color": colour,
                "line": {"width": 0},
                "pattern": {"shape": "/" if sort else "", "size": 5, "solidity": 0.25},
            },
            text=texts,
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
        )
    return describe(
        figure,
        alt=(
            f"Verdict on {shown(feature, limit=60)} over time: drifted in {sum(drifted)} of {len(windows)} "
            "windows."
        ),
        caption="Verdict by window (UTC)",
        columns=[
            *("Window", "Verdict", "Severity", "Effect", "Floor", "Adjusted p"),
            *("Predictions", "Finding"),
        ],
        rows=[
            [
                span_text(window.start, window.end),
                "–" if one is None else "drifted" if one.drifted else "no drift",
                "–" if one is None or not one.drifted else f"{one.severity:.0f}",
                value_text(None if one is None else one.effect, "ratio"),
                value_text(None if one is None else one.floor, "ratio"),
                p_text(None if one is None else one.p_value),
                count_text(window.n_current),
                "" if one is None else shown(one.finding, limit=160),
            ]
            for window, one in zip(windows, found, strict=True)
        ],
        windows=len(windows),
    )


def _hover(window: WindowDrift, one: FeatureVerdict | None) -> str:
    """Return the label of one window."""
    said = "no verdict"
    if one is not None:
        said = f"<b>{plotly_text(finding_words(one))}</b>"
        if one.finding:
            said += f"<br>{plotly_text(one.finding, limit=160)}"
    return f"{span_text(window.start, window.end)}<br>{said}<br>{count_text(window.n_current)} predictions"
