"""What a model predicts is told from its first rows."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from assay.domain.model import Model, ModelSettings, Task
from assay.monitoring.task import positive_class, settle

NOTHING = pa.table({})


def predictions(**columns):
    return pa.table({name.replace("__", ":"): pa.array(values) for name, values in columns.items()})


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ({"prediction": [0.0, 1.0, 1.0]}, Task.BINARY),
        ({"prediction": [0.0, 1.0, 2.0]}, Task.MULTICLASS),
        ({"prediction": [0.5, 1.0, 2.0]}, Task.REGRESSION),
        ({"prediction": [float(i) for i in range(30)]}, Task.REGRESSION),
        ({"prediction_class": ["late", "early"]}, Task.BINARY),
        ({"prediction_class": ["a", "b", "c"]}, Task.MULTICLASS),
        ({"score": [0.2, 0.7]}, Task.BINARY),
        ({"p__a": [0.2], "p__b": [0.3], "p__c": [0.5]}, Task.MULTICLASS),
        ({"n__x": [1.0]}, None),
    ],
)
def test_the_task_is_told_from_the_predictions(columns, task):
    assert settle(Model("m"), predictions(**columns), NOTHING).task is task


def test_a_third_class_makes_it_multiclass():
    model = settle(Model("m"), predictions(prediction_class=["a", "b"]), NOTHING)
    model = settle(model, NOTHING, pa.table({"actual_class": ["c"]}))
    assert model.task is Task.MULTICLASS
    assert model.settings.classes == ("a", "b", "c")


def test_a_declared_task_stays():
    declared = Model("m", task=Task.BINARY, task_declared=True)
    assert settle(declared, predictions(prediction_class=["a", "b", "c"]), NOTHING).task is Task.BINARY
    regression = Model("m", task=Task.REGRESSION, task_declared=True)
    assert settle(regression, predictions(prediction=[1.0]), NOTHING) is regression


def test_of_several_classes_none_is_positive():
    classes = ModelSettings(classes=("a", "b", "yes"))
    assert positive_class(Model("m", task=Task.MULTICLASS, settings=classes)) is None
    assert positive_class(Model("m", task=Task.TRADING, settings=classes)) is None
    declared = replace(classes, positive_class="b")
    assert positive_class(Model("m", task=Task.MULTICLASS, settings=declared)) == "b"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (ModelSettings(), None),
        (ModelSettings(classes=("0", "1")), "1"),
        (ModelSettings(classes=("No", "Yes")), "Yes"),
        (ModelSettings(classes=("TRUE", "zzz")), "TRUE"),
        (ModelSettings(classes=("churn", "stay")), "stay"),
        (ModelSettings(classes=("churn", "stay"), positive_class="churn"), "churn"),
    ],
)
def test_the_positive_class(settings, expected):
    assert positive_class(Model("m", settings=settings)) == expected
