"""``assay.multivariate_drift``: what each method sees, and what it does with odd frames."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import assay
from assay.errors import InvalidInput
from assay.testing.names import HOSTILE_NAMES

ALL = ("copula", "interactions", "mmd", "reconstruction", "classifier")


def rows(rng: np.random.Generator, count: int, correlation: float = 0.0) -> dict[str, Any]:
    common = rng.standard_normal(count)
    return {
        "age": 40 + 10 * common,
        "income": np.exp(correlation * common + np.sqrt(1 - correlation**2) * rng.standard_normal(count)),
        "score": rng.random(count),
        "plan": rng.choice(["free", "pro", "team"], count, p=[0.6, 0.3, 0.1]),
    }


@pytest.mark.parametrize("classifier", ["boosting", "logistic"])
def test_every_method_sees_that_a_strong_correlation_is_lost(classifier: Any) -> None:
    if classifier == "boosting":
        pytest.importorskip("sklearn")
    rng = np.random.default_rng(1)
    found = assay.multivariate_drift(
        rows(rng, 3000, 0.9), rows(rng, 1000), methods=ALL, classifier=classifier
    )
    assert [one.method for one in found.tests] == list(ALL)
    for method in ("copula", "mmd", "reconstruction", "classifier"):  # pairs are not for "interactions"
        assert found[method].p_value < 1e-3, method
    assert found["copula"].features == ("age", "income")
    assert set(found["classifier"].features[:2]) == {"age", "income"}
    assert (found.n_reference, found.n_current, found.coordinates) == (3000, 1000, 6)


def test_no_method_sees_anything_where_nothing_has_changed() -> None:
    rng = np.random.default_rng(2)
    found = assay.multivariate_drift(
        rows(rng, 3000, 0.7), rows(rng, 1000, 0.7), methods=ALL, classifier="logistic"
    )
    assert min(one.p_value for one in found.tests) > 0.005


def test_it_shows_itself() -> None:
    rng = np.random.default_rng(3)
    found = assay.multivariate_drift(rows(rng, 500), rows(rng, 200, 0.9))
    assert "change of a correlation" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["tests"][0]["method"] == "copula"
    with pytest.raises(KeyError):
        found["oracle"]


def test_frames_of_every_kind_give_the_same() -> None:
    rng = np.random.default_rng(4)
    before, after = rows(rng, 400), rows(rng, 200, 0.5)
    expected = assay.multivariate_drift(before, after)
    for frame in (pd.DataFrame, pl.DataFrame):
        assert assay.multivariate_drift(frame(before), frame(after)).tests == expected.tests


def test_permutations_give_the_p_value_of_the_law() -> None:
    rng = np.random.default_rng(5)
    before, after = rows(rng, 800), rows(rng, 300, 0.25)
    law = assay.multivariate_drift(before, after, methods=["mmd"])["mmd"]
    drawn = assay.multivariate_drift(before, after, methods=["mmd"], permutations=800)["mmd"]
    assert drawn.value == pytest.approx(law.value, abs=1e-9)
    assert drawn.p_value == pytest.approx(law.p_value, abs=0.06)


def test_rows_are_brought_into_order() -> None:
    rng = np.random.default_rng(6)
    before, after = rows(rng, 1000), rows(rng, 200)
    begin = np.datetime64("2025-01-01T00:00:00", "us")
    moments = [begin + np.arange(count) * np.timedelta64(1, "m") for count in (1000, 200)]
    expected = assay.multivariate_drift(before, after)["reconstruction"]
    shuffled = rng.permutation(1000)
    found = assay.multivariate_drift(
        {name: values[shuffled] for name, values in before.items()} | {"at": moments[0][shuffled]},
        after | {"at": moments[1]},
        timestamp="at",
    )
    assert found["reconstruction"].value == pytest.approx(expected.value)
    assert found["reconstruction"].p_value == pytest.approx(expected.p_value)


def test_columns_that_one_side_does_not_have_are_left_out_and_named() -> None:
    rng = np.random.default_rng(7)
    before, after = rows(rng, 300), rows(rng, 200)
    del after["income"]
    found = assay.multivariate_drift(before, after, methods=ALL, classifier="logistic")
    assert any("income" in note for note in found.notes)
    assert found.coordinates == 5


def test_odd_columns_and_hostile_names_are_borne() -> None:
    rng = np.random.default_rng(8)
    names = list(dict.fromkeys(HOSTILE_NAMES))[:4]
    before: dict[str, Any] = {name: rng.standard_normal(200) for name in names}
    after: dict[str, Any] = {name: rng.standard_normal(100) for name in names}
    for frame, count in ((before, 200), (after, 100)):
        frame[names[0]][::3] = np.nan
        frame[names[1]][0] = np.inf
        frame["one"] = np.full(count, 7.0)
        frame["none"] = np.full(count, np.nan)
        frame["ids"] = np.array([f"id-{place}" for place in range(count)])
    pytest.importorskip("sklearn")
    found = assay.multivariate_drift(before, after, methods=ALL)
    assert all(0 <= one.p_value <= 1 and np.isfinite(one.value) for one in found.tests)
    assert len(str(found)) < 3000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"methods": ["tea leaves"]}, "tea leaves"),
        ({"features": ["no such"]}, "no such"),
        ({"features": ["plan"], "methods": ["copula"]}, None),
        ({"engine": "abacus", "permutations": 10}, "abacus"),
        ({"classifier": "oracle", "methods": ["classifier"]}, "oracle"),
    ],
)
def test_what_cannot_be_is_refused_or_answered(options: dict[str, Any], said: str | None) -> None:
    rng = np.random.default_rng(9)
    before, after = rows(rng, 100), rows(rng, 100)
    if said is None:
        assert assay.multivariate_drift(before, after, **options)["copula"].p_value == 1.0
        return
    with pytest.raises(InvalidInput, match=said):
        assay.multivariate_drift(before, after, **options)


def test_few_rows_are_refused() -> None:
    rng = np.random.default_rng(10)
    with pytest.raises(InvalidInput, match="50 rows"):
        assay.multivariate_drift(rows(rng, 100), rows(rng, 20))
