"""Losses told from the counts of profiles: what a profile says is what its rows say, and intervals hold."""

from __future__ import annotations

import numpy as np
import pytest

from assay.stats.estimation.loss_cells import CellGroups, Labelled, fit_cell_losses
from assay.stats.summaries.column import Column
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.reference import Reference

NAMES = ("rmse", "mae", "mse", "mape")


def columns(rng, n, *, vans=0.2, most=15.0):
    return {
        "kind": Column.categorical(np.where(rng.random(n) < vans, "van", "car").tolist()),
        "age": Column.numeric(rng.uniform(0, most, n)),
        "noise": Column.numeric(rng.normal(size=n)),
    }


def errors(rng, given):
    """Prediction and truth; errors of vans and of old cars are larger."""
    van = np.array(given["kind"].dictionary)[given["kind"].codes] == "van"
    size = 1.0 + 2.0 * van + 0.1 * given["age"].values
    prediction = 50 + rng.normal(size=van.size)
    return prediction, prediction + rng.normal(size=van.size) * size


def learnt(rng, *, days=10, n=400, reference=None, **given):
    features = columns(rng, days * n, **given)
    reference = reference or Reference.of(features)
    groups = CellGroups.of(reference.profile)
    prediction, truth = errors(rng, features)
    rows = Labelled(groups.of_rows(features, days * n), truth, prediction, np.arange(days * n) // n)
    return reference, fit_cell_losses(groups, rows, NAMES)


def realised(prediction, truth):
    error = prediction - truth
    mse = np.mean(error**2)
    return {
        "mae": np.abs(error).mean(),
        "mse": mse,
        "rmse": mse**0.5,
        "mape": np.abs(error / truth).mean(),
    }


def test_shares_of_a_profile_are_those_of_its_rows():
    rng = np.random.default_rng(1)
    reference = Reference.of(columns(rng, 3_000))
    groups = CellGroups.of(reference.profile)
    given = columns(rng, 500, most=20.0)  # some are older than any of the reference
    given["noise"] = Column.numeric(np.where(rng.random(500) < 0.1, np.nan, given["noise"].values))
    given["kind"] = Column.categorical(["bus", "van", "car", "car", None] * 100)
    group = groups.of_rows(given, 500)
    counts = np.bincount(group.ravel(), minlength=groups.size) / 500
    assert groups.shares(FeatureProfile.of(given, reference)) == pytest.approx(counts)
    for place in range(3):
        assert counts[groups.first[place] : groups.first[place + 1]].sum() == pytest.approx(1.0)


def test_a_shift_that_features_show_is_told():
    gone = []
    for seed in range(6):
        rng = np.random.default_rng([2, seed])
        reference, fitted = learnt(rng)
        later = columns(rng, 4_000, vans=0.35)
        real = realised(*errors(rng, later))
        found = fitted.estimate(FeatureProfile.of(later, reference), 4_000)
        for name in NAMES:
            gone.append(found[name].low <= real[name] <= found[name].high)
            assert found[name].method == "additive model of the loss"
        same = fitted.estimate(FeatureProfile.of(columns(rng, 4_000), reference), 4_000)
        assert found["mae"].value > 1.05 * same["mae"].value
    assert np.mean(gone) > 0.8


def test_intervals_hold_while_nothing_changes():
    inside = []
    for seed in range(8):
        rng = np.random.default_rng([3, seed])
        reference, fitted = learnt(rng)
        for _ in range(20):
            given = columns(rng, 300)
            real = realised(*errors(rng, given))
            found = fitted.estimate(FeatureProfile.of(given, reference), 300)
            inside += [found[name].low <= real[name] <= found[name].high for name in NAMES]
    assert 0.91 < np.mean(inside) < 0.99


def test_rows_like_none_that_was_seen_widen_the_interval():
    rng = np.random.default_rng(4)
    reference, fitted = learnt(rng)
    width = []
    for share in (0.0, 0.3, 0.9):
        given = columns(rng, 1_000)
        kinds = np.where(rng.random(1_000) < share, "bus", "car").tolist()
        given["kind"] = Column.categorical(kinds)
        one = fitted.estimate(FeatureProfile.of(given, reference), 1_000)["mae"]
        width.append(np.log(one.high / one.low))
    assert width[0] < width[1] < width[2]


def test_features_that_say_nothing_leave_the_mean():
    rng = np.random.default_rng(5)
    features = {"noise": Column.numeric(rng.normal(size=4_000))}
    reference = Reference.of(features)
    groups = CellGroups.of(reference.profile)
    truth = rng.normal(size=4_000)
    rows = Labelled(groups.of_rows(features, 4_000), truth, np.zeros(4_000), np.arange(4_000) // 400)
    one = fit_cell_losses(groups, rows, ("mae",)).estimate(reference.profile, 500)["mae"]
    assert one.value == pytest.approx(np.abs(truth).mean(), rel=1e-9)
    assert "mean loss" in one.method


def test_too_few_labels_are_refused():
    rng = np.random.default_rng(6)
    reference, fitted = learnt(rng, days=1, n=400)
    one = fitted.estimate(reference.profile, 400)["rmse"]
    assert one.value is None
    assert "of 1 days" in one.reason
    assert fitted.refusal == one.reason
