"""One feature's drift over time, statistic by statistic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from assay.domain.answers import DriftWindow
from assay.figures.drift_statistics import DRIFT, STATISTICS, statistic
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text, p_text, span_text, value_text
from assay.figures.theme import Theme, axis, describe, empty_figure, new_figure
from assay.figures.windows import middles, time_axis

__all__ = ["feature_drift_figure"]

_HEIGHT = 230
_APART = "psi"  # has no upper limit, and a panel of its own: the others lie between -1 and 1
_APART_HEIGHT = 60
_DASHES = ("solid", "solid", "dash", "dot")  # of STATISTICS: lines of one panel differ without colour, too
_TESTS = {"ks": "KS", "chi_square": "Chi-square", "missing_share": "Missing"}


def feature_drift_figure(windows: Sequence[DriftWindow], feature: str, *, theme: Theme) -> go.Figure:
    """Draw every statistic of `feature` that its kind has, against the reference.

    PSI has a panel of its own below the others: it may be ten times as large as they can be.

    Parameters
    ----------
    windows : in order of time.
    feature : its name.
    theme : colours.
    """
    series = {
        key: [statistic(window.features.get(feature), key) if window.n else None for window in windows]
        for key in STATISTICS
    }
    series = {key: values for key, values in series.items() if any(values) or key == DRIFT}  # no flat zeros
    if not any(window.n and feature in window.features for window in windows):
        return empty_figure(theme, height=_HEIGHT, message="This feature was not logged in this period")
    apart = _APART in series
    figure = new_figure(
        theme,
        height=_HEIGHT + _APART_HEIGHT * apart,
        showlegend=True,
        margin={"l": 44, "r": 10, "t": 26, "b": 24},
        xaxis=time_axis(theme, windows, anchor="y2" if apart else "y"),
        yaxis=axis(theme, rangemode="tozero", nticks=5, domain=[0.4, 1] if apart else [0, 1]),
        **({"yaxis2": _panel(theme)} if apart else {}),
    )
    times = middles(windows)
    found = [window.features[feature] for window in windows if window.n and feature in window.features]
    names = {
        name: one for drift in found for name, one in drift.statistics.items() if one.p_value is not None
    }
    tests = {_TESTS.get(name, name): name for name in names}
    looks = dict(zip(STATISTICS, zip(theme.series, _DASHES, strict=False), strict=True))
    for key, values in series.items():
        colour, dash = looks[key]
        figure.add_scatter(
            x=times,
            y=values,
            yaxis="y2" if key == _APART else "y",
            name=STATISTICS[key].label,
            mode="lines+markers" if len(windows) <= 60 else "lines",
            line={"color": colour, "width": 1.7, "dash": dash},
            marker={"size": 4},
            hoverinfo="skip",
            showlegend=key != _APART,  # its axis bears its name
        )
    said = [
        f"<b>{plotly_text(feature)}</b><br>{span_text(window.start, window.end)}<br>"
        + "<br>".join(
            f"{STATISTICS[key].label} <b>{value_text(values[place], STATISTICS[key].unit)}</b>"
            + ("" if (chance := _p_text(window, feature, key)) == "–" else f" (p {chance})")
            for key, values in series.items()
        )
        + f"<br>{count_text(window.n)} predictions"
        for place, window in enumerate(windows)
    ]
    for key, panel in ((DRIFT, "y"), *(((_APART, "y2"),) if apart else ())):
        figure.add_scatter(
            x=times,
            y=series[key],
            yaxis=panel,
            mode="markers",
            marker={"size": 8, "opacity": 0},
            text=said,
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    return describe(
        figure,
        alt=f"Drift of {shown(feature)} over time against the reference.",
        caption="Drift by window (UTC)",
        columns=[
            "Window",
            *(STATISTICS[key].label for key in series),
            *(f"{one}, p" for one in tests),
            "Predictions",
        ],
        rows=[
            [
                span_text(window.start, window.end),
                *(value_text(values[place], STATISTICS[key].unit) for key, values in series.items()),
                *(_p_text(window, feature, key) for key in tests.values()),
                count_text(window.n),
            ]
            for place, window in enumerate(windows)
        ],
        windows=len(windows),
    )


def _panel(theme: Theme) -> dict[str, Any]:
    """Return the axis of the lower panel."""
    title = {"text": STATISTICS[_APART].label, "standoff": 4}
    return axis(theme, rangemode="tozero", nticks=3, domain=[0, 0.3], title=title)


def _p_text(window: DriftWindow, feature: str, name: str) -> str:
    """Return the p-value of a test, a dash where there is none."""
    drift = window.features.get(feature) if window.n else None
    found = drift.statistics.get(name) if drift is not None else None
    return p_text(found.p_value if found is not None else None)
