"""The truth of a prediction does not depend on the order in which its labels come."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.columns import LABEL_FIELDS, TIMESTAMP
from assay.monitoring.label_join import truth_index

rows = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 40)), max_size=25
)


def label_table(labels):
    columns = {name: pa.nulls(len(labels), kind) for name, kind in LABEL_FIELDS.items()}
    columns["prediction_id"] = pa.array([f"p{name}" for name, *_ in labels], pa.string())
    columns["actual_class"] = pa.array([actual for _, actual, *_ in labels], pa.string())
    columns["observed_at"] = pa.array([time for *_, time, _ in labels], pa.int64()).cast(TIMESTAMP)
    columns["received_at"] = pa.array([time for *_, time in labels], pa.int64()).cast(TIMESTAMP)
    return pa.table(columns)


def prediction_table(received):
    times = pa.array(received, pa.int64()).cast(TIMESTAMP)
    ids = pa.array([f"p{i}" for i in range(len(received))], pa.string())
    return pa.table({"prediction_id": ids, "timestamp": times, "received_at": times})


def naive(received, labels, horizon):
    truth = []
    for i, came in enumerate(received):
        near = [
            (observed, actual)
            for name, actual, observed, told in labels
            if name == i and abs(told - came) <= horizon
        ]
        truth.append(max(near)[1] if near else None)
    return truth


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), rows, st.randoms(use_true_random=False))
def test_the_latest_observation_within_the_horizon_is_the_truth(received, labels, rng):
    expected = naive(received, labels, 15)
    for _ in range(3):
        rng.shuffle(labels)
        table = label_table(labels)
        index, _ = truth_index(prediction_table(received), table, horizon=15)
        texts = table.column("actual_class").to_pylist()
        assert [None if place < 0 else texts[place] for place in index.tolist()] == expected


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), rows)
def test_labels_outside_the_horizon_are_told_apart(received, labels):
    _, outside = truth_index(prediction_table(received), label_table(labels), horizon=15)
    expected = [name < len(received) and abs(told - received[name]) > 15 for name, _, _, told in labels]
    assert outside.tolist() == expected


def test_nothing_to_join():
    index, outside = truth_index(prediction_table([]), label_table([]), horizon=1)
    assert index.tolist() == outside.tolist() == []
    index, _ = truth_index(prediction_table([1]), label_table([]), horizon=1)
    assert index.tolist() == [-1]
    assert index.dtype == np.int64
