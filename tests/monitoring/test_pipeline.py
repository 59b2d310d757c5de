"""Whatever the order of arrival, the metrics equal those of one batch over the same data."""

from __future__ import annotations

import random

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, log_loss, roc_auc_score

from assay.domain.model import ModelSettings
from assay.domain.time import DAY, HOUR, Granularity
from assay.domain.window import WindowQuery
from assay.errors import NotFound
from tests.monitoring.replay import (
    START,
    Clock,
    Label,
    World,
    arrays,
    cut,
    flush,
    label_intake,
    labels_for,
    make_predictions,
    open_service,
    prediction_intake,
)


def check_window(service, world, start, end, *, version=None, region=None):
    """Compare one window's metrics with scikit-learn on the raw rows."""
    (window,) = service.metrics(
        "m", WindowQuery(start, end, version=version, slice=("region", region) if region else None)
    )
    rows, actual, predicted, score = arrays(world, start, end, version, region)
    labelled = np.array([value is not None for value in actual], dtype=bool)
    assert window.n_predictions == len(rows)
    assert window.n_labelled == labelled.sum()
    if not labelled.any():
        assert window.metrics["accuracy"].value is None
        return
    truth = actual[labelled].astype(int)
    guess, scores = predicted[labelled].astype(int), score[labelled]
    got = window.metrics
    assert window.coverage == pytest.approx(labelled.mean(), rel=1e-12)
    assert got["accuracy"].value == pytest.approx((truth == guess).mean(), rel=1e-12)
    assert got["brier_score"].value == pytest.approx(brier_score_loss(truth, scores), rel=1e-12)
    assert got["log_loss"].value == pytest.approx(log_loss(truth, scores, labels=[0, 1]), rel=1e-12)
    if len(set(truth)) == 2:
        auc = got["roc_auc"]
        assert abs(auc.value - roc_auc_score(truth, scores)) <= auc.bound + 1e-12
        assert got["f1_score"].value == pytest.approx(f1_score(truth, guess), rel=1e-12)


def check_all(service, world, days=3):
    for begin, end in ((0, days * DAY), (DAY, 2 * DAY), (5 * HOUR, DAY + 7 * HOUR)):
        check_window(service, world, START + begin, START + end)
    check_window(service, world, START, START + days * DAY, version="v1")
    check_window(service, world, START, START + days * DAY, region="south")


def replay_in_any_order(folder, seed, *, predictions=300, **settings):
    """Send predictions and labels in random pieces and order, with pauses of the background work."""
    rng = random.Random(seed)
    clock = Clock()
    service = open_service(folder, clock, lake_rows=1, **settings)
    service.put_model("m", settings=ModelSettings(slices=("region",)))
    world = World()
    rows = make_predictions(rng, predictions)
    labels = labels_for(rng, rows)
    events = [("p", piece) for piece in cut(rng, rows, 60)]
    events += [("l", piece) for piece in cut(rng, labels, 60)]
    rng.shuffle(events)
    for kind, piece in events:
        clock.now += rng.randrange(HOUR)
        if kind == "p":
            world.predictions += piece
            service.submit(prediction_intake(piece, clock.now)).result()
        else:
            world.labels += piece
            service.submit(label_intake(piece, clock.now)).result()
        if rng.random() < 0.5:
            service.catch_up()
        if rng.random() < 0.3:
            flush(service)
    service.catch_up()
    check_all(service, world)
    view = service.model("m")
    assert view.predictions == predictions
    assert view.waiting_labels == 1  # the one for a prediction that never came
    service.close()


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_arrival_gives_the_metrics_of_one_batch(tmp_path, seed):
    replay_in_any_order(tmp_path, seed)


@pytest.mark.postgres
def test_any_order_on_postgres(tmp_path, postgres_url):
    replay_in_any_order(tmp_path, 17, database_url=postgres_url)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 160))
def test_any_order_many_times(tmp_path, seed):
    replay_in_any_order(tmp_path, seed, predictions=600)


def test_a_model_whose_first_rows_wait_is_not_said_to_be_unknown(tmp_path):
    clock = Clock()
    service = open_service(tmp_path, clock)
    service.submit(prediction_intake(make_predictions(random.Random(1), 5), clock.now)).result()
    with pytest.raises(NotFound, match="the first rows of the model 'm' are stored, and not worked up yet"):
        service.model("m")
    with pytest.raises(NotFound, match="there is no model 'other'"):
        service.model("other")
    service.catch_up()
    assert service.model("m").predictions == 5
    service.close()


def test_it_goes_on_where_it_stopped(tmp_path):
    rng = random.Random(7)
    clock, world = Clock(), World()
    predictions = make_predictions(rng, 200)
    labels = labels_for(rng, predictions)
    for piece_p, piece_l in zip(cut(rng, predictions, 50), cut(rng, labels, 50), strict=False):
        service = open_service(tmp_path, clock)
        world.predictions += piece_p
        world.labels += piece_l
        service.submit(label_intake(piece_l, clock.now)).result()
        service.submit(prediction_intake(piece_p, clock.now)).result()
        if rng.random() < 0.5:
            service.catch_up()
        service.close()
    service = open_service(tmp_path, clock)
    service.catch_up()
    check_window(service, world, START, START + 3 * DAY)
    service.close()


