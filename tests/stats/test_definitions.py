"""What the definitions say of ranges, intervals, bounds and undefined values is what the metrics do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.stats.metrics import (
    METRICS,
    Estimate,
    classification_metrics,
    regression_metrics,
    traffic_metrics,
)
from assay.stats.metrics.definitions import DEFINITIONS
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.summaries.traffic import TrafficSummary

ROWS = 2_000  # enough for the ranks of the interval of a p99


def binary(seed: int, *, rows: int = ROWS, exact: bool = False) -> dict[str, Estimate]:
    rng = np.random.default_rng(seed)
    score = rng.random(rows).round(4)
    truth = [str(int(one)) for one in rng.random(rows) < score]
    guess = [str(int(one)) for one in score > rng.random()]
    return classification_metrics(
        ClassificationSummary.of(truth, guess, score, exact=exact), positive_class="1"
    )


def multiclass(seed: int) -> dict[str, Estimate]:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(3), ROWS)
    names = np.array(["a", "b", "c"])
    truth = [str(rng.choice(names, p=row)) for row in weights]
    guess = [str(one) for one in names[weights.argmax(axis=1)]]
    return classification_metrics(
        ClassificationSummary.of(truth, guess, probabilities=dict(zip(names, weights.T, strict=True)))
    )


def numbers(seed: int) -> dict[str, Estimate]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=ROWS).round(1)
    return regression_metrics(RegressionSummary.of(truth, truth + rng.normal(size=ROWS)))


def traffic(seed: int, *, rows: int = ROWS) -> dict[str, Estimate]:
    rng = np.random.default_rng(seed)
    latency = {stage: rng.gamma(2, 3, rows) for stage in TrafficSummary.empty().latency}
    errors = [None if one else "Timeout" for one in rng.random(rows) < 0.9]
    return traffic_metrics(TrafficSummary.of(timestamps=np.arange(rows), latency=latency, errors=errors))


def everything(seed: int) -> Iterator[tuple[str, Estimate]]:
    for task in (binary, multiclass, numbers, traffic):
        for estimate in task(seed).values():
            yield task.__name__, estimate


def test_every_metric_has_a_definition() -> None:
    assert list(DEFINITIONS) == list(METRICS)
    assert {estimate.name for _, estimate in everything(0)} == set(METRICS)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_values_are_in_their_range(seed: int) -> None:
    for _, estimate in everything(seed):
        one = DEFINITIONS[estimate.name]
        for value in (estimate.value, estimate.low, estimate.high):
            if value is not None:
                assert one.least is None or value >= one.least, estimate
                assert one.most is None or value <= one.most, estimate


@pytest.mark.parametrize("seed", range(3))
def test_intervals_are_where_they_are_promised(seed: int) -> None:
    for task, estimate in everything(seed):
        promised = DEFINITIONS[estimate.name].interval
        given = promised and not (task == "multiclass" and "multiclass: none" in promised)
        assert (estimate.low is not None) == (estimate.high is not None) == bool(given), (task, estimate)


@pytest.mark.parametrize("seed", range(3))
def test_bounds_are_where_they_are_promised(seed: int) -> None:
    for task, estimate in everything(seed):
        assert (estimate.bound > 0) == bool(DEFINITIONS[estimate.name].bound), (task, estimate)
    assert all(estimate.bound == 0 for estimate in binary(seed, exact=True).values())


def test_without_rows_there_is_no_value() -> None:
    nothing = {
        **binary(0, rows=0),
        **regression_metrics(RegressionSummary.empty()),
        **traffic_metrics(TrafficSummary.empty()),
    }
    assert {name for name, one in nothing.items() if one.value is not None} == {"volume"}


def test_rows_are_those_that_count() -> None:
    nan = float("nan")
    found = classification_metrics(
        ClassificationSummary.of(
            ["1", "0", "1", None, "0"], ["1", "0", None, "1", "1"], [0.9, nan, 0.7, 0.1, 7.0]
        )
    )
    rows = {name: estimate.n for name, estimate in found.items()}
    assert {rows[name] for name in ("accuracy", "precision", "recall", "f1_score", "recall_macro")} == {3}
    assert {rows[name] for name in ("roc_auc", "pr_auc", "log_loss", "brier_score", "ece")} == {2}
    errors = regression_metrics(RegressionSummary.of([0.0, 1.0, nan, 2.0], [1.0, 1.0, 1.0, np.inf]))
    assert {errors[name].n for name in ("mae", "mse", "rmse", "r2_score")} == {2}
    assert errors["mape"].n == 1
    calls = traffic_metrics(TrafficSummary.of(timestamps=[0, 1], latency={"total": [5.0, nan]}))
    assert (calls["latency_p50"].n, calls["error_rate"].n, calls["volume"].n) == (1, 2, 2)
