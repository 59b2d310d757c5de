"""Every kind of summary, with rows to make it of: what the laws are tested on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from assay.stats.summaries import (
    CategoricalSummary,
    Categories,
    ClassificationSummary,
    Column,
    FeatureProfile,
    LatencySummary,
    NumericCells,
    NumericSummary,
    Reference,
    RegressionSummary,
    TrafficSummary,
)


@dataclass(frozen=True)
class Case:
    """One kind of summary: a strategy for single rows, how to make it of rows, how to read it back."""

    row: st.SearchStrategy[Any]
    of: Callable[[Sequence[Any]], Any]
    read: Callable[[bytes], Any]


# Eighths add up without rounding, and often tie with the points of the cells.
eighths = st.integers(-80, 80).map(lambda i: i / 8)
awkward = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-300])
numbers = eighths | awkward
words = st.sampled_from(["a", "b", "c", "", "é", "\ud800", "x" * 300, "x" * 299 + "y"]) | st.none()
scores = st.integers(0, 64).map(lambda i: i / 64) | st.sampled_from([math.nan, -0.5, 1.5, math.inf])
classes = st.sampled_from(["0", "1"]) | st.none()
colours = st.sampled_from(["red", "green", "blue"])

CELLS = NumericCells.from_values([-3.0, 0.0, 0.125, 2.0, 2.0, 7.5])
CATEGORIES = Categories(("a", "x" * 300, "unseen"))
REFERENCE = Reference.of(
    {
        "number": Column.numeric([-3.0, 0.0, 0.125, 2.0]),
        "word": Column.categorical(["a", "b", None, "a"]),
        "absent": Column.numeric([1.0, 2.0, 3.0, 3.0]),
    }
)


def _floats(values: Sequence[Any]) -> np.ndarray:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _multiclass(rows: Sequence[tuple[Any, Any, tuple[int, int, int]]]) -> ClassificationSummary:
    weights = np.array([row[2] for row in rows], dtype=np.float64).reshape(len(rows), 3)
    chances = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
    return ClassificationSummary.of(
        [row[0] for row in rows],
        [row[1] for row in rows],
        probabilities=dict(zip(["red", "green", "blue"], chances.T, strict=True)),
    )


def _binary(rows: Sequence[Any], *, exact: bool) -> ClassificationSummary:
    actual, predicted, score = ([row[i] for row in rows] for i in range(3))
    return ClassificationSummary.of(actual, predicted, _floats(score), exact=exact)


def _traffic(rows: Sequence[Any]) -> TrafficSummary:
    return TrafficSummary.of(
        timestamps=[row[0] for row in rows],
        errors=[row[1] for row in rows],
        latency={"total": _floats([row[2] for row in rows]), "inference": _floats([row[3] for row in rows])},
        duplicates=len(rows),
    )


def _features(rows: Sequence[Any]) -> FeatureProfile:
    columns = {
        "number": Column.numeric([row[0] for row in rows]),
        "word": Column.categorical([row[1] for row in rows]),
        "extra": Column.categorical([row[2] for row in rows]),
    }
    return FeatureProfile.of(columns, REFERENCE, rows=len(rows))


_triples = st.tuples(*[st.integers(0, 8)] * 3)
_times = st.integers(-(2**61), 2**61)
_durations = st.floats(0, 1e9) | st.just(math.nan) | st.just(-1.0) | st.just(math.inf)

CASES: dict[str, Case] = {
    "numeric": Case(
        numbers,
        lambda rows: NumericSummary.of(rows, CELLS),
        lambda data: NumericSummary.from_bytes(data, CELLS),
    ),
    "categorical": Case(
        words,
        lambda rows: CategoricalSummary.of(rows, CATEGORIES),
        lambda data: CategoricalSummary.from_bytes(data, CATEGORIES),
    ),
    "binary": Case(
        st.tuples(classes, classes, scores),
        lambda rows: _binary(rows, exact=False),
        ClassificationSummary.from_bytes,
    ),
    "binary-exact": Case(
        st.tuples(classes, classes, scores),
        lambda rows: _binary(rows, exact=True),
        ClassificationSummary.from_bytes,
    ),
    "multiclass": Case(
        st.tuples(colours | st.none(), colours | st.none(), _triples),
        _multiclass,
        ClassificationSummary.from_bytes,
    ),
    "regression": Case(
        st.tuples(numbers, numbers),
        lambda rows: RegressionSummary.of([row[0] for row in rows], [row[1] for row in rows]),
        RegressionSummary.from_bytes,
    ),
    "latency": Case(_durations, LatencySummary.of, LatencySummary.from_bytes),
    "traffic": Case(
        st.tuples(_times, st.none() | st.sampled_from(["timeout", "boom"]), _durations, _durations),
        _traffic,
        TrafficSummary.from_bytes,
    ),
    "features": Case(
        st.tuples(numbers, words, words), _features, lambda data: FeatureProfile.from_bytes(data, REFERENCE)
    ),
}
