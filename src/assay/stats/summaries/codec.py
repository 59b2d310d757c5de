"""Compact, versioned, checked bytes of summaries.

Layout: version (1 byte), kind (1), then flags, checksum and body, see :mod:`assay.stats.summaries.packing`.
Integer arrays are written dense, as a bitmap with the non-zero values, or as gaps with values, whichever is
shortest, in the narrowest type.

A reader trusts nothing: every length is checked against the bytes that are there, or against a limit
where a short encoding stands for a long array.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.encoded_ints import EncodedInts
from assay.stats.summaries.packing import pack, unpack

__all__ = ["MAX_CELLS", "Ints", "Kind", "Reader", "Writer"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MAX_CELLS = 1 << 24
"""The longest array that a short (sparse) encoding may stand for."""

_VERSION = 1
_HEADER = struct.Struct("<BB")
_LENGTH = struct.Struct("<I")
_UNSIGNED = tuple(np.dtype(code) for code in ("<u1", "<u2", "<u4", "<u8"))
_DENSE, _BITMAP, _GAPS = 0, 1, 2


class Kind(enum.IntEnum):
    """What the bytes hold, so that one kind is never read as another."""

    NUMERIC = 1
    CATEGORICAL = 2
    CLASSIFICATION = 3
    REGRESSION = 4
    LATENCY = 5
    TRAFFIC = 6
    FEATURES = 7
    REFERENCE = 8
    PROFILE = 9
    COPULA = 10
    FOURIER = 11
    MMD_REFERENCE = 12


def _width(array: npt.NDArray[np.generic]) -> int:
    """Index of the narrowest unsigned type that holds `array`."""
    top = int(array.max()) if array.size else 0
    return 0 if top < 1 << 8 else 1 if top < 1 << 16 else 2 if top < 1 << 32 else 3


class Writer:
    """Collects the fields of one summary."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def raw(self, data: bytes) -> None:
        """Bytes of a length that the reader knows."""
        self._parts.append(data)

    def uint(self, value: int) -> None:
        """One number of 0 or more, of any size."""
        value = int(value)
        out = bytearray()
        while value >= 0x80:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        out.append(value)
        self._parts.append(bytes(out))

    def blob(self, data: bytes) -> None:
        """Bytes with their length."""
        self.uint(len(data))
        self._parts.append(data)

    def text(self, text: str) -> None:
        """Any text, lone surrogates too."""
        self.blob(text.encode("utf-8", "surrogatepass"))

    def texts(self, texts: Iterable[str]) -> None:
        """Several texts."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        self.ints(np.array([len(data) for data in encoded], dtype=np.int64))
        self._parts.append(b"".join(encoded))

    def counter(self, counts: Mapping[str, int]) -> None:
        """Counts by text, in the order of the texts, so that equal counters give equal bytes."""
        names = sorted(counts)
        self.texts(names)
        self.ints(np.array([counts[name] for name in names], dtype=np.int64))

    def floats(self, values: npt.ArrayLike) -> None:
        """Floats, flattened, as they are."""
        array = np.ascontiguousarray(values, dtype="<f8").ravel()
        self.uint(array.size)
        self._parts.append(array.tobytes())

    def ints(self, values: npt.ArrayLike) -> None:
        """Counts of 0 or more, flattened."""
        array = np.ascontiguousarray(values, dtype=np.int64).ravel()
        self.uint(array.size)
        if not array.size:
            return
        places = np.flatnonzero(array)
        kept = array[places]
        width = _width(kept)
        gaps = np.diff(places, prepend=0)
        gap_width = _width(gaps)
        size = _UNSIGNED[width].itemsize
        dense = array.size * size
        bitmap = (array.size + 7) // 8 + kept.size * size
        sparse = 4 + kept.size * (size + _UNSIGNED[gap_width].itemsize)
        if dense <= min(bitmap, sparse):
            self._parts += [bytes((_DENSE | width << 2,)), array.astype(_UNSIGNED[width]).tobytes()]
        elif bitmap <= sparse:
            self._parts += [bytes((_BITMAP | width << 2,)), np.packbits(array != 0).tobytes()]
            self._parts.append(kept.astype(_UNSIGNED[width]).tobytes())
        else:
            self._parts.append(bytes((_GAPS | width << 2 | gap_width << 4,)))
            self._parts.append(_LENGTH.pack(kept.size))
            self._parts.append(gaps.astype(_UNSIGNED[gap_width]).tobytes())
            self._parts.append(kept.astype(_UNSIGNED[width]).tobytes())

    def body(self) -> bytes:
        """Return the fields written so far, without header."""
        return b"".join(self._parts)

    def finish(self, kind: Kind) -> bytes:
        """Return the bytes of the whole."""
        return _HEADER.pack(_VERSION, kind) + pack(self.body())


class Reader:
    """Reads the fields of one summary in the order in which they were written.

    Raises
    ------
    InvalidInput
        From every method, where the bytes are not those that :class:`Writer` makes.
    """

    __slots__ = ("_data", "_place")

    def __init__(self, data: bytes, kind: Kind) -> None:
        data = bytes(data)
        if len(data) < _HEADER.size:
            raise InvalidInput(f"these {len(data)} bytes are too few for a summary")
        version, found = _HEADER.unpack_from(data)
        if version != _VERSION:
            raise InvalidInput(f"summary bytes of version {version}; this program reads version {_VERSION}")
        if found != kind:
            raise InvalidInput(f"these bytes hold a summary of kind {found}, not {kind.name.lower()}")
        self._data = unpack(data[_HEADER.size :])
        self._place = 0

    def raw(self, size: int) -> bytes:
        """`size` bytes."""
        end = self._place + size
        if end > len(self._data):
            raise InvalidInput(f"summary bytes end early: {size} more expected at {self._place}")
        data = self._data[self._place : end]
        self._place = end
        return data

    def uint(self) -> int:
        """One number below 2^63."""
        value = shift = 0
        while True:
            byte = self.raw(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 63:
                raise InvalidInput("summary bytes hold a number of more than 63 bits")
        if value >= 1 << 63:
            raise InvalidInput("summary bytes hold a number of more than 63 bits")
        return value

    def blob(self) -> bytes:
        """Bytes with their length."""
        return self.raw(self.uint())

    def text(self) -> str:
        """One text."""
        return _decode(self.blob())

    def texts(self, *, limit: int = MAX_CELLS) -> list[str]:
        """Several texts, at most `limit`."""
        sizes = self.ints(limit=limit)
        if sizes.size and int(sizes.max()) > len(self._data):
            raise InvalidInput("summary bytes hold a text longer than themselves")
        return [_decode(self.raw(size)) for size in sizes.tolist()]

    def counter(self, *, limit: int = MAX_CELLS) -> dict[str, int]:
        """Counts by text."""
        names = self.texts(limit=limit)
        counts = self.ints(size=len(names))
        result = dict(zip(names, counts.tolist(), strict=True))
        if len(result) != len(names):
            raise InvalidInput("summary bytes count one name twice")
        return result

    def floats(self, *, size: int | None = None) -> Floats:
        """Floats; `size` is how many there must be."""
        found = self.uint()
        if size is not None and found != size:
            raise InvalidInput(f"summary bytes hold {found} numbers where {size} belong")
        if found * 8 > len(self._data):
            raise InvalidInput(f"summary bytes end early: {found} numbers expected at {self._place}")
        return np.frombuffer(self.raw(found * 8), dtype="<f8").astype(np.float64)

    def ints(self, *, size: int | None = None, limit: int = MAX_CELLS) -> Ints:
        """Counts; `size` is how many there must be, `limit` how many there may be."""
        found = self.uint()
        if size is not None and found != size:
            raise InvalidInput(f"summary bytes hold {found} counts where {size} belong")
        if size is None and found > limit:
            raise InvalidInput(f"summary bytes claim {found} counts; at most {limit} are possible here")
        return self._encoded(found).dense()

    def encoded_ints(self, *, size: int) -> EncodedInts:
        """`size` counts, left as they were written."""
        found = self.uint()
        if found != size:
            raise InvalidInput(f"summary bytes hold {found} counts where {size} belong")
        return self._encoded(found)

    def _encoded(self, found: int) -> EncodedInts:
        if not found:
            return EncodedInts(0, np.zeros(0, dtype=np.int64))
        form = self.raw(1)[0]
        kind, values = form & 3, _UNSIGNED[form >> 2 & 3]
        if kind == _DENSE:
            if found * values.itemsize > len(self._data):
                raise InvalidInput(f"summary bytes end early: {found} counts expected at {self._place}")
            return EncodedInts(found, self._unsigned(values, found))
        if kind == _BITMAP:
            bits = np.frombuffer(self.raw((found + 7) // 8), dtype=np.uint8)
            kept = EncodedInts.set_bits(bits, found)
            return EncodedInts(found, self._unsigned(values, kept), bits=bits)
        if kind == _GAPS:
            (kept,) = _LENGTH.unpack(self.raw(_LENGTH.size))
            gaps = self._unsigned(_UNSIGNED[form >> 4 & 3], kept).astype(np.int64)
            if kept and (gaps.min() < 0 or gaps.max() >= found):
                raise InvalidInput("summary bytes place a count outside its array")
            places = np.cumsum(gaps)
            if kept and (places[-1] >= found or (gaps[1:] == 0).any()):
                raise InvalidInput("summary bytes place a count outside its array")
            return EncodedInts(found, self._unsigned(values, kept), places=places)
        raise InvalidInput(f"summary bytes hold an array of unknown form {kind}")

    def _unsigned(self, dtype: np.dtype[np.generic], size: int) -> npt.NDArray[np.generic]:
        array = np.frombuffer(self.raw(size * dtype.itemsize), dtype=dtype)
        if dtype.itemsize == 8 and array.size and int(array.max()) >= 1 << 63:
            raise InvalidInput("summary bytes hold a count of more than 63 bits")
        return array

    @property
    def body(self) -> bytes:
        """Return all fields as they were written."""
        return self._data

    def done(self) -> None:
        """Check that nothing is left over."""
        if self._place != len(self._data):
            raise InvalidInput(
                f"summary bytes go on for {len(self._data) - self._place} bytes after their end"
            )


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise InvalidInput("summary bytes hold a text that is not UTF-8") from None
