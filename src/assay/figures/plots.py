"""Which figures a result has, by their names: what ``result.plot()`` draws."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go

from assay.domain.answers import Calibration, DriftWindow, MetricWindow, ModelReport
from assay.domain.drift_report import DriftReport
from assay.domain.estimates import PerformanceEstimate
from assay.domain.feature_view import FeatureView
from assay.domain.plotting import Plotted
from assay.domain.series import DriftSeries, MetricSeries
from assay.errors import InvalidInput
from assay.figures.confusion import confusion_figure
from assay.figures.drift_heatmap import drift_heatmap
from assay.figures.drift_ranking import drift_ranking_figure
from assay.figures.drift_verdict import drift_verdict_figure
from assay.figures.errors import error_types_figure
from assay.figures.estimate import estimate_figure
from assay.figures.feature_distribution import distribution_figure, feature_distribution_figure
from assay.figures.feature_drift import feature_drift_figure
from assay.figures.feature_values import feature_gaps_figure, feature_values_figure
from assay.figures.latency import latency_figure, latency_stages_figure
from assay.figures.means import means_figure
from assay.figures.metric import metric_figure
from assay.figures.metric_names import TILES, metric_name
from assay.figures.names import plotly_text, shown
from assay.figures.reliability import reliability_figure
from assay.figures.scores import score_figure
from assay.figures.theme import DARK, LIGHT, Theme
from assay.figures.volume import volume_figure

__all__ = ["plot"]

_HEAD = 40
_THEMES = {"light": LIGHT, "dark": DARK}
_MAIN = tuple(dict.fromkeys(name for names in TILES.values() for name in names))
_Draw = Callable[[Theme], go.Figure]


def plot(answer: Plotted, what: str | None, *, theme: str) -> go.Figure:
    """Draw `answer`, with a title and a background: it stands alone, not on a page.

    Parameters
    ----------
    answer : the result.
    what : one of its figures by name; None: the first of them.
    theme : ``light`` or ``dark``.

    Raises
    ------
    InvalidInput
        Where there is no such figure or theme.
    """
    if theme not in _THEMES:
        raise InvalidInput(f"there is no theme {str(theme)[:40]!r}; the themes are light and dark")
    colours = _THEMES[theme]
    found = plots_of(answer)
    name = next(iter(found)) if what is None else what
    if name not in found:
        named = ", ".join(repr(shown(one, limit=40)) for one in list(found)[:30])
        raise InvalidInput(f"there is no figure {shown(str(what), limit=80)!r} of this; there are {named}")
    title, draw = found[name]
    return _standing_alone(draw(colours), title, colours)


def _standing_alone(figure: go.Figure, title: str, theme: Theme) -> go.Figure:
    """Give the figure a title and the theme's background, whatever it is put on."""
    layout = figure.layout
    height = layout.height + _HEAD
    figure.update_layout(
        paper_bgcolor=theme.surface,
        height=height,
        margin={"t": layout.margin.t + _HEAD},
        title={
            "text": plotly_text(title, limit=90),
            "font": {"size": 15},
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "pad": {"l": 14},
            "y": 1 - 12 / height,
            "yref": "container",
            "yanchor": "top",
        },
    )
    return figure


@functools.singledispatch
def plots_of(answer: object) -> Mapping[str, tuple[str, _Draw]]:
    """Return a result's figures by name, the one that says most first: a title and what draws it."""
    raise InvalidInput(f"a result of the kind {type(answer).__name__} has no figure")


@plots_of.register
def _of_metrics(answer: MetricSeries) -> Mapping[str, tuple[str, _Draw]]:
    return _metric_plots(answer)


@plots_of.register
def _of_metric_window(answer: MetricWindow) -> Mapping[str, tuple[str, _Draw]]:
    return _metric_plots([answer])


@plots_of.register
def _of_drift(answer: DriftSeries) -> Mapping[str, tuple[str, _Draw]]:
    return _drift_plots(answer)


@plots_of.register
def _of_drift_window(answer: DriftWindow) -> Mapping[str, tuple[str, _Draw]]:
    return _drift_plots([answer])


@plots_of.register
def _of_calibration(answer: Calibration) -> Mapping[str, tuple[str, _Draw]]:
    found: dict[str, tuple[str, _Draw]] = {
        "reliability": ("Reliability", lambda theme: reliability_figure(answer, theme=theme)),
        "confusion": ("Confusion matrix", lambda theme: confusion_figure(answer, theme=theme)),
        "scores": ("Scores by truth", lambda theme: score_figure(answer, theme=theme)),
    }
    if answer.many_classes:
        for name in answer.class_scores:
            found[f"scores:{name}"] = (
                f"Probability of {name}, by truth",
                functools.partial(_class_scores, answer, name),
            )
    if not answer.bins:  # of several classes, or nothing labelled yet
        found = {"confusion": found["confusion"]} | found
    return found


def _class_scores(answer: Calibration, name: str, theme: Theme) -> go.Figure:
    """Draw one class's probability."""
    return score_figure(answer, theme=theme, label=name)


