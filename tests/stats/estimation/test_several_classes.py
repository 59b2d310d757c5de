"""More than two classes: expected metrics equal scikit-learn's, and estimates hold against a truth unseen."""

import numpy as np
import pytest
from sklearn import metrics as judge

import assay
from assay.errors import InvalidInput
from assay.stats.estimation.classified import (
    CLASS_METRICS,
    Classified,
    expected_class_metrics,
    truth_variance,
)
from assay.stats.estimation.profile_class_estimator import fit_class_profiles
from assay.stats.summaries.classification import ClassificationSummary

NAMES = ("a", "b", "c")
COLUMNS = {name: f"p_{name}" for name in NAMES}
WORTH = np.array([[3.0, -1.0, -2.0], [-4.0, 2.0, 0.5], [-7.0, 0.0, 5.0]])  # by truth, then prediction
VALUES = {true: dict(zip(NAMES, row, strict=True)) for true, row in zip(NAMES, WORTH.tolist(), strict=True)}


def drawn(chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(len(chance))[:, None] > np.cumsum(chance, axis=1)).sum(axis=1)


def some(rows: int, seed: int) -> tuple[Classified, np.ndarray]:
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet([1.0, 0.8, 0.5], rows)
    chance = 0.7 * probability + 0.1
    return Classified(probability, probability.argmax(axis=1), drawn(chance, rng)), chance


def traffic(rows: int, seed: int, *, old: float = 0.3) -> dict[str, np.ndarray]:
    """Probabilities that are too sure of themselves, and a group for which they are worse."""
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet([1.0, 0.8, 0.5], rows)
    group = rng.random(rows) < old
    chance = np.where(group[:, None], 0.3 * probability + 0.7 / 3, 0.9 * probability + 0.1 / 3)
    columns = {COLUMNS[name]: probability[:, place] for place, name in enumerate(NAMES)}
    return {
        **columns,
        "group": np.where(group, "old", "new"),
        "guess": np.array(NAMES)[probability.argmax(axis=1)],
        "truth": np.array(NAMES)[drawn(chance, rng)],
    }


def estimate(reference: object, current: object, **given: object) -> assay.PerformanceEstimate:
    given = {"target": "truth", "score": COLUMNS, "prediction": "guess"} | given
    return assay.estimate_performance(reference, current, **given)


def test_with_the_truth_for_chances_they_are_the_metrics() -> None:
    rows, _ = some(300, 1)
    found = {
        name: one.value
        for name, one in expected_class_metrics(rows, rows.realised(), CLASS_METRICS, cost=WORTH).items()
    }
    wanted = {
        "accuracy": judge.accuracy_score(rows.truth, rows.predicted),
        "roc_auc": judge.roc_auc_score(rows.truth, rows.probability, multi_class="ovr"),
        "log_loss": judge.log_loss(rows.truth, rows.probability),
        "business_value": (judge.confusion_matrix(rows.truth, rows.predicted) * WORTH).sum(),
        "brier_score": ((rows.probability - rows.realised()) ** 2).sum(axis=1).mean(),
    }
    for what, function in (
        ("precision", judge.precision_score),
        ("recall", judge.recall_score),
        ("f1_score", judge.f1_score),
    ):
        for how in ("macro", "weighted"):
            wanted[f"{what}_{how}"] = function(rows.truth, rows.predicted, average=how)
        wanted[what] = wanted[f"{what}_weighted"]
    assert found == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("name", CLASS_METRICS)
def test_the_slope_and_the_variance_are_those_of_the_metric(name: str) -> None:
    rows, chance = some(300, 2)
    one = expected_class_metrics(rows, chance, (name,), cost=WORTH)[name]
    rng = np.random.default_rng(3)
    values = []
    for _ in range(300):
        truth = Classified(rows.probability, rows.predicted, drawn(chance, rng)).realised()
        values.append(expected_class_metrics(rows, truth, (name,), cost=WORTH)[name].value)
    spread = truth_variance(one.slope, chance) ** 0.5
    assert np.std(values) == pytest.approx(spread, rel=0.15)
    assert abs(np.mean(values) - one.value) < 0.3 * spread
    for row in range(0, 300, 60):  # the truth of a row moved from one class to another
        ends = []
        for step in (-1e-6, 1e-6):
            moved = chance.copy()
            moved[row] += np.array([step, -step, 0.0])
            ends.append(expected_class_metrics(rows, moved, (name,), cost=WORTH)[name].value)
        slope = one.slope[row, 0] - one.slope[row, 1]
        assert (ends[1] - ends[0]) / 2e-6 == pytest.approx(slope, rel=1e-4, abs=1e-9)


def test_intervals_cover_and_the_truth_is_never_used() -> None:
    covered = []
    for seed in range(8):
        reference, current = traffic(2_000, seed), traffic(2_000, 100 + seed)
        for chunk in estimate(reference, current, chunk_size=250, features=[]).chunks:
            covered += [one.low <= one.realised <= one.high for one in chunk.metrics.values()]
    assert len(covered) == 8 * 8 * 6
    assert 0.91 < np.mean(covered) < 0.995  # of 95%; 64 independent chunks
    blind = estimate(reference, {name: values for name, values in current.items() if name != "truth"})
    seen = estimate(reference, current)
    for name, one in blind.chunks[0].metrics.items():
        assert one.realised is None
        assert one.value == seen.chunks[0].metrics[name].value


