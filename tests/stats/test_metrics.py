"""Metrics against scikit-learn, the intervals against SciPy, and what is not defined."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from assay.errors import InvalidInput
from assay.stats.metrics import (
    METRICS,
    classification_metrics,
    confusion_matrix,
    regression_metrics,
    reliability_curve,
    traffic_metrics,
)
from assay.stats.metrics.intervals import mean_interval, wilson
from assay.stats.summaries import ClassificationSummary, LatencySummary, RegressionSummary, TrafficSummary
from assay.stats.summaries.traffic import STAGES

close = {"rel": 1e-12, "abs": 1e-12}


def values_of(summary: ClassificationSummary, **options) -> dict[str, float | None]:
    return {name: one.value for name, one in classification_metrics(summary, **options).items()}


def binary_sample(seed: int, n: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    score = np.clip(rng.normal(0.35 + 0.3 * truth, 0.25), 0, 1)
    score = np.round(score, [1, 2, 3, 15][seed % 4])  # many ties, few, none; 0 and 1 among them
    return truth, (score > 0.5).astype(int), score


def text(values: np.ndarray) -> list[str]:
    return [str(value) for value in values.tolist()]


@pytest.mark.parametrize("seed", range(8))
def test_binary_metrics_are_scikit_learns(seed: int) -> None:
    truth, guess, score = binary_sample(seed)
    found = values_of(ClassificationSummary.of(text(truth), text(guess), score, exact=True))
    expected = {
        "accuracy": sk.accuracy_score(truth, guess),
        "precision": sk.precision_score(truth, guess),
        "recall": sk.recall_score(truth, guess),
        "f1_score": sk.f1_score(truth, guess),
        "roc_auc": sk.roc_auc_score(truth, score),
        "pr_auc": sk.average_precision_score(truth, score),
        "log_loss": sk.log_loss(truth, score),
        "brier_score": sk.brier_score_loss(truth, score),
        "ece": naive_ece(truth, score),
    } | averages(truth, guess)
    assert found == {name: pytest.approx(value, **close) for name, value in expected.items()}


def averages(truth: np.ndarray, guess: np.ndarray) -> dict[str, float]:
    functions = {"precision": sk.precision_score, "recall": sk.recall_score, "f1_score": sk.f1_score}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sk_warning())
        return {
            f"{name}_{how}": function(truth, guess, average=how)
            for name, function in functions.items()
            for how in ("macro", "weighted")
        }


def sk_warning() -> type[Warning]:
    from sklearn.exceptions import UndefinedMetricWarning

    return UndefinedMetricWarning


def naive_ece(truth: np.ndarray, score: np.ndarray, bins: int = 10) -> float:
    total = 0.0
    for i in range(bins):
        inside = [
            k for k, s in enumerate(score) if (i / bins < s or (i == 0 and s == 0)) and s <= (i + 1) / bins
        ]
        if inside:
            total += abs(sum(score[k] for k in inside) - sum(truth[k] for k in inside))
    return total / len(truth)


@pytest.mark.parametrize("seed", range(8))
def test_counted_scores_stay_within_their_bound(seed: int) -> None:
    truth, guess, score = binary_sample(seed)
    score = score**0.05 if seed == 7 else score  # nearly all in the last cells
    found = classification_metrics(ClassificationSummary.of(text(truth), text(guess), score))
    for name, exact in (
        ("roc_auc", sk.roc_auc_score(truth, score)),
        ("pr_auc", sk.average_precision_score(truth, score)),
    ):
        assert abs(found[name].value - exact) <= found[name].bound + 1e-12
        assert found[name].bound < 0.1
    for name, exact in (
        ("log_loss", sk.log_loss(truth, score)),
        ("brier_score", sk.brier_score_loss(truth, score)),
    ):
        assert found[name].value == pytest.approx(exact, **close)
        assert found[name].bound == 0.0


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([0.5001, 0.5002, 0.5003, 0.2, 0.9])),
        min_size=2,
        max_size=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_bounds_hold_for_every_order_within_a_cell(rows: list[tuple[int, float]]) -> None:
    truth, score = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = classification_metrics(ClassificationSummary.of(text(truth), text(truth), score))
    if not truth.any():
        assert found["pr_auc"].value is None
        return
    average = sk.average_precision_score(truth, score)
    assert abs(found["pr_auc"].value - average) <= found["pr_auc"].bound + 1e-12
    if not truth.all():
        assert abs(found["roc_auc"].value - sk.roc_auc_score(truth, score)) <= found["roc_auc"].bound + 1e-12


@pytest.mark.parametrize("seed", range(6))
def test_multiclass_metrics_are_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = np.array(["a", "b", "c", "d"])
    truth = rng.choice(names, 300, p=[0.5, 0.3, 0.15, 0.05])
    chances = rng.dirichlet([0.4] * 4, 300)
    chances[:, 0] += (truth == "a") * 0.5
    chances /= chances.sum(axis=1, keepdims=True)
    if seed % 2:  # ties
        chances = np.floor(chances * 20) / 20
    chances[:, 3] = 1 - chances[:, :3].sum(axis=1)
    guess = names[chances.argmax(axis=1)]
    guess[guess == "d"] = "a" if seed == 3 else "d"  # a class that is never predicted
    columns = dict(zip(names.tolist(), chances.T, strict=True))
    found = values_of(ClassificationSummary.of(truth, guess, probabilities=columns, exact=True))
    weighted = averages(truth, guess)
    one_hot = truth[:, None] == names
    expected = weighted | {
        "accuracy": sk.accuracy_score(truth, guess),
        "precision": weighted["precision_weighted"],
        "recall": weighted["recall_weighted"],
        "f1_score": weighted["f1_score_weighted"],
        "roc_auc": sk.roc_auc_score(one_hot, chances, average="macro"),
        "pr_auc": sk.average_precision_score(one_hot, chances, average="macro"),
        "log_loss": sk.log_loss(truth, chances, labels=names),
        "brier_score": float(np.mean(np.sum((chances - one_hot) ** 2, axis=1))),
        "ece": naive_ece((guess == truth).astype(int), chances.max(axis=1)),
    }
    assert found == {name: pytest.approx(value, **close) for name, value in expected.items()}
    counted = classification_metrics(ClassificationSummary.of(truth, guess, probabilities=columns))
    for name in ("roc_auc", "pr_auc"):
        assert abs(counted[name].value - expected[name]) <= counted[name].bound + 1e-12
    matrix = confusion_matrix(ClassificationSummary.of(truth, guess))
    assert matrix.counts == tuple(map(tuple, sk.confusion_matrix(truth, guess).tolist()))


def test_two_probability_columns_are_a_score() -> None:
    truth, guess, score = binary_sample(1)
    one = ClassificationSummary.of(text(truth), text(guess), score, exact=True)
    two = ClassificationSummary.of(
        text(truth), text(guess), probabilities={"0": 1 - score, "1": score}, exact=True
    )
    assert values_of(one) == values_of(two)
    swapped = ClassificationSummary.of(
        text(truth), text(guess), probabilities={"0": score, "1": 1 - score}, positive_class="0", exact=True
    )
    auc = classification_metrics(swapped, positive_class="0")["roc_auc"].value
    assert auc == pytest.approx(sk.roc_auc_score(truth == 0, score), **close)


@pytest.mark.parametrize("seed", range(4))
def test_regression_metrics_are_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(50, 20, 400)
    guess = truth + rng.standard_t(3, 400)
    found = {name: one.value for name, one in regression_metrics(RegressionSummary.of(truth, guess)).items()}
    assert found == {
        "mae": pytest.approx(sk.mean_absolute_error(truth, guess), **close),
        "mse": pytest.approx(sk.mean_squared_error(truth, guess), **close),
        "rmse": pytest.approx(sk.root_mean_squared_error(truth, guess), **close),
        "r2_score": pytest.approx(sk.r2_score(truth, guess), **close),
        "mape": pytest.approx(sk.mean_absolute_percentage_error(truth, guess), **close),
        "mean_error": pytest.approx(np.mean(guess - truth), rel=1e-9),
        "mean_prediction": pytest.approx(np.mean(guess), **close),
        "mean_truth": pytest.approx(np.mean(truth), **close),
    }
    error = regression_metrics(RegressionSummary.of(truth, guess))["mean_error"]
    expected = stats.ttest_1samp(guess - truth, 0).confidence_interval(0.95)
    assert (error.low, error.high) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_r2_is_exact_far_from_zero() -> None:
    truth = 1e9 + np.arange(1000.0)
    guess = truth + np.tile([0.25, -0.25], 500)
    parts = [RegressionSummary.of(truth[i : i + 7], guess[i : i + 7]) for i in range(0, 1000, 7)]
    merged = parts[0]
    for part in parts[1:]:
        merged += part
    assert regression_metrics(merged)["r2_score"].value == pytest.approx(sk.r2_score(truth, guess), rel=1e-10)


DEGENERATE = {
    "nothing": ([], [], []),
    "no labels": ([None, None], ["1", "0"], [0.9, 0.2]),
    "one class": (["0", "0"], ["0", "0"], [0.1, 0.2]),
    "one row": (["1"], ["1"], [0.7]),
    "no scores": (["1", "0"], ["1", "1"], [math.nan, math.nan]),
    "bad scores": (["1", "0"], ["1", "1"], [2.0, -1.0]),
    "no predictions": (["1", "0"], [None, None], [0.4, 0.6]),
    "one unknown class": (["x", "x"], ["x", "x"], [0.4, 0.6]),
}


@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize("exact", [True, False])
def test_what_is_not_defined_is_none(case: str, exact: bool) -> None:
    actual, predicted, score = DEGENERATE[case]
    summary = ClassificationSummary.of(actual, predicted, score, exact=exact)
    for name, one in classification_metrics(summary).items():
        for number in (one.value, one.low, one.high, one.bound):
            assert number is None or math.isfinite(number), (name, one)
    undefined = {name for name, one in classification_metrics(summary).items() if one.value is None}
    if case in ("nothing", "no labels"):
        assert undefined == set(classification_metrics(summary))
    if case in ("one class", "one row"):
        assert {"roc_auc"} <= undefined
        assert not {"accuracy", "log_loss", "brier_score"} & undefined
    if case == "one class":
        assert {"precision", "recall", "f1_score", "pr_auc"} <= undefined
    assert summary.score_invalid == (2 if case == "bad scores" else 0)
    summary.to_dict()


def test_undefined_regression_is_none() -> None:
    for actual, predicted in (
        ([], []),
        ([math.nan], [1.0]),
        ([math.inf], [1.0]),
        ([1e200] * 3, [-1e300] * 3),
    ):
        for one in regression_metrics(RegressionSummary.of(actual, predicted)).values():
            assert one.value is None or math.isfinite(one.value)
    constant = regression_metrics(RegressionSummary.of([0.0, 0.0], [1.0, 2.0]))
    assert constant["r2_score"].value is None
    assert constant["mape"].value is None
    assert constant["mae"].value == 1.5
    summary = RegressionSummary.of([1.0, math.inf, math.nan], [1.0, 2.0, 3.0])
    assert (summary.n, summary.infinite, summary.n_predictions, summary.n_labelled) == (1, 1, 3, 2)


def test_a_window_of_negatives_only_does_not_turn_the_classes_round() -> None:
    summary = ClassificationSummary.of(["0", "0"], ["0", "0"], [0.1, 0.2])
    found = classification_metrics(summary)
    assert found["brier_score"].value == pytest.approx((0.01 + 0.04) / 2)
    assert classification_metrics(summary, positive_class="0")["recall"].value == 1.0


def test_a_true_class_without_a_probability_is_charged_in_full() -> None:
    chances = {"a": [0.5, 0.2], "b": [0.3, 0.3], "c": [0.2, 0.5]}
    found = values_of(ClassificationSummary.of(["a", "new"], ["a", "c"], probabilities=chances))
    first, second = 0.5**2 + 0.3**2 + 0.2**2, 0.2**2 + 0.3**2 + 0.5**2 + 1
    assert found["brier_score"] == pytest.approx((first + second) / 2)
    assert found["log_loss"] == pytest.approx((math.log(2) - math.log(np.finfo(float).eps)) / 2)
    assert found["accuracy"] == 0.5


def test_twenty_thousand_classes_are_no_burden() -> None:
    names = [f"class {i}" for i in range(20_000)]
    chances = {name: np.full(20_000, 0.001) for name in names[:300]}
    summary = ClassificationSummary.of(names, names[::-1], np.full(20_000, 0.5), chances)
    assert (summary.n, len(summary.classes), len(summary.probabilities.classes)) == (20_000, 200, 200)
    assert len(summary.to_bytes()) < 100_000
    assert summary.correct == 0


def test_coverage_is_the_share_that_is_labelled() -> None:
    summary = ClassificationSummary.of(["1", None, None, None], ["1", "1", "0", None])
    assert (summary.n_predictions, summary.n_labelled) == (3, 1)
    assert all(one.coverage == pytest.approx(1 / 3) for one in classification_metrics(summary).values())


def test_wilson_is_scipys() -> None:
    for hits, n in itertools.product((0, 1, 7, 30), (1, 7, 30, 1000)):
        if hits <= n:
            expected = stats.binomtest(hits, n).proportion_ci(method="wilson")
            assert wilson(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert wilson(0, 0) == (None, None)


def test_mean_interval_is_scipys() -> None:
    values = np.random.default_rng(0).exponential(size=25)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = mean_interval(values.sum(), (values**2).sum(), 25)
    assert found == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert mean_interval(1.0, 1.0, 1) == (None, None)


def test_delong_is_the_naive_one() -> None:
    truth, guess, score = binary_sample(2, 80)
    one = classification_metrics(ClassificationSummary.of(text(truth), text(guess), score, exact=True))[
        "roc_auc"
    ]
    positive, negative = score[truth == 1], score[truth == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    error = math.sqrt(
        wins.mean(axis=1).var(ddof=1) / len(positive) + wins.mean(axis=0).var(ddof=1) / len(negative)
    )
    assert one.low == pytest.approx(one.value - stats.norm.ppf(0.975) * error, abs=1e-9)


@pytest.mark.nightly
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    names = ("accuracy", "f1_score", "roc_auc", "brier_score", "log_loss", "precision")

    def sample(n: int) -> ClassificationSummary:
        score = rng.beta(2, 2, n)
        truth = (rng.random(n) < score).astype(int)
        return ClassificationSummary.of(text(truth), text((score > 0.5).astype(int)), score)

    true = classification_metrics(sample(500_000))
    held = dict.fromkeys(names, 0)
    for _ in range(1000):
        found = classification_metrics(sample(300))
        for name in names:
            held[name] += found[name].low <= true[name].value <= found[name].high
    assert all(920 <= count <= 980 for count in held.values()), held


def test_reliability_curve() -> None:
    truth, guess, score = binary_sample(2)
    summary = ClassificationSummary.of(text(truth), text(guess), score)
    for bins in (1, 2, 4, 5, 10, 20):
        curve = reliability_curve(summary, bins=bins)
        assert len(curve) == bins
        assert sum(one.n for one in curve) == 500
        gap = sum(one.n * abs(one.mean_score - one.observed) for one in curve if one.n) / 500
        assert gap == pytest.approx(naive_ece(truth, score, bins), abs=1e-12)
    with pytest.raises(InvalidInput, match="divides"):
        reliability_curve(summary, bins=3)


def test_many_classes_have_no_averages_but_an_accuracy() -> None:
    names = [f"c{i}" for i in range(300)]
    found = classification_metrics(ClassificationSummary.of(names, names))
    assert found["accuracy"].value == 1.0
    assert found["f1_score_macro"].value is None


@given(values=st.lists(st.floats(1e-3, 1e7), min_size=1, max_size=60), q=st.floats(0, 1))
@settings(deadline=None)
def test_latency_quantiles_are_within_a_percent(values: list[float], q: float) -> None:
    expected = np.quantile(values, q, method="inverted_cdf")
    # NumPy's rank may fall on the other side where q n is whole up to rounding.
    beside = {np.quantile(values, min(max(q + d, 0), 1), method="inverted_cdf") for d in (-1e-12, 0, 1e-12)}
    found = LatencySummary.of(values).quantile(q)
    assert min(abs(found - one) / one for one in beside | {expected}) <= 0.01 + 1e-9


def test_traffic_metrics() -> None:
    rng = np.random.default_rng(0)
    latency = rng.lognormal(3, 1, 10_000)
    errors = [None] * 9_990 + ["timeout"] * 10
    summary = TrafficSummary.of(timestamps=np.arange(10_000), errors=errors, latency={"total": latency})
    found = traffic_metrics(summary)
    assert found["volume"].value == 10_000
    assert found["error_rate"].value == 0.001
    for name, q in (("latency_p50", 0.5), ("latency_p95", 0.95), ("latency_p99", 0.99)):
        assert found[name].value == pytest.approx(np.quantile(latency, q), rel=0.0101)
        assert found[name].low < found[name].value < found[name].high
        assert found[name].bound == pytest.approx(0.01 * found[name].value)
    assert all(one.value in (None, 0.0) for one in traffic_metrics(TrafficSummary.empty()).values())


def test_latency_buckets_count_what_is_at_most_a_bound() -> None:
    values = np.random.default_rng(0).lognormal(3, 1, 10_000)
    summary = LatencySummary.of(values)
    for bound, count in zip([5.0, 20.0, 100.0, 1e9], summary.buckets([5.0, 20.0, 100.0, 1e9]), strict=True):
        assert (values <= bound / 1.0101).sum() <= count <= (values <= bound * 1.0101).sum()


def test_every_metric_is_registered_with_its_direction() -> None:
    found = (
        classification_metrics(ClassificationSummary.empty())
        | regression_metrics(RegressionSummary.empty())
        | traffic_metrics(TrafficSummary.of(timestamps=[0], latency={stage: [1.0] for stage in STAGES}))
    )
    assert set(found) == set(METRICS)
    unstaged = {
        name for name in METRICS if name.startswith("latency_p") and name.removeprefix("latency_p").isdigit()
    }
    assert {name for name in traffic_metrics(TrafficSummary.empty()) if "latency" in name} == unstaged
    for name, one in found.items():
        assert one.name == name
        assert one.higher_is_better == METRICS[name].higher_is_better
        assert set(one.to_dict()) >= {"name", "value", "n", "coverage", "low", "high", "bound"}
    assert list(regression_metrics(RegressionSummary.empty(), names=["mse", "nope"])) == ["mse"]
