"""The commands that only look."""

from __future__ import annotations

from assay.cli.output import print_json, show
from assay.cli.target import open_target
from assay.domain.answers import MetricWindow
from assay.domain.rendering import Table, moment, number, share

__all__ = ["list_models", "show_metrics"]

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


def list_models(at: str | None, *, search: str | None, limit: int, as_json: bool) -> None:
    """List the models whose names hold `search`, without regard to case; a table has `limit` rows at most."""
    with open_target(at) as monitor:
        every = monitor.models()
        wanted = (search or "").casefold()
        found = [model for model in every if wanted in model.model_id.casefold()]
        if as_json:
            print_json(found)
            return
        # Each row of the table is a look at the model; names alone come all at once.
        views = [monitor.model(model.model_id) for model in found[:limit]]
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
    if not every:
        title = "no models yet: log a prediction, or try assay demo"
    elif not found:
        title = f"none of {number(len(every))} models has {search!r} in its name"
    else:
        title = (
            "models" if len(found) == len(every) else f"{number(len(found))} of {number(len(every))} models"
        )
    left = len(found) - len(rows)
    notes = [f"and {number(left)} more: name a part of their names, or give --limit"] if left else []
    columns = ("model", "task", "predictions", "labelled", "first", "last")
    show(Table(title, columns, rows, notes), as_json=False)


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
