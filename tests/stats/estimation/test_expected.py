"""Expected metrics: equal to scikit-learn where the truth is known, and to counted pairs where it is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as judge

from assay.stats.estimation.expected import BINARY_METRICS, expected_confusion, expected_metrics
from assay.stats.estimation.scored import Scored

COST = ((1.0, -5.0), (-20.0, 30.0))


def some(rows: int, seed: int) -> tuple[Scored, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = np.round(rng.random(rows), 1)  # with ties
    chance = rng.random(rows)
    truth = (rng.random(rows) < chance).astype(float)
    return Scored(score, score >= 0.5, np.ones(rows), truth), chance


@settings(deadline=None)  # the first example waits for scikit-learn to be loaded
@given(st.integers(20, 200), st.integers(0, 10_000))
def test_with_the_truth_for_chances_they_are_the_metrics(rows: int, seed: int) -> None:
    scored, _ = some(rows, seed)
    truth, guess, score = scored.positive, scored.predicted, scored.score
    if not 0 < truth.sum() < rows or not guess.any():
        return
    found = {
        name: one.value for name, one in expected_metrics(scored, truth, BINARY_METRICS, cost=COST).items()
    }
    (tn, fp), (fn, tp) = judge.confusion_matrix(truth, guess).tolist()
    wanted = {
        "accuracy": judge.accuracy_score(truth, guess),
        "precision": judge.precision_score(truth, guess),
        "recall": judge.recall_score(truth, guess),
        "f1_score": judge.f1_score(truth, guess),
        "roc_auc": judge.roc_auc_score(truth, score),
        "brier_score": judge.brier_score_loss(truth, score),
        "log_loss": judge.log_loss(truth, score),
        "business_value": tn - 5 * fp - 20 * fn + 30 * tp,
    }
    assert found == pytest.approx(wanted, rel=1e-9)


def test_expected_roc_auc_is_that_of_all_pairs() -> None:
    scored, chance = some(40, 3)
    wins = pairs = 0.0
    for i in range(40):
        for j in range(40):
            pair = chance[i] * (1 - chance[j])
            pairs += pair
            wins += pair * ((scored.score[i] > scored.score[j]) + 0.5 * (scored.score[i] == scored.score[j]))
    assert expected_metrics(scored, chance, ("roc_auc",))["roc_auc"].value == pytest.approx(wins / pairs)


@pytest.mark.parametrize("name", BINARY_METRICS)
def test_the_slope_is_that_of_the_metric(name: str) -> None:
    scored, chance = some(60, 8)
    slope = expected_metrics(scored, chance, (name,), cost=COST)[name].slope
    for row in range(0, 60, 7):
        ends = []
        for step in (-1e-6, 1e-6):
            moved = chance.copy()
            moved[row] += step
            ends.append(expected_metrics(scored, moved, (name,), cost=COST)[name].value)
        assert (ends[1] - ends[0]) / 2e-6 == pytest.approx(slope[row], rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("name", BINARY_METRICS)
def test_sampling_variance_is_that_of_simulated_labels(name: str) -> None:
    scored, chance = some(400, 11)
    rng = np.random.default_rng(2)
    one = expected_metrics(scored, chance, (name,), cost=COST)[name]
    drawn = (rng.random((400, 400)) < chance).astype(float)
    values = [expected_metrics(scored, truth, (name,), cost=COST)[name].value for truth in drawn]
    spread = one.sampling_variance(scored.n, chance) ** 0.5
    assert np.std(values) == pytest.approx(spread, rel=0.15)
    assert abs(np.mean(values) - one.value) < 0.3 * spread


def test_cells_stand_for_their_rows() -> None:
    scored, chance = some(50, 5)
    twice = Scored(
        *(np.repeat(part, 2) for part in (scored.score, scored.predicted, scored.n, scored.positive))
    )
    counted = Scored(scored.score, scored.predicted, 2 * scored.n, scored.positive)
    for name in BINARY_METRICS:
        single = expected_metrics(twice, np.repeat(chance, 2), (name,), cost=COST)[name]
        cell = expected_metrics(counted, chance, (name,), cost=COST)[name]
        assert cell.value == pytest.approx(single.value)
        assert cell.sampling_variance(counted.n, chance) == pytest.approx(
            single.sampling_variance(twice.n, np.repeat(chance, 2))
        )
    assert sum(map(sum, expected_confusion(counted, chance))) == pytest.approx(100)


def test_undefined_where_the_metric_is() -> None:
    rows = Scored(np.array([0.1, 0.2]), np.array([False, False]), np.ones(2), np.zeros(2))
    found = expected_metrics(rows, np.zeros(2), ("precision", "recall", "roc_auc", "accuracy"))
    assert [found[name].value for name in ("precision", "recall", "roc_auc", "accuracy")] == [
        None,
        None,
        None,
        1.0,
    ]
