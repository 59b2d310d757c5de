"""What a model's page shows besides its figures: tiles, drift table, which charts there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.dashboard.drift_table import DriftRow
from assay.dashboard.feature_list import Choice, feature_list
from assay.dashboard.readings import Readings
from assay.dashboard.spark import Spark, spark
from assay.dashboard.view import View
from assay.domain.answers import DriftWindow, MetricWindow, ModelView
from assay.domain.model import Task
from assay.domain.time import from_micros, to_micros
from assay.figures.metric_names import CHARTS, TILES, MetricName, metric_name
from assay.figures.numbers import count_text, interval_text, share_text, span_text, value_text
from assay.monitoring.estimation_ways import estimated_metrics
from assay.stats.metrics import Estimate
from assay.stats.summaries.traffic import STAGES

__all__ = ["ModelPage", "Tile", "model_page"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the top: `verdict` is ``better``, ``worse`` or empty, against the period before."""

    label: str
    value: str
    detail: str
    meaning: str
    line: Spark
    change: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class ModelPage:
    """Everything that a model's page shows in text.

    `scored`: calibration can be shown; `unscored`: no prediction has a score; `staged`: latency was logged
    by stage; `failing`: the model failed at some predictions; `estimates`: what the metrics are likely to be
    is told without labels, too. `classes`: those with a probability of their own, the most frequent first,
    and `label` the one of them that is shown.
    """

    model: ModelView
    view: View
    whole: MetricWindow | None
    tiles: tuple[Tile, ...]
    charts: tuple[tuple[str, MetricName], ...]
    classifies: bool
    regresses: bool
    scored: bool
    unscored: bool
    staged: bool
    failing: bool
    estimates: bool
    drift: DriftWindow | None
    drift_rows: tuple[DriftRow, ...]
    drift_hidden: int
    shown_span: str
    classes: tuple[str, ...] = ()
    label: str = ""


def model_page(
    readings: Readings, model: ModelView, view: View, *, drift: bool = True, label: str = ""
) -> ModelPage:
    """Read what the page of `model` shows for `view`, of several classes the one called `label`.

    Without `drift`, the table of features is left for later: of 500 features it takes longer than the rest.
    """
    model_id, task = model.model.model_id, model.model.task
    windows = readings.windows(model_id, view.for_lines)
    whole = readings.whole(model_id, view)
    before = None
    if model.first is not None and view.previous.end > to_micros(model.first):
        before = readings.whole(model_id, view.previous)
        if before is not None and not before.n_predictions:
            before = None
    labelled = whole is not None and whole.n_labelled > 0
    known = {
        name
        for window in windows
        for name, estimate in window.metrics.items()
        if estimate.value is not None or not labelled  # without labels, all charts say that they wait
    }
    calibration = readings.calibration(model_id, view) if task is Task.MULTICLASS else None
    classes = tuple(calibration.class_scores) if calibration and calibration.many_classes else ()
    listed = feature_list(readings, model_id, view, Choice()) if drift else None
    return ModelPage(
        model=model,
        view=view,
        whole=whole,
        tiles=tuple(_tiles(task, whole, before, windows)),
        charts=tuple((name, metric_name(name)) for name in CHARTS[task] if name in known),
        classifies=task is not None and task.classifies,
        regresses="mean_truth" in known,
        scored=task is Task.BINARY or bool(classes),
        unscored=labelled
        and whole is not None
        and all(name not in whole.metrics or whole.metrics[name].n == 0 for name in ("brier_score", "ece")),
        staged=whole is not None and any(f"latency_{stage}_p95" in whole.metrics for stage in STAGES[1:]),
        failing=whole is not None and bool(whole.metrics["error_rate"].value),
        estimates=bool(estimated_metrics(task)) and model.labelled > 0,
        drift=listed.drift if listed else None,
        drift_rows=listed.rows if listed else (),
        drift_hidden=listed.total - len(listed.rows) if listed and listed.rows else 0,
        shown_span=_shown_span(model, view),
        classes=classes,
        label=label if label in classes else "",
    )


def _shown_span(model: ModelView, view: View) -> str:
    """Return the period in words, without the parts of its first and last windows that hold no data."""
    start, end = from_micros(view.start), from_micros(view.end)
    if model.first is not None and model.last is not None and view.period == "all":
        start, end = max(start, model.first), min(end, model.last)
    return span_text(start, end)


def _tiles(
    task: Task | None,
    whole: MetricWindow | None,
    before: MetricWindow | None,
    windows: Sequence[MetricWindow],
) -> list[Tile]:
    """Return the tiles: volume, labels, the task's metrics, errors, latency."""
    if whole is None:
        return []
    tiles = [
        Tile(
            label="Predictions",
            value=count_text(whole.n_predictions),
            detail=f"before: {count_text(before.n_predictions)}" if before else "in this period",
            meaning="Predictions whose event time is in the period.",
            line=spark([float(window.n_predictions) for window in windows], zero=True),
        ),
        Tile(
            label="Labels in",
            value=share_text(whole.coverage),
            detail=f"{count_text(whole.n_labelled)} labelled",
            meaning="Share of the predictions whose truth has come. Metrics rest on these alone.",
            line=spark([window.coverage for window in windows], zero=True, high=1.0),
        ),
    ]
    for name in (*TILES[task], "error_rate", "latency_p95"):
        estimate = whole.metrics.get(name)
        if estimate is None or (estimate.value is None and name in TILES[task] and whole.n_labelled):
            continue
        earlier = before.metrics.get(name) if before else None
        tiles.append(_metric_tile(name, estimate, earlier, windows))
    return tiles


def _metric_tile(
    name: str, estimate: Estimate, earlier: Estimate | None, windows: Sequence[MetricWindow]
) -> Tile:
    """Return the tile of one metric, compared with the period before."""
    shown_as = metric_name(name)
    detail = ""
    if estimate.low is not None and estimate.high is not None:
        detail = f"95%: {interval_text(estimate.low, estimate.high, shown_as.unit)}"
    elif estimate.value is None:
        detail = "none logged" if name.startswith("latency") else "no labels yet"
    change, verdict = _change(estimate, earlier, shown_as.unit)
    return Tile(
        label=shown_as.label,
        value=value_text(estimate.value, shown_as.unit),
        detail=detail,
        meaning=shown_as.meaning,
        line=spark(
            [window.metrics[name].value if name in window.metrics else None for window in windows],
            zero=name == "error_rate",
        ),
        change=change,
        verdict=verdict,
    )


def _change(now: Estimate, before: Estimate | None, unit: str) -> tuple[str, str]:
    """Return the change against the period before; it is judged only where the intervals lie apart."""
    if before is None or now.value is None or before.value is None:
        return "", ""
    difference = now.value - before.value
    arrow = "▲" if difference > 0 else "▼" if difference < 0 else "="
    size = f"{abs(difference) * 100:.1f} pp" if unit == "share" else value_text(abs(difference), unit)
    size = size.removesuffix(" ms")  # the value beside it has the unit
    if not any(digit in "123456789" for digit in size):
        return "", ""
    verdict = ""
    if None not in (now.low, now.high, before.low, before.high):
        apart = (now.low or 0) > (before.high or 0) or (now.high or 0) < (before.low or 0)
        if apart and difference:
            verdict = "better" if (difference > 0) == now.higher_is_better else "worse"
    return f"{arrow} {size}", verdict
