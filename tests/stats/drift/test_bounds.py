"""What summaries say, and how far that can be from the raw rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import InvalidInput
from assay.stats.drift.pair import Pair
from assay.stats.drift.registry import STATISTICS, compare
from assay.stats.summaries import CategoricalSummary, Categories, NumericCells, NumericSummary
from assay.stats.summaries.column import Column

NUMERIC = ("ks", "cramer_von_mises", "anderson_darling", "wasserstein", "wasserstein_normed")
BINNED = ("psi", "kullback_leibler", "jensen_shannon", "hellinger", "total_variation", "l_infinity")
BINNED += ("chi_square", "g_test")

samples = st.one_of(
    st.lists(st.integers(-20, 20).map(lambda i: i / 4), min_size=2, max_size=60),
    st.lists(st.floats(-1e3, 1e3, allow_subnormal=False), min_size=2, max_size=60),
)


def summaries(ours, theirs, points: int = 1000) -> tuple[NumericSummary, NumericSummary]:
    cells = NumericCells.from_values(ours, points)
    return NumericSummary.of(ours, cells), NumericSummary.of(theirs, cells)


@given(samples, samples, st.integers(2, 8))
@settings(deadline=None, max_examples=80)
def test_raw_rows_are_within_the_bound(ours: list[float], theirs: list[float], points: int) -> None:
    raw, cells = Pair.of(ours, theirs), Pair.of(*summaries(ours, theirs, points))
    for name, exact in compare(raw, NUMERIC).items():
        found = STATISTICS[name].of(cells)
        assert exact.bound == 0.0
        if exact.value is None or found.value is None:
            assert (exact.value, found.value) == (None, None), name
        else:
            slack = 1e-9 * (1 + abs(exact.value))
            assert abs(found.value - exact.value) <= found.bound + slack, name


@given(samples, samples)
@settings(deadline=None, max_examples=30)
def test_current_values_among_the_points_leave_nothing_open(ours: list[float], theirs: list[float]) -> None:
    theirs = [ours[place % len(ours)] for place, _ in enumerate(theirs)]
    raw, cells = Pair.of(ours, theirs), Pair.of(*summaries(ours, theirs))
    for name in NUMERIC:
        exact, found = STATISTICS[name].of(raw), STATISTICS[name].of(cells)
        assert found.bound == 0.0
        assert found.value == (
            None if exact.value is None else pytest.approx(exact.value, rel=1e-9, abs=1e-9)
        )
        if name != "ks":  # of which only raw rows get the exact law
            assert found.p_value == (
                None if exact.p_value is None else pytest.approx(exact.p_value, abs=1e-6)
            )


def test_a_thousand_points_are_close() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.gamma(2, size=20_000), rng.gamma(2.1, size=5_000)
    raw = compare(Pair.of(ours, theirs), NUMERIC)
    cells = compare(Pair.of(*summaries(ours, theirs)), NUMERIC)
    for name in NUMERIC:
        assert cells[name].value == pytest.approx(raw[name].value, rel=0.02)
        if raw[name].p_value is not None:
            assert cells[name].p_value == pytest.approx(raw[name].p_value, rel=0.3)


@given(samples, samples)
@settings(deadline=None, max_examples=30)
def test_bins_are_the_same_of_raw_rows(ours: list[float], theirs: list[float]) -> None:
    raw, cells = Pair.of(ours, theirs), Pair.of(*summaries(ours, theirs))
    assert compare(raw, BINNED) == compare(cells, BINNED)


words = st.lists(st.one_of(st.none(), st.sampled_from([*"abcdef", "</script>", "=cmd"])), max_size=50)


@given(words, words)
@settings(deadline=None, max_examples=30)
def test_categories_are_the_same_of_raw_rows(ours: list[str | None], theirs: list[str | None]) -> None:
    names = Categories.from_values(ours)
    sides = CategoricalSummary.of(ours, names), CategoricalSummary.of(theirs, names)
    raw = Pair.of(Column.categorical(ours), Column.categorical(theirs))
    assert compare(raw) == compare(Pair.of(*sides))


def test_a_summary_and_raw_values_meet_in_the_summarys_cells() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = rng.normal(size=500), rng.normal(size=300)
    a, b = summaries(ours, theirs, 50)
    assert compare(Pair.of(a, theirs)) == compare(Pair.of(a, b)) == compare(Pair.of(ours, b))


def test_what_cannot_be_compared_is_refused() -> None:
    a, _ = summaries([1.0], [1.0])
    b, _ = summaries([2.0], [1.0])
    with pytest.raises(InvalidInput, match="different cells"):
        Pair.of(a, b)
    for ours, theirs in (([1.0], ["a"]), (["a"], np.array([1.0])), (a, ["a"])):
        with pytest.raises(InvalidInput, match="and the current values are"):
            Pair.of(ours, theirs)
    with pytest.raises(InvalidInput, match="numbers or texts"):
        Pair.of([{}], [1.0])
    with pytest.raises(InvalidInput, match="no statistic 'kolmo'"):
        compare(Pair.of([1.0], [1.0]), ["kolmo"])
    with pytest.raises(InvalidInput, match="ks is for numeric"):
        STATISTICS["ks"](["a"], ["b"])
    with pytest.raises(InvalidInput, match="needs numbers"):
        _ = Pair.of(["a"], ["b"]).steps
    with pytest.raises(InvalidInput, match="needs categories"):
        _ = Pair.of([1.0], [2.0]).categorical
    with pytest.raises(InvalidInput, match="a summary holds none"):
        _ = Pair.of(a, a).values
