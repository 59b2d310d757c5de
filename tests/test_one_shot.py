"""``assay.profile`` and ``assay.evaluate`` on every kind of frame."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn import metrics as sk

import assay
from assay.errors import InvalidInput

FRAMES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "dict": lambda columns: columns,
    "arrow": pa.table,
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "lazy": lambda columns: pl.DataFrame(columns).lazy(),
}
every_frame = pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)


def scored(n: int = 400, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    score = np.clip(rng.normal(0.3 + 0.4 * truth, 0.2), 0, 1)
    return {"late": truth, "guess": (score > 0.5).astype(int), "score": score}


@every_frame
def test_binary(make: Callable[[dict[str, Any]], Any]) -> None:
    columns = scored()
    result = assay.evaluate(make(columns), target="late", prediction="guess", score="score")
    truth, guess, score = columns.values()
    assert result.task == "binary"
    assert result.positive_class == "1"
    assert result.coverage == 1.0
    for name, expected in {
        "accuracy": sk.accuracy_score(truth, guess),
        "f1_score": sk.f1_score(truth, guess),
        "roc_auc": sk.roc_auc_score(truth, score),
        "pr_auc": sk.average_precision_score(truth, score),
        "log_loss": sk.log_loss(truth, score),
        "brier_score": sk.brier_score_loss(truth, score),
    }.items():
        assert result[name].value == pytest.approx(expected, rel=1e-12)
        assert result[name].bound == 0.0
    assert result.confusion.counts == tuple(map(tuple, sk.confusion_matrix(truth, guess).tolist()))
    assert len(result.reliability) == 10


@every_frame
def test_unlabelled_rows_lower_the_coverage(make: Callable[[dict[str, Any]], Any]) -> None:
    columns = {"y": ["no", None, "yes", None], "p": ["no", "yes", "yes", "no"]}
    result = assay.evaluate(make(columns), target="y", prediction="p")
    assert (result.n_predictions, result.n_labelled, result.coverage) == (4, 2, 0.5)
    assert result["accuracy"].value == 1.0
    assert result["roc_auc"].value is None
    assert result.positive_class == "yes"


@every_frame
def test_multiclass(make: Callable[[dict[str, Any]], Any]) -> None:
    rng = np.random.default_rng(1)
    names = np.array(["a", "b", "c"])
    truth, chances = rng.choice(names, 200), rng.dirichlet([1, 1, 1], 200)
    columns = {"y": truth.tolist(), **dict(zip(names.tolist(), chances.T, strict=True))}
    result = assay.evaluate(make(columns), target="y", probabilities=["a", "b", "c"])
    guess = names[chances.argmax(axis=1)]
    assert result.task == "multiclass"
    assert result["accuracy"].value == pytest.approx(sk.accuracy_score(truth, guess), rel=1e-12)
    assert result["log_loss"].value == pytest.approx(sk.log_loss(truth, chances), rel=1e-12)
    expected = sk.roc_auc_score(truth, chances, multi_class="ovr")
    assert result["roc_auc"].value == pytest.approx(expected, rel=1e-12)


@every_frame
def test_regression(make: Callable[[dict[str, Any]], Any]) -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(size=100)
    guess = truth + rng.normal(size=100)
    result = assay.evaluate(make({"y": truth, "p": guess}), target="y", prediction="p")
    assert result.task == "regression"
    assert result["rmse"].value == pytest.approx(sk.root_mean_squared_error(truth, guess), rel=1e-12)
    assert result["r2_score"].value == pytest.approx(sk.r2_score(truth, guess), rel=1e-12)
    assert result.confusion is None


def test_classes_may_be_numbers_booleans_or_texts() -> None:
    for truth, guess in (([1, 0], [1.0, 0.0]), ([True, False], [1, 0]), (["1", "0"], [True, False])):
        result = assay.evaluate({"y": truth, "p": guess}, target="y", prediction="p")
        assert result["accuracy"].value == 1.0
        assert result.positive_class == "1"


def test_the_positive_class_can_be_chosen() -> None:
    columns = scored()
    flipped = {**columns, "score": 1 - columns["score"]}
    result = assay.evaluate(flipped, target="late", prediction="guess", score="score", positive_class=0)
    expected = sk.recall_score(columns["late"], columns["guess"], pos_label=0)
    assert result["recall"].value == pytest.approx(expected, rel=1e-12)
    auc = sk.roc_auc_score(columns["late"], columns["score"])
    assert result["roc_auc"].value == pytest.approx(auc, rel=1e-12)


def test_the_task_can_be_told() -> None:
    columns = {"y": [1, 2, 3], "p": [1, 2, 4]}
    assert assay.evaluate(columns, target="y", prediction="p").task == "multiclass"
    result = assay.evaluate(columns, target="y", prediction="p", task="regression")
    assert result["mae"].value == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "y"}, "nothing to hold against"),
        ({"target": "nope", "prediction": "p"}, "no column 'nope'"),
        ({"target": "y", "prediction": "p", "task": "guessing"}, "unknown task"),
        ({"target": "y", "prediction": "w", "task": "regression"}, "needs numbers"),
        ({"target": "y", "score": "p", "task": "regression"}, "give prediction"),
        ({"target": "y", "score": "w"}, "score"),
        ({"target": "when", "prediction": "p"}, "target"),
        ({"target": "y", "probabilities": "p"}, "list of columns"),
    ],
)
def test_what_cannot_be_evaluated_is_said(options: dict[str, Any], message: str) -> None:
    moment = datetime(2024, 1, 1)  # noqa: DTZ001 - frames hold such moments
    frame = {"y": [1.5, 2.5], "p": [1.0, 2.0], "w": ["a", "b"], "when": [moment, moment]}
    with pytest.raises(InvalidInput, match=message):
        assay.evaluate(frame, **options)


def test_no_rows_and_one_row() -> None:
    empty = assay.evaluate({"y": [], "p": []}, target="y", prediction="p")
    assert empty.n_predictions == 0
    assert {one.value for one in empty.metrics.values()} == {None}
    one = assay.evaluate({"y": ["a"], "p": ["a"]}, target="y", prediction="p")
    assert one["accuracy"].value == 1.0
    with pytest.raises(KeyError, match="there are"):
        one["sharpe"]


def test_an_evaluation_shows_itself() -> None:
    result = assay.evaluate(scored(), target="late", prediction="guess", score="score")
    assert "accuracy" in repr(result)
    assert "<table>" in result._repr_html_()
    assert json.loads(json.dumps(result.to_dict()))["metrics"]["roc_auc"]["n"] == 400


MIXED = {
    "number": [1.5, None, 3.0, 4.0],
    "whole": [1, 2, 3, 3],
    "word": ["a", "b", None, "a"],
    "flag": [True, False, True, True],
    "empty": [None, None, None, None],
}


@every_frame
def test_profiles_are_the_same_from_every_frame(make: Callable[[dict[str, Any]], Any]) -> None:
    profile = assay.profile(make(MIXED))
    features = profile.features
    assert profile.rows == 4
    assert list(features) == list(MIXED)
    assert (features["number"].n, features["number"].missing) == (3, 1)
    assert features["number"].mean == pytest.approx(8.5 / 3)
    assert features["word"].to_dict()["counts"] == {"a": 2, "b": 1}
    assert features["flag"].to_dict()["counts"] == {"true": 3, "false": 1}
    assert features["empty"].missing == 4


def test_nan_is_not_missing_unless_pandas_says_so() -> None:
    values = [1.0, math.nan]
    assert assay.profile(pl.DataFrame({"x": values})).features["x"].nan == 1
    assert assay.profile({"x": np.array(values)}).features["x"].nan == 1
    assert assay.profile(pd.DataFrame({"x": values})).features["x"].missing == 1


def test_profiles_merge_under_one_reference_only() -> None:
    rng = np.random.default_rng(0)
    rows = {"x": rng.normal(size=300), "w": rng.choice(["a", "b"], 300)}
    whole = assay.profile(rows)
    head = assay.profile({name: column[:100] for name, column in rows.items()}, reference=whole)
    tail = assay.profile({name: column[100:] for name, column in rows.items()}, reference=rows)
    both = head + tail
    assert both.features["x"].counts.tolist() == whole.features["x"].counts.tolist()
    assert both.rows == 300
    with pytest.raises(InvalidInput, match="reference=first"):
        whole + assay.profile({"x": [1.0]})
    with pytest.raises(TypeError):
        whole + 1


def test_profiles_travel_as_bytes_with_their_reference() -> None:
    first = assay.profile(MIXED)
    second = assay.profile({"number": [9.0], "when": [datetime(2024, 1, 1)]}, reference=first)  # noqa: DTZ001 - as above
    read = assay.Profile.from_bytes(second.to_bytes())
    assert read.to_dict() == second.to_dict()
    assert read.left_out == ("when",)
    assert (read + first).rows == 5
    assert {name: one.to_dict() for name, one in read.drift().items()} == {
        name: one.to_dict() for name, one in second.drift().items()
    }
    with pytest.raises(InvalidInput):
        assay.Profile.from_bytes(second.to_bytes()[:-1])


def test_one_bad_column_does_not_keep_the_others_from_being_described() -> None:
    table = pa.table(
        {
            "x": [1.0, 2.0],
            "nested": [[1], [2]],
            "when": pa.array([0, 1], pa.timestamp("us")),
            "raw": [b"a", b"b"],
        }
    )
    profile = assay.profile(table)
    assert list(profile.features) == ["x"]
    assert set(profile.left_out) == {"nested", "when", "raw"}
    mixed = assay.profile({"m": [1, "a", 2.5, None]})
    assert (mixed.features["m"].n, mixed.features["m"].mistyped, mixed.features["m"].missing) == (2, 1, 1)


def test_features_can_be_chosen() -> None:
    assert list(assay.profile(MIXED, features=["word"]).features) == ["word"]
    with pytest.raises(InvalidInput, match="no column"):
        assay.profile(MIXED, features=["nope"])
    with pytest.raises(InvalidInput, match="no data frame"):
        assay.profile(3)


def test_a_profile_shows_itself() -> None:
    profile = assay.profile({**MIXED, "<script>": [1, 2, 3, 4]})
    assert "number" in repr(profile)
    assert "<script>" not in profile._repr_html_()
    assert json.loads(json.dumps(profile.to_dict()))["rows"] == 4


def test_frames_without_rows_or_columns() -> None:
    assert assay.profile({"x": []}).features["x"].rows == 0
    assert assay.profile({}).rows == 0
    assert assay.profile(pl.DataFrame({"x": []}, schema={"x": pl.Float64})).rows == 0
