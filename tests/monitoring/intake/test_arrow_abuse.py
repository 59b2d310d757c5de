"""Arrow streams from strangers: broken, oversized, of types that cannot be kept."""

from __future__ import annotations

import random
import time
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest

from assay.domain.columns import Kind
from assay.errors import InvalidInput, TooLarge, Unreadable
from assay.monitoring.intake.arrow import read_arrow
from tests.monitoring.intake.bodies import context, stream


def read(body: bytes, **limits: int) -> object:
    return read_arrow(Kind.PREDICTIONS, body, context(**limits), model_id="m")


def sample() -> pa.Table:
    return pa.table(
        {"prediction_id": ["a", "b"], "x": [1.0, 2.0], "c": pa.array(["u", "v"]).dictionary_encode()}
    )


def test_every_cut_and_many_flips_of_a_stream_are_refused_or_read() -> None:
    body = stream(sample())
    for end in range(0, len(body) - 8, 3):  # the last 8 bytes are an end mark that may be absent
        try:
            read(body[:end])
        except InvalidInput:
            continue
    rng = random.Random(5)
    refused = 0
    for _ in range(1_500):
        broken = bytearray(body)
        for _ in range(rng.randint(1, 4)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        try:
            read(bytes(broken))
        except InvalidInput:
            refused += 1
    assert refused > 200


@pytest.mark.parametrize(
    "body", [b"", b"ARROW1\0\0", b"\xff\xff\xff\xff\xff\xff\xff\x7f", b"{}", b"\0" * 100]
)
def test_no_stream(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_a_stream_that_decompresses_past_the_limit_is_not_decompressed(compression: str) -> None:
    table = pa.table({"x": np.zeros(4_000_000)})  # 32 MB that compress to next to nothing
    body = stream(table, compression=compression)
    assert len(body) < 2_000_000
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    begin = time.perf_counter()
    with pytest.raises(TooLarge):
        read(body, decoded_bytes=16 << 20, items=10_000_000)
    assert time.perf_counter() - begin < 1
    assert pa.total_allocated_bytes() - before < 1 << 20
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_a_dictionary_that_grows_past_the_limit_is_not_decoded() -> None:
    bomb = pa.DictionaryArray.from_arrays(np.zeros(100_000, dtype=np.int32), ["x" * 100_000])  # 10 GB
    with pytest.raises(TooLarge):
        read(stream(pa.table({"x": bomb})))
    one = pa.array(["y" * 100_000], pa.string_view()).buffers()
    views = pa.py_buffer(one[1].to_pybytes()[:16] * 50_000)
    taken = pa.Array.from_buffers(pa.string_view(), 50_000, [None, views, *one[2:]])
    with pytest.raises(TooLarge):
        read(stream(pa.table({"x": taken})))


def test_more_rows_columns_or_batches_than_allowed() -> None:
    with pytest.raises(TooLarge):
        read(stream(pa.table({"x": pa.nulls(1_000_001)})))
    with pytest.raises(TooLarge):
        read(stream(pa.table({str(i): [1] for i in range(101)})), columns=100)
    with pytest.raises(TooLarge):
        read(stream(pa.table({"x": pa.array([1] * 1000, pa.int8()), "y": [1] * 1000})), cells=1_999)
    tiny = pa.record_batch({"x": [1]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, tiny.schema) as writer:
        for _ in range(20_001):
            writer.write_batch(tiny)
    with pytest.raises(TooLarge):
        read(sink.getvalue().to_pybytes())


def test_a_claimed_number_of_rows_is_not_believed() -> None:
    body = bytearray(stream(pa.table({"x": pa.nulls(7)})))
    place = body.rfind((7).to_bytes(8, "little"))
    assert place > 0
    body[place : place + 8] = (2**60).to_bytes(8, "little")
    with pytest.raises(InvalidInput):
        read(bytes(body))


class Odd(pa.ExtensionType):  # type: ignore[misc] # pyarrow has no types for this
    def __init__(self) -> None:
        super().__init__(pa.int64(), "assay.odd")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, data: bytes) -> Odd:
        return cls()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"x"]),
        pa.array([[1]]),
        pa.array([{"a": 1}]),
        pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        pa.RunEndEncodedArray.from_arrays([1], [1]),
        pa.array([1], pa.duration("s")),
        pa.array([2**62], pa.timestamp("s", "UTC")),
        pa.array([2**31 - 1], pa.date32()),
        pa.array([1], pa.time32("s")),
        pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
        pa.array([[1.0, 2.0]], pa.list_(pa.float64(), 2)),
    ],
    ids=lambda column: str(column.type),
)
def test_types_that_cannot_be_kept(column: pa.Array) -> None:
    with pytest.raises(InvalidInput, match="type"):
        read(stream(pa.table({"x": column})))
    with pytest.raises(InvalidInput):
        read(stream(pa.table({"features": pa.StructArray.from_arrays([column], ["x"])})))


