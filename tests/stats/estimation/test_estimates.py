"""Estimates of frames and of profiles, held against a truth that the estimate never saw."""

import json

import numpy as np
import pyarrow as pa
import pytest

import assay
from assay.errors import InvalidInput
from assay.stats.estimation.histogram import window_scores
from assay.stats.estimation.profile_estimator import fit_profiles
from assay.stats.summaries.classification import ClassificationSummary

METRICS = ("roc_auc", "accuracy", "f1_score", "precision", "recall", "brier_score")


def traffic(rows: int, seed: int, *, old: float = 0.3) -> dict[str, np.ndarray]:
    """Scores that are off, and a group among the rows (a share of `old`) for which they are more off."""
    rng = np.random.default_rng(seed)
    score = np.round(rng.beta(1.2, 1.6, rows), 3)
    group = rng.random(rows) < old
    chance = np.clip(score**1.6 * np.where(group, 0.5, 1.1), 0, 1)
    return {
        "score": score,
        "group": np.where(group, "old", "new"),
        "guess": (score > 0.4).astype(int),
        "truth": (rng.random(rows) < chance).astype(int),
    }


def estimate(reference: object, current: object, **given: object) -> assay.PerformanceEstimate:
    given = {"target": "truth", "score": "score", "prediction": "guess"} | given
    return assay.estimate_performance(reference, current, **given)


def without(frame: dict[str, np.ndarray], *names: str) -> dict[str, np.ndarray]:
    return {name: values for name, values in frame.items() if name not in names}


def test_intervals_cover_the_realised_metrics() -> None:
    covered = []
    for seed in range(12):
        reference, current = traffic(3_000, seed), traffic(3_000, 100 + seed)
        for chunk in estimate(reference, current, chunk_size=300, features=[]).chunks:
            covered += [one.low <= one.realised <= one.high for one in chunk.metrics.values()]
    assert len(covered) == 12 * 10 * 6
    assert 0.92 < np.mean(covered) < 0.99  # of 95%; 720 values of 120 independent chunks


def test_the_truth_of_the_current_frame_is_never_used() -> None:
    reference, current = traffic(2_000, 1), traffic(1_000, 2)
    turned = current | {"truth": 1 - current["truth"]}
    blind = estimate(reference, without(current, "truth"))
    assert blind.chunks[0].metrics["accuracy"].realised is None
    for seen in (current, turned):
        for name, one in estimate(reference, seen).chunks[0].metrics.items():
            assert (one.value, one.low, one.high) == (
                blind.chunks[0].metrics[name].value,
                blind.chunks[0].metrics[name].low,
                blind.chunks[0].metrics[name].high,
            )


def test_features_correct_what_scores_alone_get_wrong() -> None:
    """The group for which scores are off was a tenth of the reference and is most of the window."""
    reference, current = traffic(20_000, 3, old=0.1), traffic(5_000, 4, old=0.9)
    errors = {}
    for features in ([], None):
        (chunk,) = estimate(reference, current, features=features).chunks
        errors[features is None] = {
            name: abs(one.value - one.realised) for name, one in chunk.metrics.items()
        }
    for name in ("accuracy", "f1_score", "precision", "brier_score"):
        assert errors[True][name] < errors[False][name] / 3
    assert 200 < chunk.metrics["accuracy"].effective < 20_000
    assert "weighted" in chunk.metrics["accuracy"].method


def test_a_window_outside_the_reference_is_not_weighted_and_says_so() -> None:
    rng = np.random.default_rng(5)
    reference, current = traffic(4_000, 5), traffic(1_000, 6)
    reference["x"], current["x"] = rng.normal(0, 1, 4_000), rng.normal(9, 1, 1_000)
    (chunk,) = estimate(reference, current).chunks
    one = chunk.metrics["roc_auc"]
    assert one.value is not None
    assert "weighted" not in one.method
    assert "reference" in (one.reason or "")


def test_scores_without_information_are_refused() -> None:
    rng = np.random.default_rng(7)
    reference, current = traffic(3_000, 7), traffic(500, 8)
    for scores in (rng.random(3_000), np.full(3_000, 0.5)):
        result = estimate(reference | {"score": scores}, current, features=[])
        assert "no information" in (result.refusal or "")
        assert all(one.value is None and one.reason for one in result.chunks[0].metrics.values())
    rare = estimate(reference | {"truth": np.arange(3_000) < 5}, current, positive_class="1")
    assert "5 labels of its rarer class" in (rare.refusal or "")


def test_profiles_say_what_frames_say() -> None:
    def profile(part: dict[str, np.ndarray]) -> ClassificationSummary:
        texts = [[str(value) for value in part[name]] for name in ("truth", "guess")]
        return ClassificationSummary.of(texts[0], texts[1], part["score"])

    reference, current = traffic(8_000, 9), traffic(2_000, 10)
    cut = [{name: values[n : n + 800] for name, values in reference.items()} for n in range(0, 8_000, 800)]
    fitted = fit_profiles([profile(part) for part in cut], "1", METRICS)
    found = fitted.estimate(window_scores(profile(current), "1"))
    (chunk,) = estimate(reference, current, features=[]).chunks
    for name, one in chunk.metrics.items():
        assert found[name].value == pytest.approx(one.value, abs=0.002)
        assert found[name].high - found[name].low == pytest.approx(one.high - one.low, rel=0.25)
    with pytest.raises(InvalidInput, match="at least 2"):
        fit_profiles([profile(cut[0])], "1", METRICS)