def test_recent_rows_are_there_by_the_minute(tmp_path):
    rng = random.Random(3)
    clock, world = Clock(now=START + 3 * DAY), World()
    service = open_service(tmp_path, clock)
    world.predictions = make_predictions(rng, 400)
    service.submit(prediction_intake(world.predictions, clock.now)).result()
    service.catch_up()
    start = START + 2 * DAY + 7 * HOUR + 13 * 60_000_000
    (window,) = service.metrics("m", WindowQuery(start, start + 17 * 60_000_000))
    rows, *_ = arrays(world, start, start + 17 * 60_000_000)
    assert (window.start.minute, window.end.minute) == (13, 30)
    assert window.n_predictions == len(rows)
    (old,) = service.metrics("m", WindowQuery(START + 90_000_000, START + 180_000_000))
    assert old.end - old.start == np.timedelta64(1, "h").item()
    service.close()


def test_steps_add_up_to_the_whole(tmp_path):
    rng = random.Random(4)
    clock = Clock()
    service = open_service(tmp_path, clock)
    service.submit(prediction_intake(make_predictions(rng, 500), clock.now)).result()
    service.catch_up()
    for step in (HOUR, 6 * HOUR, DAY):
        windows = service.metrics("m", WindowQuery(START, START + 3 * DAY, step))
        assert len(windows) == 3 * DAY // step
        assert sum(window.n_predictions for window in windows) == 500
    service.close()


def test_a_second_prediction_of_an_id_is_a_duplicate(tmp_path):
    rng = random.Random(5)
    clock = Clock()
    service = open_service(tmp_path, clock)
    rows = make_predictions(rng, 20)
    first = service.submit(prediction_intake(rows, clock.now)).result()
    again = service.submit(
        prediction_intake([*rows[:5], *make_predictions(rng, 3, prefix="q")], clock.now)
    ).result()
    assert (first.accepted, first.duplicates) == (20, 0)
    assert (again.accepted, again.duplicates) == (3, 5)
    assert [item.prediction_id for item in again.rejected] == [f"p{i}" for i in range(5)]
    service.close()
    service = open_service(tmp_path, clock)  # also after a restart
    later = service.submit(prediction_intake(rows, clock.now)).result()
    assert (later.accepted, later.duplicates) == (0, 20)
    service.catch_up()
    assert service.model("m").predictions == 23
    service.close()


def test_a_correction_changes_its_bucket(tmp_path):
    rng = random.Random(6)
    clock, world = Clock(), World()
    service = open_service(tmp_path, clock)
    world.predictions = make_predictions(rng, 100)
    world.labels = [Label(row.id, "1", row.time) for row in world.predictions]
    service.submit(prediction_intake(world.predictions, clock.now)).result()
    service.submit(label_intake(world.labels, clock.now)).result()
    service.catch_up()
    check_window(service, world, START, START + 3 * DAY)
    corrected = [Label(row.id, "0", row.time + HOUR) for row in world.predictions[:30]]
    world.labels += corrected
    service.submit(label_intake(corrected, clock.now)).result()
    service.catch_up()
    check_all_versions(service, world)
    service.close()


def check_all_versions(service, world):
    for version in (None, "v1", "v2"):
        check_window(service, world, START, START + 3 * DAY, version=version)


def test_erased_rows_are_gone_from_the_metrics(tmp_path):
    rng = random.Random(8)
    clock, world = Clock(), World()
    service = open_service(tmp_path, clock)
    service.put_model("m", settings=ModelSettings(slices=("region",)))
    world.predictions = make_predictions(rng, 200)
    world.labels = [Label(row.id, rng.choice("01"), row.time) for row in world.predictions]
    service.submit(prediction_intake(world.predictions, clock.now)).result()
    service.submit(label_intake(world.labels, clock.now)).result()
    service.catch_up()
    answer = service.erase("m", ids=["p3", "p77", "unknown"])
    assert answer.erased == 2
    south = [row for row in world.predictions if row.region == "south" and row.id not in ("p3", "p77")]
    assert service.erase("m", tag=("region", "south")).erased == len(south)
    world.predictions = [
        row for row in world.predictions if row.region == "north" and row.id not in ("p3", "p77")
    ]
    check_window(service, world, START, START + 3 * DAY)
    with pytest.raises(NotFound):
        service.prediction("m", "p77")
    service.close()


def test_labels_wait_for_their_horizon_and_then_are_orphans(tmp_path):
    clock = Clock()
    service = open_service(tmp_path, clock)
    service.put_model("m", settings=ModelSettings(label_horizon=DAY))
    service.submit(label_intake([Label("x", "1", START)], clock.now)).result()
    service.catch_up()
    assert service.model("m").waiting_labels == 1
    clock.now += DAY + 2 * HOUR
    service.catch_up()
    view = service.model("m")
    assert (view.waiting_labels, view.orphan_labels) == (0, 1)
    service.close()


