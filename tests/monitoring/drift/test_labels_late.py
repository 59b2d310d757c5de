"""Windows whose labels come after their verdict are judged again, and no more often alarmed for that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.domain.drift_history import DriftMoment
from assay.domain.time import HOUR
from assay.stats.verdict.evidence import Aspect, Evidence, Null
from assay.stats.verdict.judging import judge
from tests.monitoring.drift.outcome_traffic import Rows, binary
from tests.monitoring.drift.test_watch import START, history, judged
from tests.monitoring.drift.test_watch_order import watched

NOW = START + 100 * HOUR


@pytest.fixture
def labels(tmp_path: Path) -> Rows:
    """The truth of a fourth day, which has come loose from its scores; that of three is known already."""
    with assay.open(tmp_path) as monitor:
        monitor.configure("m", task="binary", reference_rows=960)
        rows, truth = binary(range(72))
        monitor.log(model="m", version="1", predictions=rows)
        monitor.label(model="m", labels=truth)
        rows, truth = binary(range(72, 96), flip=0.3)
        monitor.log(model="m", version="1", predictions=rows)
    assert judged(tmp_path, now=NOW)
    return truth


def label(folder: Path, labels: Rows, part: slice) -> None:
    with assay.open(folder) as monitor:
        monitor.label(model="m", labels={name: values[part] for name, values in labels.items()})


def fourth(folder: Path) -> tuple[DriftMoment, list[DriftMoment]]:
    found = history(folder)
    day = found.windows[3]
    return day, [one for one in found.earlier if one.start == day.start]


def test_the_truth_is_seen_when_it_comes(tmp_path: Path, labels: Rows) -> None:
    before, earlier = fourth(tmp_path)
    assert (before.status, before.n_labelled, before.accuracy, earlier) == ("no_drift", 0, None, [])
    label(tmp_path, labels, slice(None))
    assert judged(tmp_path, now=NOW + HOUR)
    day, earlier = fourth(tmp_path)
    assert (day.drift_type, day.n_labelled, day.n) == ("CONCEPT_DRIFT", 960, 960)
    assert day.drift_types[0] == "CONCEPT_DRIFT"
    assert day.computed_at > before.computed_at
    assert earlier == [before]
    hours = history(tmp_path, "1h")
    assert all(one.n_labelled == 40 for one in hours.windows)
    assert [one.start for one in hours.earlier] == [one.start for one in hours.windows[72:]]
    matched = np.mean(np.asarray(labels["actual"]) == _guessed())
    assert day.accuracy == pytest.approx(matched)
    assert judged(tmp_path, now=NOW + 2 * HOUR)  # nothing is new
    assert fourth(tmp_path) == (day, earlier)


def test_a_worker_that_goes_on_sees_labels_at_its_next_look(tmp_path: Path, labels: Rows) -> None:
    now = [NOW]
    with watched(tmp_path, now) as (watch, order, take_in):
        assert watch.run()
        assert watch.run()
        order.clear()
        label(tmp_path, labels, slice(None))
        take_in()
        now[0] += HOUR  # on the day of the look before
        assert watch.run()
        assert ("m", 72, 96) in order
        assert len(order) == 25  # the day and its hours, each once
    assert fourth(tmp_path)[0].n_labelled == 960


def _guessed() -> np.ndarray:
    return np.asarray(binary(range(72, 96), flip=0.3)[0]["prediction"])


def test_few_labels_are_waited_for(tmp_path: Path, labels: Rows) -> None:
    label(tmp_path, labels, slice(0, 40))  # 40 of 960 are fewer than one in twenty
    assert judged(tmp_path, now=NOW + HOUR)
    assert fourth(tmp_path)[0].n_labelled == 0
    assert history(tmp_path, "1h").windows[72].n_labelled == 40  # of its first hour they are all
    label(tmp_path, labels, slice(40, 100))
    assert judged(tmp_path, now=NOW + 2 * HOUR)
    day, earlier = fourth(tmp_path)
    assert (day.n_labelled, day.status, len(earlier)) == (100, "no_drift", 1)


def test_corrected_labels_are_judged_again(tmp_path: Path, labels: Rows) -> None:
    label(tmp_path, labels, slice(None))
    assert judged(tmp_path, now=NOW + HOUR)
    right = binary(range(72, 96))[1]
    with assay.open(tmp_path) as monitor:
        monitor.label(model="m", labels=right)
    assert judged(tmp_path, now=NOW + 2 * HOUR)
    day, earlier = fourth(tmp_path)
    assert (day.status, day.n_labelled) == ("no_drift", 960)
    assert [one.drift_type for one in earlier] == [None, "CONCEPT_DRIFT"]


def of(name: str, p_value: float) -> Evidence:
    return Evidence((name,), Aspect.DISTRIBUTION, "ks", 1.0, 0.05, p_value, Null.INDEPENDENT)


@pytest.mark.parametrize("features", [1, 5])
def test_a_place_is_kept_for_what_is_to_come(features: int) -> None:
    """Judging first without the truth and then with it raises no more alarms than the second time alone."""
    rng = np.random.default_rng(4)
    level, trials, either, last = 0.2, 2_000, 0, 0
    for _ in range(trials):
        inputs = [of(f"x{place}", p) for place, p in enumerate(rng.random(features))]
        first = any(one.drifted for one in judge(inputs, level=level, waiting=1))
        then = any(one.drifted for one in judge([*inputs, of("", rng.random())], level=level))
        assert then or not first
        either, last = either + (first or then), last + then
    assert either == last
    assert either / trials < level + 3 * np.sqrt(level * (1 - level) / trials)
    assert not any(one.drifted for one in judge([of("x", 0.15)], level=level, waiting=1))
    assert any(one.drifted for one in judge([of("x", 0.15)], level=level))
