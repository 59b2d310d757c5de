"""The charts of a report: each figure drawn once in light colours, with what dark ones change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from assay.dashboard.drawing import draw
from assay.dashboard.model_page import ModelPage
from assay.dashboard.names import feature_key
from assay.dashboard.readings import Readings
from assay.figures.drift_statistics import DRIFT
from assay.figures.names import shown

__all__ = ["Chart", "Section", "changes", "report_sections"]

_FEATURES = 4
"""Features that get charts of their own: those that moved most."""

_OF_FEATURE = (
    ("distribution", "The reference's and this period's"),
    ("drift", "From the reference, by window"),
)

_CLASSES = 4
"""Of several classes, the probabilities of so many are drawn: the most frequent ones."""

_TALL, _LOW = 320, 260  # pixels; charts beside each other are of one height


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure of a report.

    Attributes
    ----------
    key : its id in the document, plain letters.
    title, note : what stands above it; `name` is true where the title is a client's name.
    figure : ``data`` and ``layout`` for Plotly in light colours, without the table.
    dark : what dark colours change, as pairs of a path and the value there; see :func:`changes`.
    alt : a sentence for who does not see it.
    table : ``caption``, ``columns`` and ``rows`` of texts.
    """

    key: str
    title: str
    note: str
    figure: dict[str, Any]
    dark: list[Any]
    alt: str
    table: dict[str, Any]
    name: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A headed group of charts, so many beside each other where there is room."""

    key: str
    title: str
    charts: tuple[Chart, ...]
    columns: str = "two"


def changes(light: Any, dark: Any, path: tuple[str | int, ...] = ()) -> list[list[Any]]:
    """Return what turns the plain value `light` into `dark`: pairs of a path and the value to put there.

    Objects, and lists of objects of one length, are compared part by part; all else is replaced whole.

    >>> changes({"a": 1, "b": [{"c": 2}]}, {"a": 1, "b": [{"c": 3}]})
    [[['b', 0, 'c'], 3]]
    """
    if light == dark:
        return []
    if isinstance(light, dict) and isinstance(dark, dict) and light.keys() == dark.keys():
        return [item for key in light for item in changes(light[key], dark[key], (*path, key))]
    if _alike(light, dark):
        pairs = zip(light, dark, strict=True)
        return [item for place, (one, two) in enumerate(pairs) for item in changes(one, two, (*path, place))]
    return [[list(path), dark]]


def _alike(light: Any, dark: Any) -> bool:
    """Whether both are lists of as many objects."""
    return (
        isinstance(light, list)
        and isinstance(dark, list)
        and len(light) == len(dark)
        and all(isinstance(item, dict) for item in (*light, *dark))
    )


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
        light, described = self._drawn(name, "light", feature, label)
        dark, _ = self._drawn(name, "dark", feature, label)
        if height is not None:
            light["layout"]["height"] = dark["layout"]["height"] = height
        return Chart(
            key=key or name,
            title=title,
            note=note,
            figure=light,
            dark=changes(light, dark),
            alt=described["alt"],
            table=described["table"],
            name=is_name,
        )

    def _drawn(
        self, name: str, theme: str, feature: str, label: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a figure as plain values, and the description that it carries."""
        model_id = self._page.model.model.model_id
        figure = draw(
            name, self._readings, model_id, self._page.view, theme=theme, feature=feature, label=label
        )
        plain = json.loads(figure.to_json(validate=False))
        plain["layout"].pop("template", None)
        return {"data": plain["data"], "layout": plain["layout"]}, plain["layout"].pop("meta")
