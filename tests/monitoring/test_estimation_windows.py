"""Performance of stored windows without labels: what is learnt from, what is told, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from assay.domain.columns import TIMESTAMP, Kind
from assay.domain.model import Model, ModelSettings, Task
from assay.domain.time import DAY, HOUR
from assay.domain.window import WindowQuery
from assay.monitoring.estimation_ways import METRICS, way_of
from assay.monitoring.estimation_windows import (
    LEARNT_FROM,
    LEAST_DAYS,
    MOST_DAYS,
    Lesson,
    learn,
    window_estimates,
)
from assay.monitoring.intake.batch import Intake
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.stats.summaries.classification import ClassificationSummary

MODEL = Model("m", Task.BINARY, True, ModelSettings(positive_class="1", reference_rows=5_000))
WAY = way_of(MODEL)


def rows(rng, n, *, true_for=1.0):
    """Scores and what came true of them; below `true_for` 1, less than the scores promise."""
    score = rng.beta(1.6, 3.0, n)
    return score, (rng.random(n) < score * true_for).astype(int)


def summary(score, truth, *, labelled=True):
    actual = [str(one) for one in truth] if labelled else [None] * len(truth)
    guess = [str(int(one > 0.5)) for one in score]
    return ClassificationSummary.of(actual, guess, score, positive_class="1")


def days(rng, count, n, **given):
    return [(place * DAY, (place + 1) * DAY, summary(*rows(rng, n, **given))) for place in range(count)]


def test_the_first_days_with_enough_labels_teach():
    rng = np.random.default_rng(0)
    blank = [(place * DAY, (place + 1) * DAY, summary(*rows(rng, 50), labelled=False)) for place in range(3)]
    later = [(start + 3 * DAY, end + 3 * DAY, one) for start, end, one in days(rng, 40, 400)]
    lesson = learn(WAY, [*blank, *later], wanted=5_000, until=43 * DAY)
    assert isinstance(lesson, Lesson)
    assert lesson.start == 3 * DAY  # the days without labels teach nothing
    assert lesson.end == 16 * DAY  # 13 days of 400 are the first 5,000
    assert lesson.labelled == 5_200


def test_a_week_is_the_least_and_eight_weeks_the_most():
    rng = np.random.default_rng(1)
    busy = learn(WAY, days(rng, 10, 6_000), wanted=5_000, until=10 * DAY)
    assert isinstance(busy, Lesson)
    assert busy.end == LEAST_DAYS * DAY
    quiet = learn(WAY, days(rng, 70, 30), wanted=5_000, until=70 * DAY)
    assert isinstance(quiet, Lesson)
    assert (quiet.end, quiet.labelled) == (MOST_DAYS * DAY, MOST_DAYS * 30)


def test_a_young_model_is_refused_with_what_is_missing():
    rng = np.random.default_rng(2)
    seen = days(rng, 6, 1_000)
    lesson = learn(WAY, seen, wanted=5_000, until=6 * DAY)
    assert isinstance(lesson, str)
    assert "first 7 days" in lesson
    assert "6 days with 6,000" in lesson
    result = window_estimates(WAY, lesson, seen)
    assert result.refusal == lesson
    assert all(one.value is None for chunk in result.chunks for one in chunk.metrics.values())
    assert all(chunk.metrics["accuracy"].realised is not None for chunk in result.chunks)
    # The seventh day is there, but it has not ended.
    assert isinstance(learn(WAY, days(rng, 7, 1_000), wanted=5_000, until=7 * DAY - HOUR), str)


def test_other_tasks_are_refused():
    assert not isinstance(WAY, str)
    assert "trading" in way_of(MODEL.with_(task=Task.TRADING))
    assert "not known yet" in way_of(Model("new"))


def test_windows_tell_what_is_found():
    rng = np.random.default_rng(3)
    raw = [rows(rng, 800) for _ in range(30)]
    windows = [
        (place * DAY, (place + 1) * DAY, summary(score, truth)) for place, (score, truth) in enumerate(raw)
    ]
    result = window_estimates(WAY, learn(WAY, windows, wanted=5_000, until=30 * DAY), windows)
    assert (result.refusal, result.positive_class, len(result.chunks)) == (None, "1", 30)
    for place, chunk in enumerate(result.chunks):
        score, truth = raw[place]
        assert (chunk.n, chunk.n_labelled) == (800, 800)
        assert chunk.metrics["accuracy"].realised == pytest.approx(accuracy_score(truth, score > 0.5))
        assert chunk.metrics["roc_auc"].realised == pytest.approx(roc_auc_score(truth, score), abs=2e-3)
        for name in METRICS:
            one = chunk.metrics[name]
            if place < LEAST_DAYS:
                assert (one.value, one.reason) == (None, LEARNT_FROM)
            else:
                assert one.low <= one.value <= one.high


def test_labels_of_a_window_have_no_part_in_its_estimate():
    rng = np.random.default_rng(4)
    known = days(rng, 10, 800)
    lesson = learn(WAY, known, wanted=5_000, until=10 * DAY)
    score, truth = rows(rng, 900, true_for=0.3)
    with_labels = window_estimates(WAY, lesson, [(20 * DAY, 21 * DAY, summary(score, truth))])
    without = window_estimates(WAY, lesson, [(20 * DAY, 21 * DAY, summary(score, truth, labelled=False))])
    for name in METRICS:
        one, other = with_labels.chunks[0].metrics[name], without.chunks[0].metrics[name]
        assert (one.value, one.low, one.high) == (other.value, other.low, other.high)
        assert one.realised is not None
        assert other.realised is None


def test_intervals_hold_while_nothing_changes_and_break_when_the_truth_does():
    inside: dict[str, list[bool]] = {name: [] for name in METRICS}
    broken = []
    for seed in range(12):
        rng = np.random.default_rng([5, seed])
        known = days(rng, 7, 800)
        lesson = learn(WAY, known, wanted=5_000, until=7 * DAY)
        same = [(start + 9 * DAY, end + 9 * DAY, one) for start, end, one in days(rng, 25, 500)]
        for chunk in window_estimates(WAY, lesson, same).chunks:
            for name, one in chunk.metrics.items():
                inside[name].append(one.low <= one.realised <= one.high)
        score, truth = rows(rng, 4_000, true_for=0.5)
        changed = window_estimates(WAY, lesson, [(90 * DAY, 91 * DAY, summary(score, truth))])
        one = changed.chunks[0].metrics["precision"]
        broken.append(not one.low <= one.realised <= one.high)
    assert all(np.mean(found) > 0.92 for found in inside.values()), inside
    assert np.mean(broken) > 0.9


def test_the_service_learns_from_the_part_that_is_asked_for(tmp_path):
    service = build_service(Settings(data_dir=tmp_path, min_free_bytes=0))
    try:
        rng = np.random.default_rng(6)
        service.put_model(
            "m", task=Task.BINARY, settings=replace(MODEL.settings, reference_rows=1_000, slices=("site",))
        )
        n = 4_800
        score, truth = rows(rng, n)
        times = np.sort(rng.integers(0, 20 * 6, n)) * 4 * HOUR + 400 * DAY
        day = times // DAY - 400
        version = np.where(day >= 10, "v2", "v1")
        site = np.where(rng.random(n) < 0.5, "a", "b")
        stamps = pa.array(times).cast(TIMESTAMP)
        ids = [f"p{place}" for place in range(n)]
        table = {
            "prediction_id": ids,
            "model_version": version.tolist(),
            "timestamp": stamps,
            "received_at": stamps,
            "prediction": (score > 0.5).astype(float),
            "score": score,
            "t:site": site.tolist(),
        }
        late = day < 18  # the labels of the last days are not in yet
        labels = {
            "prediction_id": [one for one, here in zip(ids, late, strict=True) if here],
            "actual": truth[late].astype(float),
            "observed_at": stamps.filter(pa.array(late)),
            "received_at": stamps.filter(pa.array(late)),
        }
        for kind, columns in ((Kind.PREDICTIONS, table), (Kind.LABELS, labels)):
            service.submit(Intake(model_id="m", kind=kind, table=pa.table(columns))).result(timeout=60)
        assert service.catch_up(timeout=60)

        found = service.estimate("m", WindowQuery(400 * DAY, 420 * DAY, DAY))
        assert found.refusal is None
        assert len(found.chunks) == 20
        assert sum(chunk.n for chunk in found.chunks) == n
        assert found.chunks[-1].first + found.chunks[-1].n == n
        assert any("1 version was first seen later" in note for note in found.notes)
        waiting = found.chunks[19].metrics["roc_auc"]
        assert waiting.realised is None
        assert waiting.low < roc_auc_score(truth[day == 19], score[day == 19]) < waiting.high
        again = service.estimate("m", WindowQuery(400 * DAY, 420 * DAY, DAY))
        assert again == found

        # A version is told by its own first labels, a slice by its own.
        second = service.estimate("m", WindowQuery(400 * DAY, 420 * DAY, DAY, version="v2"))
        assert second.chunks[12].metrics["accuracy"].reason == LEARNT_FROM
        assert second.chunks[18].metrics["accuracy"].value is not None
        part = service.estimate("m", WindowQuery(400 * DAY, 420 * DAY, None, slice=("site", "a")))
        assert part.chunks[0].n == np.count_nonzero(site == "a")
        assert found.reference_n > part.reference_n >= 1_000
        assert service.estimate("m", WindowQuery(0, DAY, version="none")).refusal == "nothing was logged yet"
    finally:
        service.close()
