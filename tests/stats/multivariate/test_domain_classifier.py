"""The domain classifier: areas against scikit-learn, what it finds, its level where nothing has changed."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from tests.stats.multivariate.samples import correlated, three_way

from assay.errors import InvalidInput, MissingExtra
from assay.stats.multivariate.domain_classifier import _area, domain_classifier


def test_the_area_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    for decimals in (1, 8):  # with ties, and without
        scores, positive = rng.standard_normal(200).round(decimals), rng.random(200) < 0.3
        assert _area(scores, positive)[0] == pytest.approx(metrics.roc_auc_score(positive, scores))


def test_the_variances_of_an_area_are_those_of_simulation() -> None:
    rng = np.random.default_rng(1)
    same, apart = [], []
    for _ in range(300):
        positive = np.arange(150) < 50
        scores = rng.standard_normal(150).round(1)
        same.append(_area(scores, positive))
        apart.append(_area(scores + positive, positive))
    nulls, found = np.array(same), np.array(apart)
    assert nulls[:, 0].var() == pytest.approx(nulls[:, 1].mean(), rel=0.3)
    assert found[:, 0].var() == pytest.approx(found[:, 2].mean(), rel=0.3)


def test_trees_find_what_three_columns_do_together() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(2)
    found = domain_classifier(rng.standard_normal((2000, 4)), three_way(rng, 1000, 4))
    assert found.auc > 0.6
    assert found.p_value < 1e-6
    assert found.low < found.auc < found.high
    assert min(found.importance[:3]) > 5 * abs(found.importance[3])


def test_a_logistic_model_finds_a_correlation() -> None:
    rng = np.random.default_rng(3)
    found = domain_classifier(rng.standard_normal((2000, 4)), correlated(rng, 1000, 4, 0.4), model="logistic")
    assert found.p_value < 1e-6
    assert sorted(np.argsort(found.importance)[-2:].tolist()) == [0, 1]


def test_categories_and_missing_values_take_part() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(4)
    before = np.column_stack([rng.integers(0, 4, 800), rng.standard_normal(800)]).astype(np.float64)
    after = np.column_stack([rng.integers(2, 6, 400), rng.standard_normal(400)]).astype(np.float64)
    before[::7, 1] = after[::7, 1] = np.nan
    found = domain_classifier(before, after, categorical=[0])
    assert found.auc > 0.7
    assert found.importance[0] > 0.2


@pytest.mark.parametrize("model", ["boosting", "logistic"])
def test_nothing_is_found_where_nothing_has_changed(model: str) -> None:
    if model == "boosting":
        pytest.importorskip("sklearn")
    cases = 5 if model == "boosting" else 30
    rng = np.random.default_rng(5)
    found = [
        domain_classifier(
            rng.standard_normal((150, 3)),
            rng.standard_normal((100, 3)),
            model=model,  # type: ignore[arg-type]
            importance=False,
            seed=seed,
        )
        for seed in range(cases)
    ]
    assert min(one.p_value for one in found) > 0.001
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=0.05)


def test_folds_that_share_what_chance_made_do_not_add_up() -> None:
    """The column has four values: what one fold has by chance, the classifier of the other learns."""
    rng = np.random.default_rng(7)
    p = np.array(
        [
            domain_classifier(
                rng.integers(0, 4, (120, 1)).astype(np.float64),
                rng.integers(0, 4, (120, 1)).astype(np.float64),
                model="logistic",
                importance=False,
                folds=5,
                seed=seed,
            ).p_value
            for seed in range(200)
        ]
    )
    assert np.count_nonzero(p < 0.05) <= 17  # more than 17 of 200 have a probability of 1%
    assert np.count_nonzero(p < 0.01) <= 6


@pytest.mark.nightly
@pytest.mark.parametrize("model", ["boosting", "logistic"])
@pytest.mark.parametrize(("rows", "width"), [((150, 100), 3), ((600, 300), 8)])
def test_its_level_holds(model: str, rows: tuple[int, int], width: int) -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(6)
    found = [
        domain_classifier(
            rng.standard_normal((rows[0], width)),
            rng.standard_normal((rows[1], width)),
            model=model,  # type: ignore[arg-type]
            importance=False,
            seed=seed,
        )
        for seed in range(400)
    ]
    p = np.array([one.p_value for one in found])
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=0.006)
    # Three standard deviations of a share of 400 above the level, at most.
    for level in (0.05, 0.01):
        assert np.mean(p < level) <= level + 3 * np.sqrt(level * (1 - level) / 400)


def test_without_scikit_learn_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(MissingExtra, match=r"assay\[ml\]"):
        domain_classifier(np.zeros((50, 2)), np.zeros((50, 2)))


@pytest.mark.parametrize(
    ("shapes", "options"),
    [
        (((40, 2), (60, 2)), {}),
        (((60, 2), (60, 3)), {}),
        (((60, 0), (60, 0)), {}),
        (((60, 2), (60, 2)), {"folds": 1}),
        (((60, 2), (60, 2)), {"model": "oracle"}),
    ],
)
def test_what_cannot_be_is_refused(shapes: tuple[tuple[int, int], ...], options: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        domain_classifier(np.zeros(shapes[0]), np.zeros(shapes[1]), **options)  # type: ignore[arg-type]
