"""The cases are what they say they are: judged by SciPy, not by what is benchmarked."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from bench.drift import cases  # noqa: F401 - fills FAMILIES
from bench.drift.case import (
    CONCEPT,
    DATA,
    FAMILIES,
    HELD_OUT,
    MAIN,
    MODEL,
    PERFORMANCE,
    ROLES,
    Case,
    Family,
)
from bench.drift.cases.change_shape import humps, student
from bench.drift.cases.change_structure import cross
from scipy import stats

# Streams cost a second each, and half a million rows as much; one of each is looked at.
_LONG = {"sea_large", "a_shift_too_small_to_matter"}
_LOOKED_AT = 5_000
QUICK = [
    family
    for family in FAMILIES.values()
    if family.name in _LONG or not (family.heavy or family.theme == "streams")
]


def _p_value(reference: np.ndarray, current: np.ndarray) -> float:
    """Of two columns of one law, missing values and all; the first rows of each will do."""
    reference, current = reference[:_LOOKED_AT], current[:_LOOKED_AT]
    if reference.dtype.kind == "O":
        names = sorted({str(value) for value in [*reference, *current]})
        if len(names) > 100:
            return 1.0  # too many for a table with enough in each cell
        counts = np.array(
            [[np.sum(side.astype(str) == name) for name in names] for side in (reference, current)]
        )
        return 1.0 if len(names) < 2 else float(stats.chi2_contingency(counts, correction=False).pvalue)
    gone = [np.isnan(side.astype(float)) for side in (reference, current)]
    table = np.array([[np.sum(side), np.sum(~side)] for side in gone])
    missing = stats.fisher_exact(table).pvalue
    known = [side.astype(float)[~lost] for side, lost in zip((reference, current), gone, strict=True)]
    if not len(known[0]) or not len(known[1]):
        return float(missing)
    return float(min(missing, stats.ks_2samp(*known, method="asymp").pvalue))


@pytest.fixture(scope="module")
def first() -> dict[str, Case]:
    return {family.name: family.case(0) for family in QUICK}


def test_there_are_enough() -> None:
    main = [family for family in FAMILIES.values() if family.split == MAIN]
    assert len(main) >= 60
    assert Counter(family.drifted for family in main)[False] >= 30
    assert sum(family.split == HELD_OUT for family in FAMILIES.values()) >= 40


def test_every_case_is_whole(first: dict[str, Case]) -> None:
    for name, case in first.items():
        assert list(case.reference) == list(case.current), name
        assert set(case.roles) <= set(ROLES), name
        assert set(case.roles.values()) <= set(case.reference), name
        assert set(case.affected) <= set(case.features), name
        assert bool(case.affected) == (case.drift == DATA), name
        for frame in (case.reference, case.current):
            assert len({len(values) for values in frame.values()}) == 1, name
            assert {values.dtype.kind for values in frame.values()} <= set("fiOM"), name
        if time := case.roles.get("timestamp"):
            assert case.current[time].min() > case.reference[time].max(), name


@pytest.mark.parametrize("family", QUICK[::9], ids=lambda family: family.name)
def test_is_the_same_each_time(family: Family, first: dict[str, Case]) -> None:
    assert family.case(0).digest() == first[family.name].digest()
    assert family.case(1).digest() != first[family.name].digest()


# Real changes which half a million rows show, and which are too small to matter.
_MATTERS_NOT = {"a_shift_too_small_to_matter", "a_mean_that_moves_too_little"}
_JOINTLY = {f"held_{kind}_{size}" for kind in ("rows_unpaired", "a_wave") for size in ("small", "large")}


# Seen in the digits and in the tails; a distribution function hardly moves.
_FINE = {"rounding_of_amounts_large", "held_outliers_large"}


def test_only_what_is_affected_has_another_law(first: dict[str, Case]) -> None:
    """Of rows without an order. A small change need not be seen here: the tests of power speak of those."""
    for family in QUICK:
        case = first[family.name]
        if "timestamp" in case.roles or family.name in _MATTERS_NOT:
            continue
        seen = {name: _p_value(case.reference[name], case.current[name]) for name in case.features}
        assert all(seen[name] > 1e-6 for name in set(seen) - set(case.affected)), family.name
        if family.theme == "dependence" or family.name in _JOINTLY:
            assert all(seen[name] > 1e-4 for name in case.affected), family.name
        elif family.size == "large" and family.name not in _FINE:
            assert all(seen[name] < 1e-6 for name in case.affected), family.name


def test_fine_changes_are_there(first: dict[str, Case]) -> None:
    case = first["rounding_of_amounts_large"]
    assert np.all(case.current["value"] % 1 == 0)
    assert np.mean(case.reference["value"] % 1 == 0) < 0.05
    case = first["held_outliers_large"]
    assert np.mean(np.abs(case.current["value"] - 10) > 30) > 0.05
    assert np.all(np.abs(case.reference["value"] - 10) < 30)


@pytest.mark.parametrize(
    ("draw", "kurtosis_moves"),
    [(lambda rng: humps(rng, 400_000, 0.85), True), (lambda rng: student(rng, 400_000, 3.0), False)],
    ids=["humps", "student"],
)
def test_moments_are_equal(draw, kurtosis_moves: bool) -> None:
    drawn = draw(np.random.default_rng(2))
    assert drawn.mean() == pytest.approx(0, abs=0.01)
    assert drawn.std() == pytest.approx(1, abs=0.05)
    assert (stats.kurtosis(drawn) < -0.5) == kurtosis_moves


def test_a_cross_has_no_correlation() -> None:
    drawn = cross(np.random.default_rng(2), 200_000, 1.0)
    assert np.corrcoef(drawn["left"], drawn["right"])[0, 1] == pytest.approx(0, abs=0.02)
    assert np.corrcoef(drawn["left"] ** 2, drawn["right"] ** 2)[0, 1] == pytest.approx(1, abs=0.02)
    assert stats.kstest(drawn["right"], "norm").pvalue > 1e-4


def test_types_are_told_apart(first: dict[str, Case]) -> None:
    """Drift of a concept leaves inputs and scores alone; drift of scores leaves inputs alone; of a metric,
    all but it."""
    for family in QUICK:
        case = first[family.name]
        steady = {
            MODEL: list(case.features),
            CONCEPT: [
                *case.features,
                *(case.roles[role] for role in ("score", "prediction") if role in case.roles),
            ],
            PERFORMANCE: ["prediction", "target"],
        }.get(case.drift, [])
        for name in steady:
            assert _p_value(case.reference[name], case.current[name]) > 1e-6, (family.name, name)


def test_the_share_of_positives_stays_where_only_the_concept_changes(first: dict[str, Case]) -> None:
    for name in ("truth_given_inputs_small", "truth_given_inputs_large", "held_truth_loses_its_inputs_large"):
        case = first[name]
        assert case.current["target"].mean() == pytest.approx(case.reference["target"].mean(), abs=0.05)
        before, after = (
            np.corrcoef(frame["x0"], frame["target"])[0, 1] for frame in (case.reference, case.current)
        )
        assert after < before - 0.08


def test_a_memory_is_as_long_as_declared(first: dict[str, Case]) -> None:
    for name, coefficient in (("ar_50", 0.5), ("ar_90", 0.9), ("ar_98", 0.98)):
        values = first[name].reference["x0"]
        assert np.corrcoef(values[1:], values[:-1])[0, 1] == pytest.approx(coefficient, abs=0.03)


def test_a_season_is_longer_than_its_window(first: dict[str, Case]) -> None:
    case = first["a_day_in_pieces"]
    day = 1_440
    assert len(case.current["x0"]) < day
    by_hour = case.reference["x0"].reshape(-1, day).mean(0)
    assert by_hour.max() - by_hour.min() > 3