@plots_of.register
def _of_feature(answer: FeatureView) -> Mapping[str, tuple[str, _Draw]]:
    name = answer.feature
    windows = [
        DriftWindow(
            one.start,
            one.end,
            one.values.rows,
            answer.reference_id,
            answer.provisional,
            {name: one.drift},
        )
        for one in answer.windows
    ]
    return {
        "distribution": (
            f"{name}: reference and now",
            lambda theme: feature_distribution_figure(answer, theme=theme),
        ),
        "drift": (f"{name}: drift", lambda theme: feature_drift_figure(windows, name, theme=theme)),
        "values": (f"{name}: values", lambda theme: feature_values_figure(answer, theme=theme)),
        "gaps": (f"{name}: missing and new", lambda theme: feature_gaps_figure(answer, theme=theme)),
    }


@plots_of.register
def _of_estimate(answer: PerformanceEstimate) -> Mapping[str, tuple[str, _Draw]]:
    names = dict.fromkeys(name for chunk in answer.chunks for name in chunk.metrics)
    return {
        name: (
            f"{metric_name(name).label}, estimated without labels",
            functools.partial(_estimated, answer, name),
        )
        for name in names
    }


@plots_of.register
def _of_verdict(answer: DriftReport) -> Mapping[str, tuple[str, _Draw]]:
    """All features by effect against floor, or the distributions of one; ``features`` gives way, as above."""
    found: dict[str, tuple[str, _Draw]] = {
        "features": ("Effects and floors", lambda theme: drift_verdict_figure(answer, theme=theme))
    }
    known = () if answer.profiles is None else tuple(answer.features)
    for name in known:
        found.setdefault(name, (f"{name}: reference and now", functools.partial(_distribution, answer, name)))
    return found


def _distribution(answer: DriftReport, name: str, theme: Theme) -> go.Figure:
    """Draw one feature's distributions."""
    found = answer.distribution(name)
    if found is None:
        raise InvalidInput(f"the counts of {shown(name, limit=80)!r} are not at hand")
    return distribution_figure(found, words=[answer.features[name].finding], theme=theme)


@plots_of.register
def _of_report(answer: ModelReport) -> Mapping[str, tuple[str, _Draw]]:
    found = dict(_metric_plots(answer.windows or [answer.whole]))  # no steps: the whole is the one window
    if answer.drift is not None:
        drift = answer.drift
        found["drift"] = ("Drift by feature", lambda theme: drift_ranking_figure(drift, theme=theme))
    return found


def _metric_plots(windows: Sequence[MetricWindow]) -> Mapping[str, tuple[str, _Draw]]:
    """Metrics that have a value, the main ones first; then volume and latency."""
    known = dict.fromkeys(
        name for window in windows for name, one in window.metrics.items() if one.value is not None
    )
    names = [*(name for name in _MAIN if name in known), *(name for name in known if name not in _MAIN)]
    labelled = any(window.n_labelled for window in windows)
    found: dict[str, tuple[str, _Draw]] = {
        name: (metric_name(name).label, functools.partial(_metric, windows, name)) for name in names
    }
    others: dict[str, tuple[str, _Draw]] = {
        "volume": ("Predictions", lambda theme: volume_figure(windows, theme=theme)),
        "latency": ("Latency", lambda theme: latency_figure(windows, theme=theme)),
        "stages": ("Latency by stage", lambda theme: latency_stages_figure(windows, theme=theme)),
    }
    if "mean_truth" in known:
        others["means"] = ("Prediction and truth", lambda theme: means_figure(windows, theme=theme))
    if len(windows) == 1 and windows[0].error_types:
        others["error_types"] = (
            "Failures by type",
            lambda theme: error_types_figure(windows[0], theme=theme),
        )
    return found | others if labelled else others | found


def _metric(windows: Sequence[MetricWindow], name: str, theme: Theme) -> go.Figure:
    """Draw one metric."""
    return metric_figure(windows, name, theme=theme)


def _estimated(answer: PerformanceEstimate, name: str, theme: Theme) -> go.Figure:
    """Draw one metric's estimates."""
    return estimate_figure(answer, name, theme=theme)


def _drift_plots(windows: Sequence[DriftWindow]) -> Mapping[str, tuple[str, _Draw]]:
    """Draw all features together, or any one by its name; a feature called ``features`` gives way."""
    overall: _Draw
    if len(windows) == 1:
        title, overall = "Drift by feature", lambda theme: drift_ranking_figure(windows[0], theme=theme)
    else:
        title, overall = "Drift over time", lambda theme: drift_heatmap(windows, theme=theme)
    names = dict.fromkeys(name for window in windows for name in window.features)
    single: dict[str, tuple[str, _Draw]] = {
        name: (name, functools.partial(_feature, windows, name)) for name in names
    }
    return {"features": (title, overall)} | {
        name: item for name, item in single.items() if name != "features"
    }


def _feature(windows: Sequence[DriftWindow], name: str, theme: Theme) -> go.Figure:
    """Draw one feature's drift."""
    return feature_drift_figure(windows, name, theme=theme)
