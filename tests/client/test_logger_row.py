"""Rows as JSON: what comes out is what went in, whatever it was."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.client.logger.row import encode_row, features_of
from assay.testing.names import HOSTILE_NAMES

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


class Point(NamedTuple):
    a: float
    b: str


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return type(one) is type(other) and one == other


@given(st.dictionaries(st.text(), SCALARS | st.dictionaries(st.text(), SCALARS, max_size=4), max_size=6))
def test_a_row_reads_back_as_it_was(record):
    try:
        data = encode_row(record)
    except ValueError:
        pytest.fail("every scalar has a form in JSON")
    assert same(json.loads(data), record)


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: repr(name[:10]))
def test_names_stay_as_they_are(name):
    assert json.loads(encode_row({"features": {name: float("nan")}}))["features"].keys() == {name}
    assert json.loads(encode_row({"features": {name: 1.0}})) == {"features": {name: 1.0}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.longdouble(0.5), 0.5),
        (np.array(7), 7),
        (np.array([7]), 7),
        (np.datetime64("2024-01-01"), "2024-01-01"),
        (pd.NA, None),
        (pd.NaT, None),
        (pd.Timestamp("2024-01-01T00:00Z"), "2024-01-01T00:00:00+00:00"),
        (datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00Z"),
        (Decimal("1.25"), 1.25),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (enum.Enum("Card", [("DEBIT", "debit")]).DEBIT, "debit"),
        (10**40, 10**40),
    ],
    ids=repr,
)
def test_values_of_other_libraries_become_plain(value, expected):
    assert json.loads(encode_row({"x": value})) == {"x": expected}
    # The same beside a NaN, which takes the other way.
    assert json.loads(encode_row({"x": value, "y": float("inf")})) == {"x": expected, "y": math.inf}


class Hostile:
    @property
    def isoformat(self):
        raise RuntimeError("a value with code of its own")


LOOP = {}
LOOP["x"] = LOOP


@pytest.mark.parametrize(
    "value",
    [object(), Hostile(), LOOP, np.zeros(3), lambda: 1],
    ids=["object", "hostile", "loop", "array", "function"],
)
def test_what_has_no_json_raises(value):
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is, the logger counts it
        encode_row({"x": value})


def test_features_may_come_in_any_container():
    @dataclasses.dataclass
    class Plain:
        a: float
        b: str

    class Model(pydantic.BaseModel):
        a: float
        b: str

    class Struct(msgspec.Struct):
        a: float
        b: str

    expected = {"a": 1.5, "b": "x"}
    frame = pd.DataFrame({"a": [1.5], "b": ["x"]})
    structured = np.array([(1.5, "x")], dtype=[("a", "f8"), ("b", "U3")])
    for value in (
        expected,
        Plain(1.5, "x"),
        Model(a=1.5, b="x"),
        Struct(1.5, "x"),
        Point(1.5, "x"),
        frame.iloc[0],
        next(frame.itertuples(index=False)),
        pl.from_pandas(frame).row(0, named=True),
        structured[0],
    ):
        assert features_of(value) == expected
    for value in ([1.5, "x"], (1.5, "x"), np.array([1.5, "x"], dtype=object)):
        assert features_of(value, ["a", "b"]) == expected
    with pytest.raises(ValueError, match="2 values for 1"):
        features_of([1, 2], ["a"])
    with pytest.raises(TypeError, match=r"features=\[\.\.\.\]"):
        features_of([1, 2])