def test_the_first_predictions_are_the_reference_until_one_is_given(tmp_path):
    rng = random.Random(9)
    clock = Clock()
    service = open_service(tmp_path, clock)
    service.put_model("m", settings=ModelSettings(reference_rows=150))
    rows = make_predictions(rng, 400)
    for piece in cut(rng, rows, 40):
        service.submit(prediction_intake(piece, clock.now)).result()
        service.catch_up()
        (drift,) = service.drift("m", WindowQuery(START, START + 3 * DAY))
        assert drift.provisional
    reference = service.model("m").reference
    assert (reference.rows, reference.provisional) == (150, True)
    assert drift.n == 400
    given = prediction_intake(make_predictions(rng, 500, prefix="r"), clock.now).table
    view = service.put_reference("m", given, name="training")
    assert (view.active, view.provisional) == (False, False)
    service.catch_up()
    active = service.model("m").reference
    assert (active.name, active.rows, active.active) == ("training", 500, True)
    (drift,) = service.drift("m", WindowQuery(START, START + 3 * DAY))
    assert drift.n == 400
    assert not drift.provisional
    assert set(drift.features) == {"amount", "city"}
    service.close()


def test_a_reference_given_while_data_comes_counts_every_row_once(tmp_path):
    rng = random.Random(10)
    clock = Clock()
    service = open_service(tmp_path, clock)
    pieces = cut(rng, make_predictions(rng, 300), 60)
    for piece in pieces[:3]:
        service.submit(prediction_intake(piece, clock.now)).result()
    service.catch_up()
    given = prediction_intake(make_predictions(rng, 100, prefix="r"), clock.now).table
    service.put_reference("m", given)
    for piece in pieces[3:]:
        service.submit(prediction_intake(piece, clock.now)).result()
        service._profiler.step()
    service.catch_up()
    (drift,) = service.drift("m", WindowQuery(START, START + 3 * DAY))
    assert drift.n == 300
    windows = service.drift("m", WindowQuery(START, START + 3 * DAY, HOUR))
    assert sum(window.n for window in windows) == 300
    service.close()


def test_a_declared_task_makes_the_outcomes_anew(tmp_path):
    rng = random.Random(11)
    clock, world = Clock(), World()
    service = open_service(tmp_path, clock)
    world.predictions = make_predictions(rng, 100)
    world.labels = [Label(row.id, rng.choice("01"), row.time) for row in world.predictions]
    service.submit(prediction_intake(world.predictions, clock.now)).result()
    service.submit(label_intake(world.labels, clock.now)).result()
    service.catch_up()
    from assay.domain.model import Task

    service.put_model("m", task=Task.REGRESSION)
    service.catch_up()
    (window,) = service.metrics("m", WindowQuery(START, START + 3 * DAY))
    truth = world.truth()
    errors = [abs(float(row.predicted) - float(truth[row.id])) for row in world.predictions]
    assert window.metrics["mae"].value == pytest.approx(np.mean(errors), rel=1e-12)
    service.put_model("m", task=Task.BINARY)
    service.catch_up()
    check_window(service, world, START, START + 3 * DAY)
    service.close()


def test_one_prediction_with_its_labels(tmp_path):
    rng = random.Random(12)
    clock = Clock()
    service = open_service(tmp_path, clock)
    rows = make_predictions(rng, 10)
    service.submit(prediction_intake(rows, clock.now)).result()
    labels = [Label("p3", "1", START), Label("p3", "0", START + HOUR)]
    service.submit(label_intake(labels, clock.now)).result()
    view = service.prediction("m", "p3") if service.catch_up() else None
    assert view.features["city"] == rows[3].city
    assert view.tags == {"region": rows[3].region}
    assert view.truth == "0"
    assert [(label.actual, label.current) for label in view.labels] == [("0", True), ("1", False)]
    newest = service.predictions("m", limit=3)
    assert [one.prediction_id for one in newest] == [
        row.id for row in sorted(rows, key=lambda row: row.time, reverse=True)[:3]
    ]
    with pytest.raises(NotFound, match="no prediction 'nothing'"):
        service.prediction("m", "nothing")
    service.close()


def test_buckets_of_all_widths_agree(tmp_path):
    rng = random.Random(13)
    clock = Clock()
    service = open_service(tmp_path, clock)
    service.submit(prediction_intake(make_predictions(rng, 300, days=40), clock.now)).result()
    service.catch_up()
    from assay.domain.profile import ProfileKind
    from assay.stats.summaries.traffic import TrafficSummary

    counts = {
        width: sum(
            TrafficSummary.from_bytes(data).n
            for _, data in service._profiles.scan("m", ProfileKind.TRAFFIC, width, start=0, end=1 << 62)
        )
        for width in (Granularity.HOUR, Granularity.DAY, Granularity.MONTH)
    }
    assert set(counts.values()) == {300}
    service.close()
