"""Behaviour learnt from other rows than the reference's: what is expected, and how sure that is."""

from __future__ import annotations

import numpy as np

from assay.stats.summaries.column import Column
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.reference import Reference
from assay.stats.verdict.behaviour import MIN_BLOCKS, Behaviour, Centre
from assay.stats.verdict.blocks import DAY, Blocks
from assay.stats.verdict.contrasts import ContrastKind, Contrasts

HOUR = DAY // 24


def values(
    rng: np.random.Generator, hours: np.ndarray, *, lift: float = 0.0, rows: int = 60
) -> list[np.ndarray]:
    """Rows of each hour: a number that follows the hour of the day."""
    return [rng.normal(np.sin(2 * np.pi * (hour % 24) / 24) + lift, 1.0, rows) for hour in hours]


def learnt(
    reference: Reference, hours: np.ndarray, rows: list[np.ndarray], centre: Centre | None
) -> tuple[Behaviour | None, Contrasts]:
    contrasts = Contrasts.of(reference.profile)
    counted = [contrasts.counts(FeatureProfile.of({"x": Column.numeric(one)}, reference)) for one in rows]
    blocks = Blocks(
        contrasts,
        np.array([ours for ours, _ in counted]),
        np.array([among for _, among in counted]),
        hours * HOUR,
        HOUR,
    )
    return Behaviour.learn(blocks, centre=centre), contrasts


def median_of(behaviour: Behaviour, hour: int, reference: Reference) -> tuple[float, float]:
    """Expected share below the reference's median in an hour, and its p-value if a half is seen."""
    contrasts = behaviour.contrasts
    below = np.flatnonzero(contrasts.kind == ContrastKind.BELOW)
    middle = int(below[np.argmin(np.abs(contrasts.expected[below] - 0.5))])
    trials = np.full(contrasts.size, 60)
    found = behaviour.expect((contrasts.expected * 60).astype(int), trials, starts=np.array([hour * HOUR]))
    return float(found.expected[middle]), float(found.p_values[middle])


def test_the_references_shares_are_expected_and_the_season_of_the_hours() -> None:
    rng = np.random.default_rng(3)
    hours = np.arange(24 * 21)
    reference = Reference.of({"x": Column.numeric(np.concatenate(values(rng, np.arange(24))))})
    _, trials = Contrasts.of(reference.profile).counts(reference.profile)
    # The hours lie higher all the time: that is drift from the reference, and no spread.
    moved = values(rng, hours, lift=1.0)
    centred, _ = learnt(reference, hours, moved, Centre(trials))
    by_themselves, _ = learnt(reference, hours, moved, None)
    assert centred is not None
    assert by_themselves is not None
    assert centred.seasons.name == by_themselves.seasons.name == "daily"
    at_noon, _ = median_of(centred, 12, reference)
    assert abs(at_noon - 0.5) < 0.1  # where the wave crosses its mean
    assert median_of(by_themselves, 12, reference)[0] < 0.35
    high, low = median_of(centred, 6, reference)[0], median_of(centred, 18, reference)[0]
    assert high < 0.35 < 0.65 < low


def test_the_phases_of_the_references_own_hours_are_taken_out() -> None:
    rng = np.random.default_rng(4)
    mornings = np.arange(3, 10)
    first = values(rng, mornings, rows=400)
    reference = Reference.of({"x": Column.numeric(np.concatenate(first))})
    _, trials = Contrasts.of(reference.profile).counts(reference.profile)
    hours = np.arange(24 * 21)
    rows = values(rng, hours)
    centre = Centre(trials, mornings * HOUR, np.full(mornings.size, 400.0))
    told, _ = learnt(reference, hours, rows, centre)
    untold, _ = learnt(reference, hours, rows, Centre(trials))
    assert told is not None
    assert untold is not None
    # The reference is of mornings, whose median the evening lies far below.
    share, _ = median_of(told, 18, reference)
    seen = np.concatenate(values(rng, np.full(50, 18)))
    truth = float((seen <= np.median(np.concatenate(first))).mean())
    assert abs(share - truth) < 0.05
    assert abs(median_of(untold, 18, reference)[0] - truth) > 0.05


def test_a_small_reference_is_less_sure() -> None:
    rng = np.random.default_rng(5)
    hours = np.arange(24 * 21)
    rows = [rng.normal(size=60) + np.sin(hour / 5) for hour in hours]
    reference = Reference.of({"x": Column.numeric(rng.normal(size=5_000))})
    _, trials = Contrasts.of(reference.profile).counts(reference.profile)
    large, _ = learnt(reference, hours, rows, Centre(trials))
    small, _ = learnt(reference, hours, rows, Centre(trials // 200))
    assert large is not None
    assert small is not None
    assert small.centre is not None
    assert large.centre is not None
    assert (small.centre[: trials.size] >= large.centre[: trials.size]).all()
    assert (small.centre > 2 * large.centre).any()


def test_too_few_hours_teach_nothing() -> None:
    rng = np.random.default_rng(6)
    reference = Reference.of({"x": Column.numeric(rng.normal(size=500))})
    _, trials = Contrasts.of(reference.profile).counts(reference.profile)
    hours = np.arange(MIN_BLOCKS - 1)
    assert learnt(reference, hours, values(rng, hours), Centre(trials))[0] is None
