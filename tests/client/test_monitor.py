"""What a monitor promises, in process and over HTTP alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sklearn import metrics as expected

from assay import errors

START = datetime(2024, 3, 1, tzinfo=UTC)
ROWS = 600


def binary_data(seed=1):
    """Predictions over ten days and their labels."""
    rng = np.random.default_rng(seed)
    score = rng.random(ROWS)
    truth = (rng.random(ROWS) < score**1.5).astype(int)
    predictions = {
        "prediction_id": [f"p{number}" for number in range(ROWS)],
        "timestamp": [START + timedelta(minutes=24 * number) for number in range(ROWS)],
        "prediction": (score > 0.5).astype(int),
        "score": score,
        "latency_ms": rng.uniform(1, 20, ROWS),
        "amount": rng.normal(size=ROWS),
        "country": rng.choice(["de", "fr"], ROWS),
        "region": rng.choice(["eu", "us"], ROWS),
    }
    labels = {"prediction_id": predictions["prediction_id"], "actual": truth}
    return predictions, labels


def fill(monitor, model, **options):
    predictions, labels = binary_data()
    monitor.configure(model, task="binary", slices=["region"])
    monitor.log(model=model, version="1", predictions=predictions, tags=["region"], **options)
    monitor.label(model=model, labels=labels)
    return predictions, labels


def test_the_metrics_are_those_of_scikit_learn(monitor, model):
    predictions, labels = fill(monitor, model)
    (window,) = monitor.metrics(model)
    truth, score = labels["actual"], predictions["score"]
    values = {name: estimate.value for name, estimate in window.metrics.items()}
    assert window.coverage == 1.0
    assert values["volume"] == ROWS
    assert values["accuracy"] == pytest.approx(expected.accuracy_score(truth, score > 0.5), abs=1e-12)
    assert values["f1_score"] == pytest.approx(expected.f1_score(truth, score > 0.5), abs=1e-12)
    assert values["brier_score"] == pytest.approx(expected.brier_score_loss(truth, score), rel=1e-12)
    assert values["log_loss"] == pytest.approx(expected.log_loss(truth, score), rel=1e-12)
    roc_auc = window.metrics["roc_auc"]
    assert abs(roc_auc.value - expected.roc_auc_score(truth, score)) <= roc_auc.bound + 1e-12


def test_both_ways_give_the_same_answers(embedded, remote, model):
    fill(embedded, model)
    fill(remote, model)

    def answers(monitor):
        return {
            "metrics": [window.to_dict() for window in monitor.metrics(model, step="1d")],
            "drift": [
                {name: value for name, value in window.to_dict().items() if name != "reference_id"}
                for window in monitor.drift(model, period="3d", step="1d")
            ],
            "feature": [
                {name: value for name, value in one.to_dict().items() if name != "reference_id"}
                for one in (
                    monitor.feature(model, "amount", step="1d"),
                    monitor.feature(model, "amount", period="1d"),
                )
            ],
            "calibration": monitor.calibration(model).to_dict(),
            "prediction": {
                name: value
                for name, value in monitor.prediction(model, "p7").to_dict().items()
                if name not in ("received_at", "labels")
            },
            "report": monitor.report(model).to_dict()["whole"],
            "model": monitor.model(model).to_dict()["versions"],
            "text": repr(monitor.report(model)),
        }

    assert answers(remote) == answers(embedded)


def test_steps_slices_and_versions_add_up(monitor, model):
    fill(monitor, model)
    (whole,) = monitor.metrics(model)
    days = monitor.metrics(model, step="1d")
    assert len(days) == 10
    assert sum(day.n_predictions for day in days) == whole.n_predictions == ROWS
    parts = [monitor.metrics(model, slice=("region", value))[0] for value in ("eu", "us")]
    assert sum(part.n_predictions for part in parts) == ROWS
    assert parts[0].to_dict() == monitor.metrics(model, slice="region:eu")[0].to_dict()
    assert monitor.metrics(model, version="1")[0].n_predictions == ROWS
    assert monitor.metrics(model, version="2")[0].n_predictions == 0
    assert set(monitor.metrics(model, names=["accuracy"])[0].metrics) == {"accuracy"}


def test_a_period_ends_with_the_newest_prediction(monitor, model):
    fill(monitor, model)
    (window,) = monitor.metrics(model, period="1d")
    assert window.end == START + timedelta(days=10)
    assert window.n_predictions == 60
    (same,) = monitor.metrics(model, start="2024-03-10", end="2024-03-11")
    assert same.to_dict() == window.to_dict()


def test_a_label_that_comes_later_counts_at_once(monitor, model):
    predictions, labels = binary_data()
    monitor.configure(model, task="binary")
    monitor.log(model=model, predictions=predictions)
    (before,) = monitor.metrics(model)
    assert before.coverage == 0.0
    monitor.label(model=model, labels={name: values[:300] for name, values in labels.items()})
    (after,) = monitor.metrics(model)
    assert (after.coverage, after.n_labelled) == (0.5, 300)


def test_what_comes_twice_is_kept_once(monitor, model):
    predictions, _ = fill(monitor, model)
    again = monitor.log(model=model, predictions=predictions, tags=["region"])
    assert (again.accepted, again.duplicates) == (0, ROWS)
    assert monitor.metrics(model)[0].n_predictions == ROWS


def test_bad_rows_are_told_by_their_place_and_good_ones_kept(monitor, model):
    records = [{"prediction_id": f"p{number}", "features": {"x": number}} for number in range(15_000)]
    records[12_345]["features"] = {"x": {"nested": True}}
    answer = monitor.log(model=model, predictions=records)
    assert (answer.accepted, answer.rejected_total) == (14_999, 1)
    (bad,) = answer.rejected
    assert (bad.index, bad.prediction_id) == (12_345, "p12345")


def test_nothing_but_bad_rows_is_an_error(monitor, model):
    with pytest.raises(errors.InvalidInput):
        monitor.log(model=model, predictions=[{"prediction_id": "a", "features": {"x": [1]}}])
    with pytest.raises(errors.InvalidInput):
        monitor.label(model=model, labels=[{"actual": 1}])


def test_one_key_is_one_call(monitor, model):
    first = monitor.log(model=model, predictions={"x": [1, 2]}, idempotency_key=f"key-{model}")
    again = monitor.log(model=model, predictions={"x": [1, 2]}, idempotency_key=f"key-{model}")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.accepted == first.accepted == 2
    with pytest.raises(errors.IdempotencyConflict):
        monitor.log(model=model, predictions={"x": [3, 4]}, idempotency_key=f"key-{model}")
    assert monitor.model(model).predictions == 2


def test_what_is_not_there_is_not_found(monitor, model):
    for ask in (monitor.model, monitor.metrics, monitor.drift, monitor.calibration, monitor.report):
        with pytest.raises(errors.NotFound, match=model):
            ask(model)
    monitor.log(model=model, predictions={"x": [1]})
    with pytest.raises(errors.NotFound, match="nowhere"):
        monitor.prediction(model, "nowhere")


def test_bad_questions_are_refused_with_a_reason(monitor, model):
    fill(monitor, model)
    with pytest.raises(errors.InvalidInput, match="duration"):
        monitor.metrics(model, period="soon")
    with pytest.raises(errors.InvalidInput, match="not both"):
        monitor.metrics(model, period="1d", start="2024-03-01")
    with pytest.raises(errors.InvalidInput, match="empty"):
        monitor.metrics(model, start="2024-03-02", end="2024-03-01")
    with pytest.raises(errors.InvalidInput, match="tag:value"):
        monitor.metrics(model, slice="region")
    with pytest.raises(errors.InvalidInput, match="task"):
        monitor.configure(model, task="guessing")
    with pytest.raises(errors.InvalidInput, match="nosuch"):
        monitor.configure(model, nosuch=1)


def test_settings_change_one_at_a_time(monitor, model):
    monitor.configure(model, task="binary", slices=["region"])
    changed = monitor.configure(model, label_horizon="2d")
    assert changed.task == "binary"
    assert changed.settings.slices == ("region",)
    assert changed.settings.label_horizon == 2 * 86_400_000_000
    assert monitor.model(model).model.settings == changed.settings


def test_a_given_reference_is_compared_with(monitor, model):
    predictions, _ = fill(monitor, model)
    assert monitor.drift(model)[0].provisional
    given = monitor.set_reference(model, {"amount": np.asarray(predictions["amount"]) + 5.0}, name="training")
    assert (given.name, given.rows, given.provisional) == ("training", ROWS, False)
    (window,) = monitor.drift(model, features=["amount"])
    assert not window.provisional
    assert window.features["amount"].statistics["ks"].value > 0.9
    amount = monitor.feature(model, "amount")
    assert amount.drift == window.features["amount"]
    assert amount.reference_name == "training"
    assert amount.reference.mean == pytest.approx(float(np.mean(predictions["amount"])) + 5.0)
    assert amount.current.mean == pytest.approx(float(np.mean(predictions["amount"])))
    assert (amount.current.n, sum(bar.current for bar in amount.bars)) == (ROWS, ROWS)
    with pytest.raises(errors.NotFound, match="nothing"):
        monitor.feature(model, "nothing")


def test_erased_predictions_are_gone_from_everything(monitor, model):
    predictions, labels = fill(monitor, model)
    assert monitor.erase(model, ids=["p1", "p2", "nobody"]).erased == 2
    with pytest.raises(errors.NotFound):
        monitor.prediction(model, "p1")
    assert monitor.metrics(model)[0].n_predictions == ROWS - 2
    gone = np.isin(np.asarray(predictions["prediction_id"]), ["p1", "p2"])
    kept = (np.asarray(predictions["region"]) == "eu") & ~gone
    monitor.erase(model, tag="region:us")
    (window,) = monitor.metrics(model)
    assert window.n_predictions == kept.sum()
    truth, called = np.asarray(labels["actual"])[kept], np.asarray(predictions["prediction"])[kept]
    assert window.metrics["accuracy"].value == pytest.approx(np.mean(truth == called), abs=1e-12)


HOSTILE = ["a/b", "..", ".", "ü ✈", "x?y#z&a=b", "%2F", 'a"b', "</script>", "__proto__", " ", "x" * 2_000]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: repr(name[:10]))
def test_names_may_hold_anything(monitor, model, name):
    hostile = f"{name}{model}" if name not in ("..", ".", " ") else name
    monitor.configure(hostile, task="binary", slices=[name])
    predictions = [{"prediction_id": name, "prediction": 1, "features": {name: 1}, "tags": {name: name}}]
    monitor.log(model=hostile, version=name, predictions=predictions)
    monitor.label(model=hostile, labels={"prediction_id": [name], "actual": [1]})
    found = monitor.prediction(hostile, name)
    assert (found.prediction_id, found.model_id, found.model_version) == (name, hostile, name)
    assert (found.features, found.tags, found.truth) == ({name: 1}, {name: name}, "1")
    (window,) = monitor.metrics(hostile, version=name, slice=(name, name))
    assert window.metrics["accuracy"].value == 1.0
    assert hostile in [known.model_id for known in monitor.models()]
    assert repr(found)
    assert repr(monitor.model(hostile))


def test_numbers_that_are_not_finite_are_kept(monitor, model):
    values = [1.5, float("nan"), float("inf"), float("-inf")]
    records = [{"prediction_id": f"p{n}", "features": {"x": value}} for n, value in enumerate(values)]
    monitor.log(model=model, predictions=records[:2])
    monitor.log(model=model, predictions={"prediction_id": ["p2", "p3"], "x": values[2:]})
    found = [monitor.prediction(model, f"p{n}").features["x"] for n in range(4)]
    assert [str(value).lower().replace("infinity", "inf") for value in found] == ["1.5", "nan", "inf", "-inf"]


def test_results_show_themselves(monitor, model):
    fill(monitor, model)
    for answer in (
        monitor.report(model),
        monitor.model(model),
        monitor.calibration(model),
        monitor.prediction(model, "p1"),
        monitor.health(),
        monitor.drift(model)[0],
    ):
        assert len(repr(answer).splitlines()) > 1
        assert "<table>" in answer._repr_html_()
        json.dumps(answer.to_dict(), allow_nan=False)


def test_newest_predictions_come_first(monitor, model):
    fill(monitor, model)
    found = monitor.predictions(model, limit=3)
    assert [one.prediction_id for one in found] == ["p599", "p598", "p597"]
    (first,) = monitor.predictions(model, start=START, end=START + timedelta(minutes=5))
    assert first.prediction_id == "p0"
    assert first.truth is not None


def test_predictions_are_found_by_conditions_and_pages(monitor, model):
    predictions, labels = fill(monitor, model)
    wrong = [
        name
        for name, guess, truth, score, region in zip(
            predictions["prediction_id"],
            predictions["prediction"],
            labels["actual"],
            predictions["score"],
            predictions["region"],
            strict=True,
        )
        if guess != truth and max(score, 1 - score) < 0.8 and region == "eu"
    ]
    assert len(wrong) > 20
    found, after = [], None
    while True:
        page = monitor.predictions(
            model, outcome="wrong", below_confidence=0.8, slice="region:eu", limit=10, after=after
        )
        found += [one.prediction_id for one in page]
        assert all(one.right is False for one in page)
        after = page.next
        if after is None:
            break
    assert found == wrong[::-1]
    assert len(repr(page).splitlines()) > 1
    with pytest.raises(errors.InvalidInput):
        monitor.predictions(model, outcome="odd")
    with pytest.raises(errors.InvalidInput):
        monitor.predictions(model, after="nowhere")
    places = {place.feature: place for place in monitor.prediction(model, "p7").places}
    assert set(places) == {"amount", "country"}
    assert 0 <= places["amount"].percentile <= 1
