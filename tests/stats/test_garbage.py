"""Bytes that are not a summary's are refused with InvalidInput, quickly, and without taking memory."""

from __future__ import annotations

import math
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.stats.cases import CASES, CELLS, REFERENCE

from assay.errors import InvalidInput
from assay.stats.summaries import Column, NumericCells, NumericSummary, Reference
from assay.stats.summaries.codec import Kind, Reader, Writer

READERS = {name: case.read for name, case in CASES.items()} | {"reference": Reference.from_bytes}
ROWS = {
    "numeric": [1.0, 2.0, math.nan],
    "categorical": ["a", "b", None],
    "binary": [("1", "0", 0.3), (None, "1", 0.7)],
    "binary-exact": [("1", "0", 0.3), (None, "1", 0.7)],
    "multiclass": [("red", "blue", (1, 2, 3)), (None, "red", (0, 0, 1))],
    "regression": [(1.0, 2.0), (math.nan, 1.0)],
    "latency": [0.0, 5.0, 1e9],
    "traffic": [(0, "boom", 1.0, math.nan), (9, None, 2.0, 1.0)],
    "features": [(1.0, "a", "z"), (math.inf, "q", None)],
}
WRITTEN = {name: CASES[name].of(rows).to_bytes() for name, rows in ROWS.items()}
WRITTEN["reference"] = REFERENCE.to_bytes()
LARGE = NumericCells.from_values(np.arange(20_000.0), 20_000)
LARGE_COUNTS = np.random.default_rng(0).integers(0, 4, 20_000)
LARGE_BYTES = NumericSummary.of(np.repeat(np.arange(20_000.0), LARGE_COUNTS), LARGE).to_bytes()
every_reader = pytest.mark.parametrize("name", sorted(READERS))


@every_reader
@given(data=st.binary(max_size=200))
@example(data=b"")
@example(data=b"\x01" * 7)
@settings(max_examples=100, deadline=None)
def test_garbage_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(InvalidInput):
        READERS[name](data)


def _open(data: bytes) -> tuple[int, bytes]:
    """Kind and body, whether deflated or not."""
    _, kind, flags, _ = struct.unpack_from("<BBBI", data)
    return kind, zlib.decompress(data[11:]) if flags else data[7:]


def _close(kind: int, body: bytes) -> bytes:
    return struct.pack("<BBBI", 1, kind, 0, zlib.crc32(body)) + body


@every_reader
@given(place=st.integers(0, 10_000), new=st.binary(min_size=1, max_size=9))
@settings(max_examples=200, deadline=None)
def test_damage_under_a_right_checksum_is_refused_or_read(name: str, place: int, new: bytes) -> None:
    kind, body = _open(WRITTEN[name])
    place %= len(body)
    forged = _close(kind, body[:place] + new + body[place + len(new) :])
    try:
        summary = READERS[name](forged)
    except InvalidInput:
        return
    summary.to_dict()


