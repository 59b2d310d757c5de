"""Without change, p-values are uniform, or on the safe side where rows are few or tied."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from assay.stats.drift.pair import Pair
from assay.stats.drift.registry import STATISTICS, compare
from assay.stats.summaries import NumericCells, NumericSummary

Draw = Callable[[np.random.Generator], tuple]

CALIBRATED = ("cramer_von_mises", "anderson_darling", "psi", "kullback_leibler", "jensen_shannon")
CALIBRATED += ("hellinger", "chi_square", "g_test")


def smooth(n: int, m: int) -> Draw:
    return lambda rng: (rng.normal(size=n), rng.normal(size=m))


def rounded(n: int, m: int, parts: float) -> Draw:
    return lambda rng: tuple(np.round(rng.normal(size=rows) * parts) for rows in (n, m))


def mostly_zero(n: int, m: int) -> Draw:
    return lambda rng: tuple(rng.exponential(size=rows) * (rng.random(rows) < 0.4) for rows in (n, m))


def in_cells(draw: Draw, points: int) -> Draw:
    def drawn(rng: np.random.Generator) -> tuple:
        ours, theirs = draw(rng)
        cells = NumericCells.from_values(ours, points)
        return NumericSummary.of(ours, cells), NumericSummary.of(theirs, cells)

    return drawn


def zipf(n: int, m: int, kinds: int) -> Draw:
    shares = 1 / np.arange(1, kinds + 1) ** 1.2
    shares /= shares.sum()
    names = np.array([f"c{place}" for place in range(kinds)])
    return lambda rng: (names[rng.choice(kinds, n, p=shares)], names[rng.choice(kinds, m, p=shares)])


def gaps(n: int, m: int, share: float) -> Draw:
    return lambda rng: tuple(np.where(rng.random(rows) < share, np.nan, 1.0) for rows in (n, m))


def p_values(draw: Draw, names: tuple[str, ...], times: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    found = [compare(Pair.of(*draw(rng)), names) for _ in range(times)]
    made = {name: [one[name].p_value for one in found] for name in names}
    return {name: np.array([p for p in of if p is not None]) for name, of in made.items()}


def assert_uniform(found: np.ndarray, name: str) -> None:
    # Thousands of draws show that limit laws are not exact at some hundred rows: within 0.05 they have to be.
    result = stats.kstest(found, "uniform")
    assert result.pvalue > 1e-4 or result.statistic < 0.05, name
    assert_safe(found, name)


def assert_safe(found: np.ndarray, name: str) -> None:
    """At no level more alarms than promised, up to four standard errors of the simulation."""
    for level in (0.001, 0.01, 0.05, 0.1, 0.5):
        error = np.sqrt(level * (1 - level) / found.size)
        assert np.mean(found <= level) <= level * 1.1 + 4 * error, (name, level)


BINNED = ("psi", "kullback_leibler", "jensen_shannon", "hellinger", "chi_square", "g_test")
NO_HELLINGER = tuple(name for name in BINNED if name != "hellinger")  # asks for fifteen rows in a bin

LIGHT = 100
HEAVY = 4_000


@pytest.mark.parametrize("times", [LIGHT, pytest.param(HEAVY, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(
    ("draw", "names"),
    [
        (smooth(300, 200), ("ks", *CALIBRATED)),
        (in_cells(smooth(500, 300), 60), CALIBRATED),
        # Ten or so rows in each bin, on either side: where limit laws break first.
        (smooth(120, 1000), NO_HELLINGER),
        (smooth(1000, 120), NO_HELLINGER),
        (smooth(150, 110), NO_HELLINGER),
        (in_cells(smooth(130, 5000), 40), NO_HELLINGER),
        (smooth(240, 160), BINNED),
        (zipf(1500, 2000, 12), BINNED),
        (rounded(300, 150, 1.0), ("cramer_von_mises", "anderson_darling", "chi_square")),
        (rounded(300, 150, 0.4), ("cramer_von_mises", "anderson_darling")),
        (mostly_zero(300, 200), ("cramer_von_mises", "anderson_darling")),
        (zipf(400, 300, 6), ("chi_square", "g_test", "hellinger")),
        (gaps(400, 200, 0.2), ("missing_share",)),
    ],
    ids=[
        "smooth",
        "cells",
        "few",
        "few now",
        "few on both",
        "few in cells",
        "fifteen",
        "tens of categories",
        "rounded",
        "few values",
        "mostly zero",
        "categories",
        "missing",
    ],
)
def test_p_values_are_uniform(draw: Draw, names: tuple[str, ...], times: int) -> None:
    for name, found in p_values(draw, names, times).items():
        if name == "missing_share":
            assert_safe(found, name)
        else:
            assert_uniform(found, name)


@pytest.mark.parametrize("times", [LIGHT, pytest.param(HEAVY, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(
    ("draw", "names"),
    [
        (rounded(300, 150, 1.0), ("ks", "rounding", "dead_column")),
        (smooth(9, 8), ("ks", "cramer_von_mises", "anderson_darling", "chi_square")),
        (rounded(9, 7, 1.0), ("ks", "cramer_von_mises", "anderson_darling", "rounding")),
        (smooth(3, 40), ("ks", "cramer_von_mises", "anderson_darling")),
        (gaps(300, 20, 0.05), ("missing_share",)),
        # The categories that are most frequent in the reference alone would make these alarm in a quarter
        # of all windows.
        (zipf(1000, 1000, 5000), ("chi_square", "new_category_share")),
        (zipf(1000, 300, 100), ("chi_square", "new_category_share", "dead_column")),
    ],
    ids=["tied", "small", "small and tied", "three rows", "few missing", "many kinds", "kinds"],
)
def test_p_values_are_safe(draw: Draw, names: tuple[str, ...], times: int) -> None:
    for name, found in p_values(draw, names, times).items():
        assert_safe(found, name)


@pytest.mark.parametrize("name", [name for name, info in STATISTICS.items() if info.tested])
def test_a_large_change_has_a_small_p_value(name: str) -> None:
    rng = np.random.default_rng(3)
    ours, theirs = rng.normal(size=500), rng.normal(2, 1, size=400)
    pairs = {
        "missing_share": (ours, np.where(rng.random(400) < 0.3, np.nan, theirs)),
        "dead_column": (ours, np.full(400, ours[0])),
        "rounding": (ours, np.round(rng.normal(size=400), 1)),
        "new_category_share": ([*"abc"] * 100, [*"abcd"] * 50),
    }
    assert STATISTICS[name](*pairs.get(name, (ours, theirs))).p_value < 1e-9
