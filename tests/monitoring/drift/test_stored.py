"""Verdicts from stored profiles, of models that are logged to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.domain.drift_report import DriftStatus, DriftType
from assay.domain.time import DAY, HOUR
from assay.domain.window_drift import Baseline
from assay.errors import InvalidInput, NotFound
from assay.monitoring.drift.budget import level_of
from assay.ports.monitor import Monitor
from tests.monitoring.drift.stored_traffic import at, traffic

DAYS = 10


@pytest.fixture(scope="module")
def monitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitor]:
    """Ten days without drift under a reference of a day and a half, and one with."""
    with assay.open(tmp_path_factory.mktemp("stored")) as opened:
        opened.configure("seasonal", reference_rows=1_440, slices=["region"])
        regions = np.tile(["eu", "eu", "eu", "us"], DAYS * 24 * 10)
        usual = traffic(range(DAYS * 24), region=regions)
        # A slice is no sample of the whole: there, amounts are larger all the time.
        usual["amount"] = usual["amount"] + 2.0 * (regions == "us")
        opened.log(model="seasonal", version="1", predictions=usual, tags=["region"])
        late = traffic(range(DAYS * 24, DAYS * 24 + 24), shift=0.8, region=np.tile(regions[:40], 24))
        late["amount"] = late["amount"] + 2.0 * (late["region"] == "us")
        opened.log(model="seasonal", version="1", predictions=late, tags=["region"])
        yield opened


def test_a_day_that_moved_is_found_and_said(monitor: Monitor) -> None:
    report = monitor.drift_report("seasonal", period="1d")
    assert report.drift_detected
    assert report.drift_type is DriftType.DATA
    assert report.affected_features == ("amount",)
    assert (report.n_reference, report.n_current) == (1_440, 960)
    assert (report.start.isoformat(), report.end.isoformat()) == (at(DAYS * 24), at(DAYS * 24 + 24))
    assert report.baseline is Baseline.BASELINE
    assert report.level == pytest.approx(level_of(DAY))
    assert "amount" in report.findings[0]
    assert "drifted" in repr(report)
    assert report.distribution("amount") is not None


def test_days_and_hours_of_the_season_raise_no_alarm(monitor: Monitor) -> None:
    days = [
        monitor.drift_report("seasonal", start=at(24 * day), end=at(24 * day + 24)) for day in range(2, DAYS)
    ]
    assert [day.status for day in days] == [DriftStatus.NO_DRIFT] * len(days)
    assert days[-1].season == "daily"
    assert "amount" in days[-1].dependent_features
    assert "flat" not in days[-1].dependent_features
    hours = [monitor.drift_report("seasonal", start=at(hour), end=at(hour + 1)) for hour in range(192, 216)]
    assert not any(hour.drift_detected for hour in hours)


def test_without_what_was_learnt_the_season_is_an_alarm(monitor: Monitor) -> None:
    """The tests above would fail if rows were taken for independent: before any hour is known, they are."""
    night, day = (traffic(range(hour, hour + 6), rows=200, season=2.0) for hour in (0, 12))
    monitor.configure("new", reference_rows=1_200)
    monitor.log(model="new", predictions=night)
    monitor.log(model="new", predictions=day)
    report = monitor.drift_report("new", period="6h")
    assert report.drift_detected
    assert report.learnt_hours == 0
    assert any("independent" in note for note in report.notes)


def test_a_given_reference_is_what_windows_are_held_against(monitor: Monitor) -> None:
    monitor.log(model="given", predictions=traffic(range(8 * 24), memory=0.5))
    whole = traffic(range(60 * 24), seed=5, memory=0.5)
    monitor.set_reference(
        "given", {name: whole[name] for name in ("amount", "flat", "plan")}, name="training"
    )
    report = monitor.drift_report("given", period="1d")
    assert report.n_reference == 60 * 24 * 40
    assert report.learnt_hours == 7 * 24
    assert report.status is DriftStatus.NO_DRIFT
    assert "amount" in report.dependent_features
    # The mean that is expected is the reference's, not that of the hours which tell how it varies.
    moved = {name: whole[name] for name in ("flat", "plan")} | {"amount": whole["amount"] + 3.0}
    monitor.set_reference("given", moved, name="other")
    report = monitor.drift_report("given", period="1d")
    assert report.affected_features == ("amount",)


def test_a_slice_is_held_against_its_own_past(monitor: Monitor) -> None:
    usual = monitor.drift_report("seasonal", start=at(216), end=at(240), slice="region:us")
    assert usual.baseline is Baseline.CONSECUTIVE
    assert usual.status is DriftStatus.NO_DRIFT
    assert usual.slice == ("region", "us")
    assert usual.n_current == 240
    moved = monitor.drift_report("seasonal", period="1d", slice="region:us")
    assert moved.affected_features == ("amount",)


def test_one_version_alone(monitor: Monitor) -> None:
    one = monitor.drift_report("seasonal", period="1d", version="1")
    assert one.version == "1"
    assert one.drift_severity == monitor.drift_report("seasonal", period="1d").drift_severity
    none = monitor.drift_report("seasonal", period="1d", version="2")
    assert none.status is DriftStatus.NOT_ENOUGH_DATA
    assert none.notes


def test_windows_within_the_reference_say_so(monitor: Monitor) -> None:
    report = monitor.drift_report("seasonal", start=at(0), end=at(24))
    assert any("lies within the first traffic" in note for note in report.notes)


def test_a_model_without_a_reference(monitor: Monitor) -> None:
    monitor.configure("empty")
    with pytest.raises(NotFound, match="no reference yet"):
        monitor.drift_report("empty", period="1d")
    with pytest.raises(NotFound):
        monitor.drift_report("nobody")


def test_a_verdict_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with assay.open(tmp_path) as monitor:
        monitor.log(model="m", predictions=traffic(range(100)))
        before = monitor.drift_report("m", period="1d").to_dict()
    with assay.open(tmp_path) as monitor:
        after = monitor.drift_report("m", period="1d").to_dict()
    assert before | {"computed_at": 0} == after | {"computed_at": 0}


def test_the_budget_is_shared_among_windows() -> None:
    month = 365.25 / 12
    assert level_of(DAY, budget=2.0) * month + level_of(HOUR, budget=2.0) * 24 * month == pytest.approx(2.0)
    assert level_of(DAY, budget=1.0, series=3) == pytest.approx(level_of(DAY, budget=1.0) / 3)
    with pytest.raises(InvalidInput, match="above 0"):
        level_of(DAY, budget=0.0)


def scored(hours: range, *, seed: int = 3, lift: float = 0.0, flip: float = 0.0) -> tuple[dict, dict]:
    """Scored rows and their labels: scores that `lift` raises, truth that `flip` takes off its score."""
    rows = traffic(hours, seed=seed, season=0.0)
    rng = np.random.default_rng((seed, hours.start, 1))
    score = np.clip(rng.beta(2, 3, len(rows["amount"])) + lift, 0, 1)
    truth = rng.random(score.size) < np.clip(score + flip, 0, 1)
    rows |= {"score": score, "prediction": (score > 0.5).astype(int)}
    return rows, {"prediction_id": rows["prediction_id"], "actual": truth.astype(int)}


@pytest.mark.parametrize(
    ("change", "labelled", "expected"),
    [
        ({}, True, None),
        ({"lift": 0.15}, False, DriftType.MODEL),
        ({"flip": 0.25}, True, DriftType.CONCEPT),
    ],
)
def test_scores_and_the_truth_given_them(
    tmp_path: Path, change: dict[str, float], labelled: bool, expected: DriftType | None
) -> None:
    with assay.open(tmp_path) as monitor:
        monitor.configure("m", task="binary", reference_rows=1_920)
        for hours, how in ((range(96), {}), (range(96, 120), change)):
            rows, labels = scored(hours, **how)
            monitor.log(model="m", predictions=rows)
            if labelled or not how:
                monitor.label(model="m", labels=labels)
        report = monitor.drift_report("m", period="1d")
    assert report.drift_type is expected, report
    assert {one.role for one in report.features.values()} == {"feature", "score", "prediction"}
    assert report.features["score"].drifted is (expected is DriftType.MODEL)
    if not labelled:
        assert any("have their truth" in note for note in report.notes)
    if expected is DriftType.CONCEPT:
        assert DriftType.PERFORMANCE in report.drift_types
        assert report.affected_features == ()
