"""``assay.detect_drift`` and dependence of three features that no pair shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import assay
from assay.testing.names import HOSTILE_NAMES

NAMES = [f"x{place}" for place in range(9)]


def rows(rng: np.random.Generator, count: int, names: list[str] = NAMES) -> dict[str, Any]:
    return {name: rng.lognormal(size=count) for name in names}


def tied(frame: dict[str, Any], names: list[str], share: float, rng: np.random.Generator) -> dict[str, Any]:
    """In this share of rows the third is above its median where one of the first two is, and not both."""
    x, y, z = (np.log(frame[name]) for name in names)
    chosen = rng.random(len(x)) < share
    return frame | {names[2]: np.exp(np.where(chosen, np.abs(z) * np.sign(x * y), z))}


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_a_dependence_of_three_is_found_and_named(share: float) -> None:
    rng = np.random.default_rng(1)
    chosen = ["x1", "x4", "x7"]
    report = assay.detect_drift(rows(rng, 5000), tied(rows(rng, 1500), chosen, share, rng))
    assert report.drift_detected
    assert sorted(report.affected_features) == chosen
    (one,) = (test for test in report.overall if test.drifted)
    assert (one.aspect, one.statistic) == ("dependence", "interaction")
    assert "x1, x4 and x7 depend on one another together" in report.findings[0]


def test_categories_take_part() -> None:
    rng = np.random.default_rng(2)

    def frame(count: int) -> dict[str, Any]:
        drawn = rows(rng, count, ["amount"])
        return drawn | {"plan": rng.choice(["free", "pro"], count), "new": rng.random(count) < 0.5}

    before, after = frame(4000), frame(1500)
    up = (after["plan"] == "pro") != after["new"]
    after["amount"] = np.exp(np.where(up, 1, -1) * np.abs(np.log(after["amount"])))
    report = assay.detect_drift(before, after)
    assert report.drift_detected
    assert sorted(report.affected_features) == ["amount", "new", "plan"]


def test_one_that_was_there_before_is_no_drift() -> None:
    rng = np.random.default_rng(3)
    chosen = ["x1", "x4", "x7"]
    sides = [tied(rows(rng, count), chosen, 0.7, rng) for count in (5000, 1500)]
    assert not assay.detect_drift(sides[0], sides[1]).drift_detected


def test_hostile_names_stay_harmless() -> None:
    rng = np.random.default_rng(5)
    names = list(dict.fromkeys(HOSTILE_NAMES))[:6]
    report = assay.detect_drift(rows(rng, 4000, names), tied(rows(rng, 1500, names), names[:3], 1.0, rng))
    assert set(report.affected_features) == set(names[:3])
    assert len(report.findings[0]) < 500