def test_an_extension_type_is_refused() -> None:
    pa.register_extension_type(Odd())
    try:
        column = pa.ExtensionArray.from_storage(Odd(), pa.array([1]))
        with pytest.raises(InvalidInput):
            read(stream(pa.table({"x": column})))
    finally:
        pa.unregister_extension_type("assay.odd")


def test_texts_that_are_not_utf8_are_refused() -> None:
    column = pa.StringArray.from_buffers(1, pa.array([0, 1], pa.int32()).buffers()[1], pa.py_buffer(b"\xff"))
    with pytest.raises(Unreadable):
        read(stream(pa.table({"x": column})))


def test_a_column_that_comes_twice_is_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(InvalidInput, match="twice"):
        read(stream(table))
    with pytest.raises(InvalidInput, match="twice"):
        read(stream(pa.table({"x": [1], "feature.x": [2]})))


def test_timestamps_out_of_range() -> None:
    for unit, value in (("s", 2**62), ("s", -5), ("ms", 2**62), ("us", -1), ("ns", -1)):
        table = pa.table({"timestamp": pa.array([value, 1], pa.timestamp(unit, "UTC"))})
        intake = read_arrow(Kind.PREDICTIONS, stream(table), context(), model_id="m")
        assert [item.index for item in intake.rejected] == [0], (unit, value)


def test_small_types_are_widened() -> None:
    table = pa.table(
        {
            "i": pa.array([1], pa.int8()),
            "u": pa.array([2**64 - 1], pa.uint64()),
            "v": pa.array([5], pa.uint64()),
            "h": pa.array([np.float16(0.5)], pa.float16()),
            "f": pa.array([0.5], pa.float32()),
            "d": pa.array(["1.5"]).cast(pa.decimal128(5, 2)),
        }
    )
    result = read_arrow(Kind.PREDICTIONS, stream(table), context(), model_id="m").table
    row = result.to_pylist()[0]
    assert {name: row[name] for name in row if name.startswith("n:")} == {
        "n:i": 1,
        "n:u": float(2**64 - 1),
        "n:v": 5,
        "n:h": 0.5,
        "n:f": 0.5,
        "n:d": 1.5,
    }
    assert result.schema.field("n:v").type == pa.int64()


def test_the_model_is_named_by_the_metadata_or_not_at_all() -> None:
    table = pa.table({"x": [1]})
    named = table.replace_schema_metadata({"model_id": "näme", "model_version": "v3"})
    intake = read_arrow(Kind.PREDICTIONS, stream(named), context())
    assert intake.model_id == "näme"
    assert intake.table.column("model_version").to_pylist() == ["v3"]
    with pytest.raises(InvalidInput, match="no model_id"):
        read_arrow(Kind.PREDICTIONS, stream(table), context())
    with pytest.raises(InvalidInput):
        read_arrow(Kind.LABELS, stream(table), context(), model_id="m")
