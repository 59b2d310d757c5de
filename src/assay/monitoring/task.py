"""What a model predicts, where nobody has said: told from its first rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from assay.domain.columns import PROBABILITY, classes_of, names_with
from assay.domain.model import Model, Task

__all__ = ["MAX_CLASSES", "positive_class", "settle"]

MAX_CLASSES = 200
_FEW = 20
_POSITIVE = ("1", "true", "yes", "positive")


def settle(model: Model, predictions: pa.Table, labels: pa.Table) -> Model:
    """Return the model with task, classes and positive class as far as these rows tell.

    A declared task stays. Otherwise text classes, class probabilities or a score say that it classifies;
    numbers do too while they are whole and few (at most 20 different ones), and regress otherwise. Two
    classes are binary, more multiclass. The positive class is the declared one, else one that is
    called 1, true, yes or positive, else the last in sorted order.
    """
    if model.task is Task.REGRESSION or (model.task is Task.TRADING and model.task_declared):
        return model
    task = model.task
    if task is None and _regresses(predictions, labels):
        return model.with_(task=Task.REGRESSION)
    classes = set(model.settings.classes)
    before = len(classes)
    if predictions.num_rows:
        classes.update(_distinct(predictions, "prediction", "prediction_class"))
        classes.update(names_with(PROBABILITY, predictions.column_names))
    if labels.num_rows:
        classes.update(_distinct(labels, "actual", "actual_class"))
    if len(classes) > before:
        kept = tuple(sorted(classes)[:MAX_CLASSES])
        model = model.with_(settings=replace(model.settings, classes=kept))
    if not model.task_declared and (classes or "score" in predictions.column_names):
        model = model.with_(task=Task.MULTICLASS if len(classes) > 2 else Task.BINARY)
    return model


def positive_class(model: Model) -> str | None:
    """Return the class whose probability the score is; None while no class has been seen, or of several."""
    if model.settings.positive_class is not None:
        return model.settings.positive_class
    classes = model.settings.classes
    if model.task is Task.MULTICLASS or (model.task is not Task.BINARY and len(classes) > 2):
        return None
    for name in classes:
        if name.lower() in _POSITIVE:
            return name
    return max(classes) if classes else None


def _distinct(table: pa.Table, number: str, text: str) -> set[str]:
    """Classes of a table, at most a few more than are kept."""
    values = classes_of(table, number, text)
    return set(values[values != None].tolist())  # noqa: E711 - element by element


def _regresses(predictions: pa.Table, labels: pa.Table) -> bool:
    """Whether the numbers can only be quantities."""
    names = predictions.column_names
    if "score" in names or "prediction_class" in names or "actual_class" in labels.column_names:
        return False
    if names_with(PROBABILITY, names):
        return False
    numbers = [
        table.column(name).drop_null().to_numpy()
        for table, name in ((predictions, "prediction"), (labels, "actual"))
        if name in table.column_names
    ]
    values = np.concatenate(numbers) if numbers else np.empty(0)
    values = values[np.isfinite(values)]
    return bool(len(values)) and (bool((values % 1 != 0).any()) or len(np.unique(values)) > _FEW)
