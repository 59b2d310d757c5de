"""The list of models: one line of figures each."""

from __future__ import annotations

from dataclasses import dataclass

from assay.dashboard.names import model_path
from assay.dashboard.readings import Readings
from assay.dashboard.spark import Spark, spark
from assay.dashboard.view import parse_view
from assay.domain.answers import ModelView
from assay.domain.drift_history import DriftMoment
from assay.figures.metric_names import HEADLINE, metric_name
from assay.figures.numbers import value_text

__all__ = ["Headline", "ModelRow", "model_row"]

_FAILING = 0.01  # a share of failing predictions that is worth a look


@dataclass(frozen=True, slots=True)
class Headline:
    """A metric in the list: its label, value and line over the period."""

    label: str
    value: str
    line: Spark


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model of the list, over the 30 days that end now or at its newest event.

    `drift` is the verdict on its newest closed day; `troubles` says in a few words what is worth a look:
    failing predictions, drift, findings, labels without predictions.
    """

    view: ModelView
    path: str
    recent: int
    coverage: float | None
    volume: Spark
    headlines: tuple[Headline, ...]
    error_rate: float | None
    drift: DriftMoment | None = None
    troubles: tuple[str, ...] = ()


def model_row(readings: Readings, model_id: str, *, now: int) -> ModelRow:
    """Read what the list shows of a model.

    Raises
    ------
    NotFound
        Where there is no such model.
    """
    view = readings.model(model_id)
    period = parse_view({}, view, now=now)
    windows = readings.windows(model_id, period)
    whole = readings.whole(model_id, period)
    headlines = []
    for name in HEADLINE[view.model.task]:
        shown_as = metric_name(name)
        estimate = whole.metrics.get(name) if whole else None
        values = [window.metrics[name].value if name in window.metrics else None for window in windows]
        headlines.append(
            Headline(
                shown_as.label,
                value_text(estimate.value if estimate else None, shown_as.unit),
                spark(values),
            )
        )
    errors = whole.metrics.get("error_rate") if whole else None
    rate = errors.value if errors else None
    drift = readings.newest_drift(model_id)
    return ModelRow(
        view=view,
        path=model_path(model_id),
        recent=whole.n_predictions if whole else 0,
        coverage=whole.coverage if whole else None,
        volume=spark([float(window.n_predictions) for window in windows], zero=True),
        headlines=tuple(headlines),
        error_rate=rate,
        drift=drift,
        troubles=_troubles(view, rate, drift),
    )


def _troubles(view: ModelView, error_rate: float | None, drift: DriftMoment | None) -> tuple[str, ...]:
    """Say what is worth a look."""
    found = []
    if error_rate is not None and error_rate >= _FAILING:
        found.append(f"{value_text(error_rate, 'share')} fail")
    if drift is not None and drift.drift_detected:
        found.append("drift")
    if view.findings:
        found.append(f"{len(view.findings)} finding{'' if len(view.findings) == 1 else 's'}")
    if view.orphan_labels:
        found.append(f"{view.orphan_labels:,} labels without prediction")
    return tuple(found)
