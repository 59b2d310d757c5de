"""Models of more than two classes without labels, from stored profiles alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as judge

from assay.domain.columns import TIMESTAMP, Kind
from assay.domain.model import Model, ModelSettings, Task
from assay.domain.time import DAY, HOUR
from assay.domain.window import WindowQuery
from assay.monitoring.estimation_ways import way_of
from assay.monitoring.estimation_windows import LEARNT_FROM, Lesson, learn, window_estimates
from assay.monitoring.intake.batch import Intake
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.stats.estimation.class_cells import PROFILE_CLASS_METRICS
from assay.stats.estimation.profile_class_estimator import fit_class_profiles
from assay.stats.summaries.classification import ClassificationSummary

NAMES = ("a", "b", "c")
MODEL = Model("m", Task.MULTICLASS, True, ModelSettings(reference_rows=3_000))
WAY = way_of(MODEL)


def rows(rng, n, *, sure=0.8):
    """Probabilities that are too sure of themselves, and what came true."""
    probability = rng.dirichlet([1.0, 0.8, 0.5], n)
    chance = sure * probability + (1 - sure) / 3
    truth = (rng.random(n)[:, None] > np.cumsum(chance, axis=1)).sum(axis=1)
    return probability, np.minimum(truth, 2)


def summary(probability, truth, *, labelled=True):
    guess = [NAMES[place] for place in probability.argmax(axis=1)]
    actual = [NAMES[place] for place in truth] if labelled else [None] * len(truth)
    columns = {name: probability[:, place] for place, name in enumerate(NAMES)}
    return ClassificationSummary.of(actual, guess, probabilities=columns)


def days(rng, count, n, **given):
    return [(place * DAY, (place + 1) * DAY, summary(*rows(rng, n, **given))) for place in range(count)]


def test_intervals_hold_while_nothing_changes_and_break_when_the_truth_does():
    inside, broken = [], []
    for seed in range(6):
        rng = np.random.default_rng([1, seed])
        lesson = learn(WAY, days(rng, 7, 500), wanted=3_000, until=7 * DAY)
        assert isinstance(lesson, Lesson)
        same = [(start + 9 * DAY, end + 9 * DAY, one) for start, end, one in days(rng, 15, 400)]
        for chunk in window_estimates(WAY, lesson, same).chunks:
            inside += [one.low <= one.realised <= one.high for one in chunk.metrics.values()]
        changed = [(90 * DAY, 91 * DAY, summary(*rows(rng, 4_000, sure=0.3)))]
        one = window_estimates(WAY, lesson, changed).chunks[0].metrics["accuracy"]
        broken.append(not one.low <= one.realised <= one.high)
    assert 0.92 < np.mean(inside) < 0.995
    assert all(broken)


def test_labels_of_a_window_have_no_part_in_its_estimate():
    rng = np.random.default_rng(2)
    known = days(rng, 10, 500)
    lesson = learn(WAY, known, wanted=3_000, until=10 * DAY)
    probability, truth = rows(rng, 900, sure=0.2)
    found = [
        window_estimates(WAY, lesson, [(20 * DAY, 21 * DAY, summary(probability, truth, labelled=flag))])
        for flag in (True, False)
    ]
    for name, one in found[0].chunks[0].metrics.items():
        other = found[1].chunks[0].metrics[name]
        assert (one.value, one.low, one.high) == (other.value, other.low, other.high)
        assert (one.realised is None, other.realised is None) == (False, True)
    accuracy = found[0].chunks[0].metrics["accuracy"]
    assert accuracy.realised == pytest.approx(judge.accuracy_score(truth, probability.argmax(axis=1)))
    early = window_estimates(WAY, lesson, known[:1])
    assert early.chunks[0].metrics["accuracy"].reason == LEARNT_FROM


def test_probabilities_that_say_nothing_are_refused():
    rng = np.random.default_rng(3)
    lesson = learn(WAY, days(rng, 10, 500, sure=0.0), wanted=3_000, until=10 * DAY)
    assert "carry no information" in (lesson.taught.refusal or "")


def test_labels_of_classes_without_a_probability_are_refused():
    rng = np.random.default_rng(4)
    blocks = []
    for _ in range(8):
        probability, truth = rows(rng, 400)
        actual = ["d" if rng.random() < 0.05 else NAMES[place] for place in truth]
        columns = {name: probability[:, place] for place, name in enumerate(NAMES)}
        guess = [NAMES[place] for place in probability.argmax(axis=1)]
        blocks.append(ClassificationSummary.of(actual, guess, probabilities=columns))
    assert "without a probability" in (fit_class_profiles(blocks, ("accuracy",)).refusal or "")


def test_neighbouring_profiles_left_out_together_say_nearly_the_same():
    rng = np.random.default_rng(5)
    blocks = [one for _, _, one in days(rng, 20, 400)]
    window = summary(*rows(rng, 2_000))
    found = [
        fit_class_profiles(blocks, PROFILE_CLASS_METRICS, held_out=count).estimate(window)
        for count in (None, 10)
    ]
    for name in PROFILE_CLASS_METRICS:
        assert found[0][name].value == pytest.approx(found[1][name].value, abs=2e-3)
        widths = [one[name].high - one[name].low for one in found]
        assert widths[0] == pytest.approx(widths[1], rel=0.25)


def test_the_service_tells_what_the_labels_will_say(tmp_path):
    service = build_service(Settings(data_dir=tmp_path, min_free_bytes=0))
    try:
        rng = np.random.default_rng(6)
        service.put_model("m", task=Task.MULTICLASS, settings=replace(MODEL.settings, reference_rows=1_000))
        n = 3_600
        probability, truth = rows(rng, n)
        times = np.sort(rng.integers(0, 12 * 24, n)) * HOUR + 400 * DAY
        day = times // DAY - 400
        stamps = pa.array(times).cast(TIMESTAMP)
        ids = [f"p{place}" for place in range(n)]
        predictions = {
            "prediction_id": ids,
            "model_version": ["v1"] * n,
            "timestamp": stamps,
            "received_at": stamps,
            "prediction_class": [NAMES[place] for place in probability.argmax(axis=1)],
            **{f"p:{name}": probability[:, place] for place, name in enumerate(NAMES)},
        }
        early = day < 10  # the labels of the last two days are not in yet
        labels = {
            "prediction_id": [one for one, here in zip(ids, early, strict=True) if here],
            "actual_class": [NAMES[place] for place in truth[early]],
            "observed_at": stamps.filter(pa.array(early)),
            "received_at": stamps.filter(pa.array(early)),
        }
        for kind, columns in ((Kind.PREDICTIONS, predictions), (Kind.LABELS, labels)):
            service.submit(Intake(model_id="m", kind=kind, table=pa.table(columns))).result(timeout=60)
        assert service.catch_up(timeout=60)
        found = service.estimate("m", WindowQuery(400 * DAY, 412 * DAY, DAY))
        assert (found.refusal, found.task, found.positive_class, len(found.chunks)) == (
            None,
            "multiclass",
            None,
            12,
        )
        waiting = found.chunks[11].metrics
        assert waiting["accuracy"].realised is None
        last = day == 11
        real = {
            "accuracy": judge.accuracy_score(truth[last], probability[last].argmax(axis=1)),
            "roc_auc": judge.roc_auc_score(truth[last], probability[last], multi_class="ovr"),
            "f1_score_macro": judge.f1_score(truth[last], probability[last].argmax(axis=1), average="macro"),
        }
        for name, value in real.items():  # one day is one draw: 3.4 standard errors, not 1.96
            half = (waiting[name].high - waiting[name].low) / 2
            assert abs(value - waiting[name].value) < 1.75 * half
        assert service.estimate("m", WindowQuery(400 * DAY, 412 * DAY, DAY)) == found
    finally:
        service.close()
