"""Every way in means the same: records, single items, columns, Arrow streams, data frames."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.domain.columns import Kind
from assay.monitoring.intake.arrow import read_arrow
from assay.monitoring.intake.assemble import LABEL_INPUTS, PREDICTION_INPUTS, assemble
from assay.monitoring.intake.frames import columns_of
from assay.monitoring.intake.json_body import read_json
from assay.monitoring.intake.records import draft_of_records
from assay.monitoring.intake.single import read_single
from tests.monitoring.intake.bodies import context, read_predictions, stream

names = st.text(st.characters(codec="utf-8"), max_size=6)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
)
stamps = st.sampled_from(
    ["2026-02-01T00:00:00Z", "2026-02-01T00:00:00.123+05:30", "2026-02-01", "x", "2026-03-02T11:00:00Z", None]
)
plain = sorted(PREDICTION_INPUTS - {"timestamp", "prediction_id"})
items = st.fixed_dictionaries(
    {"prediction_id": st.one_of(st.text(max_size=4), st.integers(), st.just("p"))},
    optional={
        "timestamp": stamps,
        "features": st.dictionaries(names, scalars, max_size=4),
        "tags": st.dictionaries(names, scalars, max_size=2),
        "probabilities": st.dictionaries(names, scalars, max_size=2),
        "unknown": scalars,
        **dict.fromkeys(plain, scalars),
    },
)
labels = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(sorted(LABEL_INPUTS - {"observed_at"}), scalars) | {"observed_at": stamps},
)


def same(one: pa.Table, other: pa.Table) -> None:
    """Equal tables; NaN equals NaN, and the order of columns does not matter."""
    assert sorted(one.column_names) == sorted(other.column_names)
    for name in one.column_names:
        left, right = one.column(name), other.column(name)
        assert left.type == right.type, name
        assert repr(left.to_pylist()) == repr(right.to_pylist()), name


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.tuples(st.just(Kind.PREDICTIONS), items), st.tuples(st.just(Kind.LABELS), labels)))
def test_an_item_alone_means_what_it_means_among_others(case: tuple[Kind, dict[str, Any]]) -> None:
    kind, item = case
    quick = read_single(kind, "m", "", item, context())
    general = assemble(draft_of_records(kind, "m", "", [item], context()), context())
    if quick is not None:
        assert general.rejected_total == 0
        assert general.notes == ()
        same(quick.table, general.table)


def test_usual_items_go_the_quick_way() -> None:
    item = {"prediction_id": "p", "features": {"a": 1, "b": "x", "c": 0.5}, "prediction": 1, "score": 0.5}
    assert read_single(Kind.PREDICTIONS, "m", "v", item, context()) is not None
    assert read_single(Kind.LABELS, "m", "", {"prediction_id": "p", "actual": 1}, context()) is not None


@settings(max_examples=200, deadline=None)
@given(st.lists(items, max_size=5))
def test_nothing_that_is_json_makes_it_fail(many: list[dict[str, Any]]) -> None:
    intake = read_predictions(many)
    assert intake.table.num_rows + intake.rejected_total == len(many)
    kept = [item for row, item in enumerate(many) if row not in {bad.index for bad in intake.rejected}]
    assert intake.table.column("prediction_id").to_pylist() == [str(item["prediction_id"]) for item in kept]
    for item, row in zip(kept, intake.table.to_pylist(), strict=True):
        for name, value in item.get("features", {}).items():
            prefix = "b:" if isinstance(value, bool) else "s:" if isinstance(value, str) else "n:"
            if value is not None:
                got = row[prefix + name]
                assert got == value or (math.isnan(value) and math.isnan(got)) or float(value) == got


def rows() -> list[dict[str, Any]]:
    rng = np.random.default_rng(7)
    return [
        {
            "prediction_id": f"p{i}",
            "timestamp": f"2026-02-{i % 27 + 1:02d}T00:00:00Z",
            "prediction": float(i % 2),
            "score": float(rng.random()),
            "features": {"x": float(rng.normal()), "k": i, "c": "ab"[i % 2], "flag": i % 3 == 0},
            "tags": {"region": "eu" if i % 2 else "us"},
            "probabilities": {"0": 0.25, "1": 0.75},
        }
        for i in range(100)
    ]


def columns() -> dict[str, list[Any]]:
    records = rows()
    flat: dict[str, list[Any]] = {
        name: [row[name] for row in records] for name in ("prediction_id", "timestamp", "prediction", "score")
    }
    for group, prefix in (("features", ""), ("tags", "tag."), ("probabilities", "probability.")):
        for name in records[0][group]:
            flat[prefix + name] = [row[group][name] for row in records]
    return flat


def test_columns_mean_what_records_mean() -> None:
    expected = read_predictions(rows()).table
    records = rows()
    nested = {
        name: [row[name] for row in records] for name in ("prediction_id", "timestamp", "prediction", "score")
    } | {
        group: {name: [row[group][name] for row in records] for name in records[0][group]}
        for group in ("features", "tags", "probabilities")
    }
    body = json.dumps({"model_id": "m", "columns": nested}).encode()
    same(read_json(Kind.PREDICTIONS, body, context()).table, expected)


def test_arrow_means_what_records_mean() -> None:
    expected = read_predictions(rows()).table
    flat = pa.table(columns())
    same(read_arrow(Kind.PREDICTIONS, stream(flat), context(), model_id="m").table, expected)
    structs = pa.Table.from_pylist(rows())
    same(read_arrow(Kind.PREDICTIONS, stream(structs), context(), model_id="m").table, expected)
    times = pa.array(columns()["timestamp"]).cast(pa.timestamp("us", tz="UTC"))
    for kind in (pa.timestamp("s", "UTC"), pa.timestamp("ns", "Europe/Berlin"), pa.timestamp("ms", "UTC")):
        typed = flat.set_column(1, "timestamp", times.cast(kind))
        same(read_arrow(Kind.PREDICTIONS, stream(typed), context(), model_id="m").table, expected)
    naive = flat.set_column(1, "timestamp", times.cast(pa.timestamp("us")))
    intake = read_arrow(Kind.PREDICTIONS, stream(naive), context(), model_id="m")
    assert intake.naive_timestamps == 100
    same(intake.table, expected)


@pytest.mark.parametrize("kind", ["dictionary", "large", "view", "batches", "zstd", "lz4", "sliced"])
def test_layouts_of_arrow_do_not_matter(kind: str) -> None:
    expected = read_predictions(rows()).table
    table = pa.table(columns())
    compression = kind if kind in ("zstd", "lz4") else None
    texts = [name for name in table.column_names if pa.types.is_string(table.schema.field(name).type)]
    for name in texts:
        column = table.column(name)
        if kind == "dictionary":
            column = column.dictionary_encode()
        elif kind == "large":
            column = column.cast(pa.large_string())
        elif kind == "view":
            column = column.cast(pa.string_view())
        table = table.set_column(table.column_names.index(name), name, column)
    if kind == "batches":
        table = pa.concat_tables([table.slice(i, 7) for i in range(0, 100, 7)])
    if kind == "sliced":
        table = pa.concat_tables([table.slice(90), table]).slice(10)
    body = stream(table, compression=compression)
    same(read_arrow(Kind.PREDICTIONS, body, context(), model_id="m").table, expected)


def test_every_kind_of_frame_has_the_same_columns() -> None:
    flat = columns()
    frames = [pa.table(flat), pl.DataFrame(flat), pl.DataFrame(flat).lazy(), pd.DataFrame(flat)]
    frames.append({name: np.asarray(values) for name, values in flat.items()})
    expected = {name: plain_values(values) for name, values in columns_of(flat).items()}
    assert list(expected) == list(flat)
    for frame in frames:
        assert {name: plain_values(values) for name, values in columns_of(frame).items()} == expected


def plain_values(values) -> list[object]:
    values = values.to_pylist() if isinstance(values, pa.Array) else values
    return [None if value != value else value for value in values]


def test_a_column_of_several_types_keeps_each_value() -> None:
    frame = pd.DataFrame({"x": pd.Series([1, "a", None, float("nan"), True], dtype=object)})
    assert columns_of(frame) == {"x": [1, "a", None, None, True]}