def test_profiles_whose_predictions_follow_no_threshold_are_refused_what_depends_on_them() -> None:
    def fitted(guess: np.ndarray) -> object:
        truth, guess = part["truth"].astype(str), guess.astype(str)
        blocks = [
            ClassificationSummary.of(
                truth[rows].tolist(),
                guess[rows].tolist(),
                part["score"][rows],
            )
            for rows in np.array_split(np.arange(6_000), 6)
        ]
        return fit_profiles(blocks, "1", METRICS).estimate(window_scores(blocks[0], "1"))

    part = traffic(6_000, 21)
    by_group = np.where(part["group"] == "old", part["score"] > 0.7, part["score"] > 0.4).astype(int)
    found = fitted(by_group)
    for name in ("accuracy", "precision", "recall", "f1_score"):
        assert found[name].value is None
        assert "do not follow a threshold" in (found[name].reason or "")
    assert found["roc_auc"].value is not None
    assert found["brier_score"].value is not None
    # Different thresholds on different days are still thresholds.
    by_day = np.where(np.arange(6_000) < 3_000, part["score"] > 0.7, part["score"] > 0.4).astype(int)
    assert fitted(by_day)["accuracy"].value is not None


def test_business_value_is_the_sum_over_the_chunk() -> None:
    value = {"tp": 50, "fp": -5, "fn": -20, "tn": 0}
    (chunk,) = estimate(traffic(5_000, 11), traffic(2_000, 12), business_value=value).chunks
    one = chunk.metrics["business_value"]
    assert one.low < one.realised < one.high
    assert one.realised % 5 == 0


def test_chunks_by_period_and_by_size() -> None:
    reference, current = traffic(2_000, 13), traffic(1_000, 14)
    for frame in (reference, current):
        first = np.datetime64("2024-03-01T00:00", "us")
        frame["at"] = first + np.arange(len(frame["score"])) * np.timedelta64(10, "m")
    by_day = estimate(reference, current, timestamp="at", period="1d").chunks
    assert [chunk.n for chunk in by_day] == [144] * 6 + [136]
    assert by_day[1].start.isoformat() == "2024-03-02T00:00:00+00:00"
    assert [chunk.n for chunk in estimate(reference, current, chunk_size=400).chunks] == [400, 400, 200]


def test_shows_itself() -> None:
    hostile = "</script><b>=1+1\u202e"
    reference, current = traffic(1_500, 15), traffic(600, 16)
    renamed = [frame | {hostile: np.arange(len(frame["score"]))} for frame in (reference, current)]
    result = estimate(*renamed, chunk_size=300)
    assert json.loads(json.dumps(result.to_dict()))["chunks"][1]["metrics"]["roc_auc"]["n"] == 300
    assert "<b>" not in result._repr_html_()
    assert "only numbers the rows" in repr(result)
    figure = result.plot("accuracy")
    assert len(figure.layout.meta["table"]["rows"]) == 2
    assert "Of 2 realised values" in figure.layout.meta["alt"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": "nothing"}, "no column"),
        ({"metrics": ["mape"]}, "no estimate of"),
        ({"metrics": []}, "empty"),
        ({"metrics": ["business_value"]}, "needs the argument"),
        ({"chunk_size": 0}, "whole number"),
        ({"chunk_size": 5, "period": "1d"}, "not both"),
        ({"period": "1d"}, "needs timestamp"),
        ({"features": ["truth"]}, "no feature"),
        ({"features": ["absent"]}, "no feature"),
        ({"business_value": {"tp": 1}}, "tp, fp, tn and fn"),
        ({"business_value": {"tp": 1, "fp": float("nan"), "tn": 0, "fn": 0}}, "tp, fp, tn and fn"),
        ({"business_value": {"tp": 1, "fp": "dear", "tn": 0, "fn": 0}}, "tp, fp, tn and fn"),
        ({"business_value": {"tp": 1, "fp": None, "tn": 0, "fn": 0}}, "tp, fp, tn and fn"),
        ({"business_value": [1, 2, 3, 4]}, "tp, fp, tn and fn"),
        ({"score": "group"}, "row 0"),
        ({"target": "score"}, "of more than two, score must name"),
    ],
)
def test_what_cannot_be_estimated_is_said(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        estimate(traffic(300, 17), traffic(100, 18), **change)


def test_missing_scores_and_labels_are_left_out() -> None:
    reference, current = traffic(3_000, 19), traffic(500, 20)
    holes = [None if row % 10 == 0 else float(one) for row, one in enumerate(reference["score"])]
    result = estimate(pa.table(reference | {"score": holes}), pa.table(current))
    assert result.reference_n == 2_700
    assert any("300 rows of the reference left out" in note for note in result.notes)
