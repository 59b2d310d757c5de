"""The commands that only look."""

from __future__ import annotations

from assay.cli.output import print_json, show
from assay.cli.target import open_target
from assay.domain.answers import MetricWindow
from assay.domain.rendering import Table, moment, number, share

__all__ = ["list_models", "show_metrics", "show_predictions"]

_BY_STEP = (
    "accuracy",
    "roc_auc",
    "brier_score",
    "ece",
    "mae",
    "rmse",
    "r2_score",
    "error_rate",
    "latency_p99",
)


def list_models(at: str | None, *, as_json: bool) -> None:
    """List the models."""
    with open_target(at) as monitor:
        found = monitor.models()
        if as_json:
            print_json(found)
            return
        views = [monitor.model(model.model_id) for model in found]
    rows = [
        (
            view.model.model_id,
            view.model.task.value if view.model.task else "–",
            number(view.predictions),
            share(view.labelled / view.predictions if view.predictions else None),
            moment(view.first),
            moment(view.last),
        )
        for view in views
    ]
    title = "models" if rows else "no models yet: log a prediction, or try assay demo"
    show(Table(title, ("model", "task", "predictions", "labelled", "first", "last"), rows), as_json=False)


def show_metrics(
    at: str | None,
    model: str,
    *,
    as_json: bool,
    period: str | None,
    start: str | None,
    end: str | None,
    step: str | None,
    version: str | None,
    slice_: str | None,
) -> None:
    """Show metrics of a window, or of its steps."""
    with open_target(at) as monitor:
        windows = monitor.metrics(
            model, period=period, start=start, end=end, step=step, version=version, slice=slice_
        )
    if as_json:
        print_json(windows)
    elif step is None:
        show(windows[0], as_json=False)
    else:
        show(_steps(model, windows), as_json=False)


def _steps(model: str, windows: list[MetricWindow]) -> Table:
    """One row a window, one column for each of the metrics that say most."""
    present = {name for window in windows for name, one in window.metrics.items() if one.value is not None}
    names = [name for name in _BY_STEP if name in present]
    rows = [
        (
            moment(window.start),
            number(window.n_predictions),
            share(window.coverage),
            *(number(window.metrics[name].value if name in window.metrics else None) for name in names),
        )
        for window in windows
    ]
    return Table(model, ("from", "predictions", "labelled", *names), rows)


def show_predictions(
    at: str | None, model: str, prediction_id: str | None, *, limit: int, as_json: bool
) -> None:
    """Show one prediction, or the newest."""
    with open_target(at) as monitor:
        if prediction_id is not None:
            show(monitor.prediction(model, prediction_id), as_json=as_json)
            return
        found = monitor.predictions(model, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.prediction_id,
            moment(one.timestamp),
            "–" if one.prediction is None else str(one.prediction),
            number(one.score),
            "–" if one.truth is None else str(one.truth),
        )
        for one in found
    ]
    columns = ("prediction_id", "timestamp", "prediction", "score", "truth")
    show(Table(f"{model}: the newest {len(rows)} predictions", columns, rows), as_json=False)