def test_business_value_is_the_sum_over_the_chunk() -> None:
    covered, off = [], []
    for seed in range(6):
        found = estimate(
            traffic(2_000, seed),
            traffic(2_000, 50 + seed),
            chunk_size=250,
            features=[],
            business_value=VALUES,
        )
        for chunk in found.chunks:
            one = chunk.metrics["business_value"]
            covered.append(one.low <= one.realised <= one.high)
            off.append((one.value - one.realised) / (one.high - one.low))
    assert len(covered) == 48
    assert np.mean(covered) >= 0.85  # of 95%, in 48 chunks: 2.7 standard errors and more
    assert abs(np.mean(off)) < 0.1
    (whole,) = estimate(
        traffic(2_000, 0), traffic(250, 1), business_value=VALUES, metrics=["business_value"]
    ).chunks
    assert list(whole.metrics) == ["business_value"]


def test_features_correct_what_probabilities_alone_get_wrong() -> None:
    reference, current = traffic(6_000, 3, old=0.2), traffic(4_000, 4, old=0.8)
    errors = []
    for features in ([], None):
        (chunk,) = estimate(reference, current, features=features, metrics=["accuracy"]).chunks
        errors.append(abs(chunk.metrics["accuracy"].value - chunk.metrics["accuracy"].realised))
    assert errors[1] < errors[0] / 3


def test_profiles_say_what_frames_say() -> None:
    def profile(part: dict[str, np.ndarray]) -> ClassificationSummary:
        texts = [part[name].tolist() for name in ("truth", "guess")]
        return ClassificationSummary.of(
            *texts, probabilities={name: part[column] for name, column in COLUMNS.items()}
        )

    names = tuple(name for name in CLASS_METRICS if name not in {"precision", "business_value"})
    reference, current = traffic(8_000, 9), traffic(2_000, 10)
    cut = [
        {name: values[n : n + 1_000] for name, values in reference.items()} for n in range(0, 8_000, 1_000)
    ]
    fitted = fit_class_profiles([profile(part) for part in cut], names)
    assert fitted.refusal is None
    found = fitted.estimate(profile({**current, "truth": current["truth"]}))
    (chunk,) = estimate(reference, current, features=[], metrics=names).chunks
    for name, one in chunk.metrics.items():
        assert found[name].value == pytest.approx(
            one.value, abs=0.025
        )  # which class is predicted is read off

        assert found[name].low < one.realised < found[name].high
    with pytest.raises(InvalidInput, match="at least 2"):
        fit_class_profiles([profile(cut[0])], names)


def test_profiles_of_predictions_that_do_not_follow_their_probabilities_are_refused() -> None:
    part = traffic(4_000, 11)
    turned = np.array([{"a": "b", "b": "c", "c": "a"}[name] for name in part["guess"].tolist()])
    columns = {name: part[column] for name, column in COLUMNS.items()}
    blocks = [
        ClassificationSummary.of(
            part["truth"][rows].tolist(),
            turned[rows].tolist(),
            probabilities={name: values[rows] for name, values in columns.items()},
        )
        for rows in np.array_split(np.arange(4_000), 4)
    ]
    fitted = fit_class_profiles(blocks, ("accuracy", "roc_auc"))
    found = fitted.estimate(blocks[0])
    assert "do not follow its probability" in (found["accuracy"].reason or "")
    assert found["roc_auc"].value is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": {"a": "p_a", "b": "p_b"}}, "names no column of it"),
        ({"score": {"a": "p_a"}}, "at least two classes"),
        ({"score": {**COLUMNS, "d": "absent"}}, "no column"),
        ({"metrics": ["business_value"]}, "needs the argument"),
        ({"business_value": {"tp": 1, "fp": 1, "tn": 1, "fn": 1}}, "is not among the classes"),
        ({"business_value": {name: VALUES[name] for name in "ab"}}, "the true class 'c' is absent"),
        ({"business_value": VALUES | {"b": {"a": 1, "b": 2}}}, "those of the true class 'b'"),
        ({"business_value": VALUES | {"b": {"a": 1, "b": 2, "c": float("inf")}}}, "those of the true"),
        ({"business_value": VALUES | {"b": 3}}, "those of the true class 'b' are 3"),
        ({"business_value": [1]}, "must give a number for each"),
        ({"task": "binary"}, "one column, of the positive class"),
        ({"task": "trading"}, "task must be one of"),
        ({"score": "p_a"}, "has 3 classes"),
    ],
)
def test_what_cannot_be_estimated_is_said(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        estimate(traffic(300, 17), traffic(100, 18), **change)


def test_rare_classes_and_empty_probabilities_are_refused() -> None:
    reference, current = traffic(1_000, 12), traffic(200, 13)
    rare = np.where(np.arange(1_000) < 5, "c", np.where(np.arange(1_000) % 2, "a", "b"))
    assert "5 labels of the class 'c'" in (estimate(reference | {"truth": rare}, current).refusal or "")
    mixed = np.random.default_rng(14).permutation(reference["truth"])
    assert "no information" in (estimate(reference | {"truth": mixed}, current, features=[]).refusal or "")
