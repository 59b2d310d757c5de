"""A regression's losses, told from features and prediction, held against a truth that is never shown."""

import numpy as np
import pytest

import assay
from assay.errors import InvalidInput
from assay.stats.estimation import blocks_of, fit_regression
from assay.stats.estimation.features import FeatureColumn
from assay.stats.estimation.loss_estimator import realised_losses
from assay.stats.estimation.losses import KINDS, LossDesign, fit_losses
from assay.stats.metrics.regression import mean_absolute_error, mean_absolute_percentage_error, squared_errors
from assay.stats.summaries.regression import RegressionSummary


def traffic(rows: int, seed: int, *, far: float = 0.2) -> dict[str, np.ndarray]:
    """Prices; errors are large at some distances, and twice as large for one of two kinds."""
    rng = np.random.default_rng(seed)
    distance, kind = rng.uniform(0, 1, rows), rng.random(rows) < far
    price = 100 + 50 * distance
    spread = np.where(np.abs(distance - 0.5) < 0.15, 8, 1) * np.where(kind, 2, 1)
    return {
        "distance": distance,
        "kind": np.where(kind, "van", "car"),
        "guess": price,
        "price": price + rng.normal(0, spread),
    }


def estimate(reference: object, current: object, **given: object) -> assay.PerformanceEstimate:
    given = {"target": "price", "prediction": "guess"} | given
    return assay.estimate_performance(reference, current, **given)


@pytest.fixture(scope="module")
def shifted() -> assay.PerformanceEstimate:
    """Most of the window is of the kind that was rare in the reference."""
    current = traffic(3_000, 2, far=0.9)
    return estimate(traffic(3_000, 1), current, metrics=["rmse", "mae", "mse", "mape"], chunk_size=500)


def test_a_shift_towards_large_errors_is_seen_without_a_label(shifted: assay.PerformanceEstimate) -> None:
    old = traffic(3_000, 1)
    before = realised_losses(old["price"], old["guess"], ("rmse",))["rmse"]
    assert shifted.task == "regression"
    assert shifted.refusal is None
    for chunk in shifted.chunks:
        for name, one in chunk.metrics.items():
            assert one.method == "boosted trees of the loss"
            assert one.value == pytest.approx(one.realised, rel=0.25), name
        assert chunk.metrics["rmse"].value > 1.3 * before
        assert chunk.metrics["rmse"].value == pytest.approx(chunk.metrics["mse"].value ** 0.5)
    covered = [
        one.low < one.realised < one.high for chunk in shifted.chunks for one in chunk.metrics.values()
    ]
    assert np.mean(covered) > 0.85


def test_realised_metrics_are_those_of_the_summary() -> None:
    part = traffic(200, 3)
    part["price"][7] = 0.0  # left out of relative errors
    found = realised_losses(part["price"], part["guess"], ("mae", "mse", "rmse", "mape"))
    summary = RegressionSummary.of(part["price"], part["guess"])
    mse, rmse = squared_errors(summary)
    wanted = {
        "mae": mean_absolute_error(summary).value,
        "mse": mse.value,
        "rmse": rmse.value,
        "mape": mean_absolute_percentage_error(summary).value,
    }
    assert found == pytest.approx(wanted)


def test_intervals_cover() -> None:
    """With the linear model, which is quick: the intervals are made alike."""
    covered = []
    for seed in range(30):
        frames = [traffic(2_000, seed), traffic(2_000, 1_000 + seed)]
        inputs = []
        columns = [
            {
                "": FeatureColumn(frame["guess"]),
                "kind": FeatureColumn((frame["kind"] == "van").astype(np.int64), ("car", "van")),
            }
            for frame in frames
        ]
        design = LossDesign.of(columns[0])
        inputs = [design(one) for one in columns]
        fitted = fit_regression(
            inputs[0],
            frames[0]["price"],
            frames[0]["guess"],
            blocks_of(2_000),
            ("rmse", "mae"),
            kinds=KINDS[:-1],
            chunk=200,
        )
        for rows in np.array_split(np.arange(2_000), 10):
            found = fitted.estimate(inputs[1].take(rows))
            real = realised_losses(frames[1]["price"][rows], frames[1]["guess"][rows], ("rmse", "mae"))
            covered += [one.low < real[name] < one.high for name, one in found.items()]
    assert 0.93 < np.mean(covered) < 0.97


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_told_above_zero_and_right_on_average(kind: str) -> None:
    part = traffic(1_500, 5)
    columns = {
        "distance": FeatureColumn(part["distance"]),
        "kind": FeatureColumn((part["kind"] == "van").astype(np.int64), ("car", "van")),
    }
    design = LossDesign.of(columns)
    loss = np.abs(part["price"] - part["guess"])
    found = fit_losses(kind, design(columns), loss)(design(columns))
    assert (found > 0).all()
    assert found.mean() == pytest.approx(loss.mean(), rel=0.05)
    unseen = {
        "distance": FeatureColumn(np.array([np.nan, 9.0])),
        "kind": FeatureColumn(np.array([0, -1]), ("bus",)),
    }
    assert np.isfinite(fit_losses(kind, design(columns), loss)(design(unseen))).all()


def test_without_trees_the_weaker_model_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.monitoring.estimation_tasks.trees_available", lambda: False)
    result = estimate(traffic(1_000, 6), traffic(200, 7))
    assert result.chunks[0].metrics["rmse"].method == "linear model of the loss"
    assert any("weaker" in note for note in result.notes)


def test_errors_that_nothing_tells_are_their_mean() -> None:
    rng = np.random.default_rng(8)
    frame = {"guess": rng.normal(0, 1, 1_000), "x": rng.normal(0, 1, 1_000)}
    frame["price"] = frame["guess"] + rng.normal(0, 1, 1_000)
    one = estimate(frame, frame).chunks[0].metrics["mae"]
    assert one.method.startswith("mean loss of the reference")
    assert one.value == pytest.approx(one.realised)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prediction": None}, "nothing to estimate from"),
        ({"score": "guess", "task": "regression"}, "no score"),
        ({"task": "binary"}, "give score"),
        ({"metrics": ["roc_auc"]}, "no estimate of"),
        ({"target": "kind"}, "row 0"),
        ({"prediction": "absent"}, "no column"),
    ],
)
def test_what_cannot_be_estimated_is_said(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        estimate(traffic(300, 17), traffic(100, 18), **change)


def test_few_labels_are_refused_and_missing_numbers_left_out() -> None:
    few = estimate(traffic(60, 9), traffic(50, 10))
    assert "60 rows with a truth" in (few.refusal or "")
    reference = traffic(1_000, 11)
    reference["guess"][::10] = np.nan
    result = estimate(reference, traffic(100, 12), metrics=["mae"])
    assert result.reference_n == 900
    assert any("100 rows of the reference left out" in note for note in result.notes)