@every_reader
def test_every_cut_is_refused(name: str) -> None:
    data = WRITTEN[name]
    kind, body = _open(data)
    for end in range(0, len(body), max(len(body) // 200, 1)):
        with pytest.raises(InvalidInput):
            READERS[name](_close(kind, body[:end]))
    with pytest.raises(InvalidInput):
        READERS[name](_close(kind, body + b"\0"))


@every_reader
def test_a_flipped_bit_is_noticed(name: str) -> None:
    data = WRITTEN[name]
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 4
        try:
            read = READERS[name](bytes(flipped))
        except InvalidInput:
            continue
        # A deflated stream has a few bits that mean nothing.
        assert data[2]
        assert read.to_bytes() == data


def test_other_kinds_are_refused() -> None:
    for name, data in WRITTEN.items():
        for other, read in READERS.items():
            if data[1] != WRITTEN[other][1]:
                with pytest.raises(InvalidInput):
                    read(WRITTEN[name])


def test_other_cells_are_refused() -> None:
    data = NumericSummary.of([1.0], CELLS).to_bytes()
    with pytest.raises(InvalidInput, match="other cells"):
        NumericSummary.from_bytes(data, NumericCells.from_values([1.0]))


def _claims() -> list[bytes]:
    """Short bytes that stand for long arrays."""
    sparse = Writer()
    sparse.uint(1 << 50)
    sparse.raw(bytes((2,)) + struct.pack("<I", 0))
    dense = Writer()
    dense.uint(1 << 40)
    dense.raw(bytes((0,)))
    bomb = zlib.compress(bytes(1 << 27), 9)
    huge = struct.pack("<BBBI", 1, Kind.LATENCY, 1, 0) + struct.pack("<I", (1 << 32) - 1) + bomb
    lying = struct.pack("<BBBI", 1, Kind.LATENCY, 1, 0) + struct.pack("<I", 100) + bomb
    return [_close(Kind.LATENCY, sparse.body()), _close(Kind.LATENCY, dense.body()), huge, lying]


@pytest.mark.parametrize("data", _claims(), ids=["sparse", "dense", "deflated", "understated"])
def test_claims_of_size_allocate_nothing(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInput):
            Reader(data, Kind.LATENCY).ints()
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


arrays = st.lists(st.sampled_from([0, 0, 0, 1, 7, 255, 256, 65_536, 2**32, 2**63 - 1]), max_size=300)


@given(values=arrays, zeros=st.integers(0, 5000))
@settings(deadline=None)
def test_integer_arrays_read_back(values: list[int], zeros: int) -> None:
    array = np.array(values + [0] * zeros + values, dtype=np.int64)
    writer = Writer()
    writer.ints(array)
    reader = Reader(writer.finish(Kind.NUMERIC), Kind.NUMERIC)
    np.testing.assert_array_equal(reader.ints(size=array.size), array)
    reader.done()


def test_profiles_of_few_rows_are_small() -> None:
    reference = Reference.of({"x": _column(5000)})
    small = type(reference.profile).of({"x": _column(10)}, reference).to_bytes()
    assert len(small) < 150


def _column(n: int) -> Column:
    return Column.numeric(np.random.default_rng(0).normal(size=n))


def test_large_summaries_are_packed_by_zstandard_and_read_back() -> None:
    assert LARGE_BYTES[2] == 2
    read = NumericSummary.from_bytes(LARGE_BYTES, LARGE)
    assert read.counts[1::2].tolist() == LARGE_COUNTS.tolist()
    assert read.to_bytes() == LARGE_BYTES


def test_large_summaries_that_were_deflated_are_read() -> None:
    body = zstandard.ZstdDecompressor().decompress(LARGE_BYTES[11:])
    deflated = struct.pack("<BBBI", 1, Kind.NUMERIC, 1, zlib.crc32(body)) + struct.pack("<I", len(body))
    read = NumericSummary.from_bytes(deflated + zlib.compress(body), LARGE)
    assert read.to_bytes() == LARGE_BYTES


def test_any_flipped_bit_of_a_large_summary_is_noticed() -> None:
    for place in range(0, len(LARGE_BYTES), 7):
        flipped = bytearray(LARGE_BYTES)
        flipped[place] ^= 4
        with pytest.raises(InvalidInput):
            NumericSummary.from_bytes(bytes(flipped), LARGE)


@given(place=st.integers(0, 100_000), new=st.binary(min_size=1, max_size=9))
@settings(max_examples=200, deadline=None)
def test_a_damaged_frame_under_a_right_checksum_is_refused_or_read(place: int, new: bytes) -> None:
    packed = LARGE_BYTES[7:]
    place %= len(packed)
    forged = packed[:place] + new + packed[place + len(new) :]
    try:
        read = NumericSummary.from_bytes(_large(forged), LARGE)
    except InvalidInput:
        return
    read.to_dict()


def _large(packed: bytes) -> bytes:
    """Header of a large summary before `packed`, with a checksum that fits."""
    return struct.pack("<BBBI", 1, Kind.NUMERIC, 2, zlib.crc32(packed)) + packed


def test_frames_that_claim_what_they_do_not_hold_are_refused_without_taking_memory() -> None:
    frame = LARGE_BYTES[11:]
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 27))
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 20))
    forged = [
        b"",
        b"\0\0",
        struct.pack("<I", 1 << 27) + bomb,
        struct.pack("<I", 1) + bomb,
        struct.pack("<I", 100 * len(unsized)) + unsized,
        LARGE_BYTES[7:] + b"\0",
        LARGE_BYTES[7:] + frame,
        LARGE_BYTES[7:-1],
    ]
    tracemalloc.start()
    try:
        for packed in forged:
            with pytest.raises(InvalidInput):
                NumericSummary.from_bytes(_large(packed), LARGE)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
