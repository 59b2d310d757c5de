"""The charts of a model's report, section by section."""

from __future__ import annotations

import plotly.graph_objects as go

from assay.dashboard.drawing import draw
from assay.dashboard.model_page import ModelPage
from assay.dashboard.names import feature_key
from assay.dashboard.readings import Readings
from assay.dashboard.report.chart import Chart, Section, chart_of
from assay.figures.drift_statistics import DRIFT
from assay.figures.names import shown

__all__ = ["report_sections"]

_FEATURES = 4
"""Features that get charts of their own: those that moved most."""

_OF_FEATURE = (
    ("distribution", "The reference's and this period's"),
    ("drift", "From the reference, by window"),
)

_CLASSES = 4
"""Of several classes, the probabilities of so many are drawn: the most frequent ones."""

_TALL, _LOW = 320, 260  # pixels; charts beside each other are of one height


def report_sections(page: ModelPage, readings: Readings) -> tuple[Section, ...]:
    """Draw all charts of the model's page `page`, section by section; none without predictions."""
    if page.whole is None or not page.whole.n_predictions:
        return ()
    pencil = _Pencil(page, readings)
    labelled, scored = bool(page.whole.n_labelled), page.scored and not page.unscored
    sections = [
        Section("quality", "Quality", _quality(page, pencil) if labelled else ()),
        Section("traffic", "Traffic", _traffic(page, pencil)),
        Section(
            "outcomes",
            "Calibration and outcomes" if scored else "Outcomes",
            _outcomes(page, pencil, scored=scored) if page.classifies and (labelled or scored) else (),
        ),
    ]
    if page.drift_rows:
        note = "Jensen-Shannon distance; pale: no more than chance"
        overall = (pencil.chart("drift", "Drift over time", note),)
        sections.append(Section("drift", "Feature drift", overall, columns="one"))
        moved = any(row.values[DRIFT] for row in page.drift_rows)
        title = "Features that moved most" if moved else "Features"
        sections.append(Section("features", title, _features(page, pencil)))
    return tuple(section for section in sections if section.charts)


def _quality(page: ModelPage, pencil: _Pencil) -> tuple[Chart, ...]:
    """Draw the task's metrics over time."""
    charts = [
        pencil.chart(f"metric.{name}", label.label, label.meaning, key=f"metric-{name}")
        for name, label in page.charts
    ]
    if page.regresses:
        charts.append(pencil.chart("means", "Prediction and truth", "Means of the labelled rows"))
    return tuple(charts)


def _traffic(page: ModelPage, pencil: _Pencil) -> tuple[Chart, ...]:
    """Draw volume, latency and errors."""
    charts = [
        pencil.chart("volume", "Predictions", "By event time, UTC"),
        pencil.chart("latency", "Latency", "As logged with the predictions"),
    ]
    if page.failing:
        note = "Share of the predictions at which the model failed"
        charts.append(pencil.chart("metric.error_rate", "Error rate", note, key="errors"))
    if page.whole is not None and page.whole.error_types:
        charts.append(pencil.chart("error_types", "Failures by type", "The most frequent first"))
    if page.staged:
        charts.append(pencil.chart("stages", "Latency by stage", "95th percentile"))
    return tuple(charts)


def _outcomes(page: ModelPage, pencil: _Pencil, *, scored: bool) -> tuple[Chart, ...]:
    """Draw what was predicted for what came true."""
    confusion = pencil.chart("confusion", "Confusion matrix", "Share of each truth")
    if not scored:
        return (confusion,)
    return (
        pencil.chart("reliability", "Reliability", "On the diagonal: trust the score"),
        pencil.chart("metric.ece", "Calibration error", "ECE, by window", key="ece", height=_TALL),
        confusion,
        *_scores(page, pencil),
    )


def _scores(page: ModelPage, pencil: _Pencil) -> tuple[Chart, ...]:
    """Draw how scores are distributed by truth; of several classes, the probability of each of the first."""
    if not page.classes:
        return (pencil.chart("scores", "Scores", "By what came true"),)
    return tuple(
        pencil.chart(
            "scores",
            f"Probability of {shown(name, limit=40)}",
            "Share of each truth",
            key=f"scores-{place}",
            label=name,
            is_name=True,
        )
        for place, name in enumerate(page.classes[:_CLASSES])
    )


def _features(page: ModelPage, pencil: _Pencil) -> tuple[Chart, ...]:
    """Draw the features that moved most: both distributions, and how far apart they are over time."""
    return tuple(
        pencil.chart(
            f"feature.{what}",
            shown(row.feature, limit=60),
            note,
            key=f"feature-{place}-{what}",
            feature=feature_key(row.feature),
            is_name=True,
            height=_LOW,
        )
        for place, row in enumerate(page.drift_rows[:_FEATURES])
        for what, note in _OF_FEATURE
    )


class _Pencil:
    """Draws the figures of one page's view."""

    def __init__(self, page: ModelPage, readings: Readings) -> None:
        self._page = page
        self._readings = readings

    def chart(
        self,
        name: str,
        title: str,
        note: str,
        *,
        key: str = "",
        feature: str = "",
        label: str = "",
        is_name: bool = False,
        height: int | None = None,
    ) -> Chart:
        """Draw the figure called `name`, see :func:`assay.dashboard.drawing.draw`.

        `height` is that of its neighbour, in pixels; None: its own.
        """
        light, dark = (self._drawn(name, theme, feature, label) for theme in ("light", "dark"))
        return chart_of(light, dark, key=key or name, title=title, note=note, is_name=is_name, height=height)

    def _drawn(self, name: str, theme: str, feature: str, label: str) -> go.Figure:
        model_id = self._page.model.model.model_id
        return draw(
            name, self._readings, model_id, self._page.view, theme=theme, feature=feature, label=label
        )
