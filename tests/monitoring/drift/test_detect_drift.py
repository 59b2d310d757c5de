"""``assay.detect_drift``: what it finds, what it leaves alone, and what it does with garbage."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import assay
from assay.domain.drift_report import DriftStatus, DriftType
from assay.errors import InvalidInput
from assay.testing.names import HOSTILE_NAMES


def rows(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {
        "age": rng.normal(40, 10, n),
        "income": rng.lognormal(10, 0.5, n),
        "plan": rng.choice(["free", "pro", "team"], n, p=[0.6, 0.3, 0.1]),
    }


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def test_nothing_has_changed(rng: np.random.Generator) -> None:
    report = assay.detect_drift(rows(rng, 4000), rows(rng, 1000))
    assert report.status is DriftStatus.NO_DRIFT
    assert not report.drift_detected
    assert (report.drift_type, report.drift_severity, report.affected_features) == (None, 0.0, ())
    assert 0 <= report.drift_confidence < 0.99


def test_one_column_moves(rng: np.random.Generator) -> None:
    after = rows(rng, 1000)
    after["age"] = after["age"] + 5
    report = assay.detect_drift(rows(rng, 4000), after)
    assert report.drift_detected
    assert report.drift_type is DriftType.DATA
    assert report.affected_features == ("age",)
    assert report.drift_confidence > 0.99
    verdict = report.features["age"]
    assert verdict.drifted
    assert verdict.effect > verdict.floor
    assert "median" in verdict.finding
    assert verdict.p_value is not None
    assert verdict.p_value < report.level


def test_severity_grows_with_the_effect(rng: np.random.Generator) -> None:
    before, after = rows(rng, 4000), rows(rng, 1000)
    found = [
        assay.detect_drift(before, after | {"age": after["age"] + move}).drift_severity
        for move in (4, 8, 16, 60)
    ]
    assert found == sorted(found)
    assert 0 < found[0] < found[-1] <= 100


@pytest.mark.parametrize(
    "make", [dict, pd.DataFrame, pl.DataFrame, pa.table], ids=["dict", "pandas", "polars", "arrow"]
)
def test_every_kind_of_frame_gives_the_same(make: Any, rng: np.random.Generator) -> None:
    before, after = rows(rng, 2000), rows(rng, 500)
    expected = assay.detect_drift(before, after).to_dict()
    assert assay.detect_drift(make(before), make(after)).to_dict() == expected


def test_the_report_is_plain_json(rng: np.random.Generator) -> None:
    report = assay.detect_drift(rows(rng, 500), rows(rng, 200))
    read = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert read["status"] == "no_drift"
    assert set(read["features"]) == {"age", "income", "plan"}
    assert "<table" in report._repr_html_()


def test_a_broken_column_is_a_finding_and_the_rest_is_judged(rng: np.random.Generator) -> None:
    before, after = rows(rng, 2000), rows(rng, 600)
    after["age"] = ["unknown"] * 600
    after["income"] = after["income"] * 100
    report = assay.detect_drift(before, after)
    assert set(report.affected_features) == {"age", "income"}
    assert report.features["age"].finding == "every value is of another kind"
    assert not report.features["plan"].drifted


def test_an_absent_column_is_a_finding(rng: np.random.Generator) -> None:
    after = rows(rng, 600)
    del after["plan"]
    report = assay.detect_drift(rows(rng, 2000), after)
    assert report.affected_features == ("plan",)
    assert report.features["plan"].finding == "every value is missing"


def test_nested_columns_are_named_and_left_out(rng: np.random.Generator) -> None:
    before, after = rows(rng, 1000), rows(rng, 300)
    before["tags"] = pa.array([["a"]] * 1000)
    after["tags"] = pa.array([["a"]] * 300)
    report = assay.detect_drift(before, after)
    assert "tags" not in report.features
    assert any("tags" in note for note in report.notes)


def test_a_dead_column_is_told_in_words(rng: np.random.Generator) -> None:
    after = rows(rng, 600) | {"age": np.full(600, 41.5)}
    report = assay.detect_drift(rows(rng, 2000), after)
    assert report.affected_features == ("age",)
    assert report.features["age"].finding.startswith("every value is 41.5, where the reference has")


def test_new_categories_and_gaps_are_told_in_words(rng: np.random.Generator) -> None:
    before, after = rows(rng, 2000), rows(rng, 600)
    after["plan"] = np.where(rng.random(600) < 0.2, "enterprise", after["plan"])
    after["age"] = np.where(rng.random(600) < 0.3, np.nan, after["age"])
    report = assay.detect_drift(before, after)
    assert "'enterprise'" in report.features["plan"].finding
    assert report.features["age"].finding.startswith("missing: 0% of rows before, ")


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_rows_are_no_verdict(count: int, rng: np.random.Generator) -> None:
    report = assay.detect_drift(rows(rng, 1000), rows(rng, count))
    assert report.status is DriftStatus.NOT_ENOUGH_DATA
    assert report.notes


def test_columns_without_any_value(rng: np.random.Generator) -> None:
    before, after = ({"x": np.full(n, np.nan), "y": rng.random(n)} for n in (500, 200))
    assert assay.detect_drift(before, after).status is DriftStatus.NO_DRIFT


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_a_rate_of_false_alarms_is_a_probability(value: float, rng: np.random.Generator) -> None:
    with pytest.raises(InvalidInput, match="false_alarm_rate must be between 0 and 1"):
        assay.detect_drift(rows(rng, 10), rows(rng, 10), false_alarm_rate=value)


def test_columns_that_do_not_exist(rng: np.random.Generator) -> None:
    before, after = rows(rng, 10), rows(rng, 10)
    with pytest.raises(InvalidInput, match=r"timestamp: there is no column .*when"):
        assay.detect_drift(before, after, timestamp="when")
    with pytest.raises(InvalidInput, match=r"features: there is no column .*size"):
        assay.detect_drift(before, after, features=["size"])
    with pytest.raises(InvalidInput, match="the reference has no rows"):
        assay.detect_drift(rows(rng, 0), after)
    with pytest.raises(InvalidInput, match="holds no moments"):
        assay.detect_drift(before, after, timestamp="plan")


def test_hostile_names_come_through_unharmed(rng: np.random.Generator) -> None:
    before = {name: rng.random(300) for name in HOSTILE_NAMES}
    after = {name: rng.random(300) + 1 for name in HOSTILE_NAMES}
    report = assay.detect_drift(before, after)
    assert set(report.affected_features) == set(HOSTILE_NAMES)
    assert "<script" not in report._repr_html_()


def test_the_order_of_rows_without_memory_does_not_matter(rng: np.random.Generator) -> None:
    before, after = rows(rng, 3000), rows(rng, 800)
    after["age"] = after["age"] + 1.5
    order = rng.permutation(800)
    first = assay.detect_drift(before, after)
    second = assay.detect_drift(before, {name: values[order] for name, values in after.items()})
    assert first.affected_features == second.affected_features == ("age",)
    for name, one in first.features.items():
        other = second.features[name]
        assert (one.drifted, one.severity, one.finding) == (other.drifted, other.severity, other.finding)
        assert [test.effect for test in one.evidence] == [test.effect for test in other.evidence]
        # Sums over rows end otherwise in their last digits, and tests of pairs take part in all adjusted.
        assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
    assert first.drift_severity == second.drift_severity


def test_memory_raises_no_alarm_and_a_shift_does() -> None:
    """A window of an AR(1), whose mean strays by more than that of independent rows ever would."""
    rng = np.random.default_rng(5)
    walk = np.zeros(24_000)
    noise = rng.standard_normal(24_000) * np.sqrt(1 - 0.97**2)
    for i in range(1, walk.size):
        walk[i] = 0.97 * walk[i - 1] + noise[i]
    before, after = {"x": walk[2000:22_000]}, {"x": walk[22_000:]}
    report = assay.detect_drift(before, after)
    assert report.dependent_features == ("x",)
    assert not report.drift_detected
    assert assay.detect_drift(before, {"x": after["x"] + 2.5}).affected_features == ("x",)


def test_an_hour_of_the_night_is_held_against_nights() -> None:
    rng = np.random.default_rng(6)
    start = np.datetime64("2024-03-04T00:00", "us")
    times = start + np.arange(28 * 288 + 36) * np.timedelta64(300, "s")
    hour = np.arange(times.size) / 12
    frame = {"at": times, "x": 2 * np.sin(2 * np.pi * hour / 24) + rng.standard_normal(times.size)}
    before, after = (
        {name: values[part] for name, values in frame.items()} for part in (slice(0, -36), slice(-36, None))
    )
    report = assay.detect_drift(before, after, timestamp="at")
    assert report.season == "daily"
    assert not report.drift_detected
    shuffled = {
        "x": rng.permutation(before["x"])
    }  # without an order in time the night is unlike all other rows
    assert assay.detect_drift(shuffled, {"x": after["x"]}).affected_features == ("x",)


def test_what_changed_first_is_the_type() -> None:
    rng = np.random.default_rng(7)

    def frame(n: int, move: float = 0.0, flip: float = 0.0, push: float = 0.0) -> dict[str, Any]:
        x = rng.standard_normal((2, n))
        x[0] += move
        chance = 1 / (1 + np.exp(-(1.5 * x[0] - x[1])))
        truth = rng.random(n) < chance
        truth = np.where(rng.random(n) < flip, ~truth, truth)
        return {"x0": x[0], "x1": x[1], "score": np.clip(chance + push, 0, 1), "truth": truth.astype(int)}

    roles = {"score": "score", "target": "truth"}
    before = frame(4000)
    assert assay.detect_drift(before, frame(1500, move=1.0), **roles).drift_type is DriftType.DATA
    assert assay.detect_drift(before, frame(1500, flip=0.3), **roles).drift_type is DriftType.CONCEPT
    unlabelled = {name: values for name, values in frame(1500, push=0.2).items() if name != "truth"}
    assert assay.detect_drift(before, unlabelled, **roles).drift_type is DriftType.MODEL
