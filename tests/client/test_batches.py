"""Frames of every library become the same request, and values of several types keep their own."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.client.batches import ARROW, JSON, Layout, batches
from assay.domain.columns import Kind
from assay.errors import InvalidInput

PREDICTIONS = Layout(kind=Kind.PREDICTIONS)
LABELS = Layout(kind=Kind.LABELS)


def table_of(data, layout=PREDICTIONS):
    (batch,) = batches(data, layout, model="m", version="1")
    assert batch.content_type == ARROW
    return pa.ipc.open_stream(batch.body).read_all()


def document_of(data, layout=PREDICTIONS):
    (batch,) = batches(data, layout, model="m", version="1")
    assert batch.content_type == JSON
    return json.loads(batch.body)


COLUMNS = {"prediction_id": ["a", "b"], "score": [0.25, 0.75], "amount": [1, 2], "country": ["de", "fr"]}


@pytest.mark.parametrize(
    "make",
    [
        dict,
        pd.DataFrame,
        pl.DataFrame,
        lambda columns: pl.DataFrame(columns).lazy(),
        pa.table,
        lambda columns: pa.table(columns).to_batches()[0],
        lambda columns: {name: np.asarray(values) for name, values in columns.items()},
        lambda columns: [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    ],
    ids=["dict", "pandas", "polars", "lazy", "arrow", "batch", "numpy", "records"],
)
def test_every_kind_of_frame_gives_the_same_columns(make):
    table = table_of(make(COLUMNS), Layout(kind=Kind.PREDICTIONS, tags=["country"]))
    assert table.column_names == ["prediction_id", "score", "feature.amount", "tag.country"]
    assert table.to_pydict() == {
        "prediction_id": ["a", "b"],
        "score": [0.25, 0.75],
        "feature.amount": [1, 2],
        "tag.country": ["de", "fr"],
    }
    assert table.schema.metadata == {b"model_id": b"m", b"model_version": b"1"}


def test_named_features_leave_other_columns_out():
    layout = Layout(kind=Kind.PREDICTIONS, features=["amount"], probabilities=["country"])
    data = COLUMNS | {"country": [0.5, 0.25], "row_number": [0, 1]}
    assert table_of(data, layout).column_names == [
        "prediction_id",
        "score",
        "feature.amount",
        "probability.country",
    ]


def test_a_feature_may_have_the_name_of_a_field_where_it_is_named():
    layout = Layout(kind=Kind.PREDICTIONS, features=["confidence"])
    assert "feature.confidence" in table_of({"confidence": [0.5]}, layout).column_names


def test_missing_values_of_pandas_are_null_and_nan_of_numpy_is_a_number():
    frame = pd.DataFrame({"amount": [1.0, math.nan]})
    assert table_of(frame).column("feature.amount").null_count == 1
    column = table_of({"amount": np.array([1.0, math.nan])}).column("feature.amount")
    assert column.null_count == 0
    assert math.isnan(column[1].as_py())


def test_a_column_of_several_types_goes_as_json_with_every_value_as_it_is():
    content = document_of(
        {"prediction_id": ["a", "b", "c"], "mixed": [1, "x", None], "x": [math.nan, 1.5, 2.0]}
    )
    columns = content["columns"]
    assert columns["features"]["mixed"] == [1, "x", None]
    assert math.isnan(columns["features"]["x"][0])
    assert columns["prediction_id"] == ["a", "b", "c"]
    assert content["model_id"] == "m"


def test_records_in_the_form_of_the_http_api_go_as_they_are():
    when = datetime(2024, 1, 2, tzinfo=UTC)
    items = [{"prediction_id": "a", "timestamp": when, "features": {"x": np.float64(1.5), "y": math.inf}}]
    content = document_of(items)
    assert content["predictions"] == [
        {"prediction_id": "a", "timestamp": when.isoformat(), "features": {"x": 1.5, "y": math.inf}}
    ]


def test_labels_keep_their_columns():
    table = table_of({"prediction_id": ["a"], "actual": [1], "return": [0.5]}, LABELS)
    assert table.column_names == ["prediction_id", "actual", "return"]


def test_a_large_frame_becomes_several_requests_that_cover_every_row_once():
    rows = 250_001
    parts = list(batches({"x": np.arange(rows)}, PREDICTIONS, model="m"))
    assert len(parts) > 1
    values = [pa.ipc.open_stream(part.body).read_all().column("feature.x").to_pylist() for part in parts]
    assert [value for part in values for value in part] == list(range(rows))
    assert [part.first for part in parts] == list(np.cumsum([0, *(part.rows for part in parts[:-1])]))


@given(rows=st.integers(0, 25_000))
def test_records_are_cut_without_loss(rows):
    parts = list(batches([{"prediction_id": "a", "actual": 1}] * rows, LABELS, model="m"))
    assert sum(part.rows for part in parts) == rows
    assert sum(len(json.loads(part.body)["labels"]) for part in parts) == rows


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (3, "no frame"),
        ({"x": 3}, "single value"),
        ({"x": "abc"}, "single value"),
        ({"x": [1], "y": [1, 2]}, "equally long"),
        ({1: [1]}, "must be text"),
        ({"x": np.zeros((2, 2))}, "dimensions"),
        ([1, 2], "not a dict"),
        (pa.table([[1], [2]], names=["x", "x"]), "two columns"),
        ([{"features": {"x": object()}}], "not a number"),
    ],
)
def test_what_is_no_frame_is_refused_with_a_reason(data, words):
    with pytest.raises(InvalidInput, match=words):
        list(batches(data, PREDICTIONS, model="m"))


def test_unknown_and_misspelt_columns_are_named():
    with pytest.raises(InvalidInput, match="regoin"):
        list(batches({"region": ["eu"]}, Layout(kind=Kind.PREDICTIONS, tags=["regoin"]), model="m"))
    with pytest.raises(InvalidInput, match="list of column names"):
        list(batches({"region": ["eu"]}, Layout(kind=Kind.PREDICTIONS, tags="region"), model="m"))
