"""Counts left in the form in which they were written, so that a part is read without the rest.

A profile of five hundred features has a million counts, half of them zero. Written they are a bitmap and the
others in a byte each: a fifteenth of the room, and one feature's counts are found by counting bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["EncodedInts"]

Ints = npt.NDArray[np.int64]


class EncodedInts:
    """An array of counts of which only some are kept.

    Parameters
    ----------
    size : length of the array.
    values : unsigned, the kept counts in order: all of them, or those at `places` or where a bit is set.
    places : int64, ascending, distinct, below `size`.
    bits : uint8, one bit a count, the first in the highest bit; as many are set as there are `values`.
    """

    __slots__ = ("_before", "_bits", "_places", "size", "values")

    def __init__(
        self,
        size: int,
        values: npt.NDArray[Any],
        *,
        places: Ints | None = None,
        bits: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        self.size = size
        self.values = values
        self._places = places
        self._bits = bits
        self._before: Ints | None = None

    @staticmethod
    def set_bits(bits: npt.NDArray[np.uint8], size: int) -> int:
        """How many of the first `size` bits are set."""
        spare = 8 * bits.size - size
        beyond = int(bits[-1]) & ((1 << spare) - 1) if spare else 0
        return int(np.bitwise_count(bits).sum()) - beyond.bit_count()

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        held = (self.values, self._places, self._bits, self._before)
        return sum(array.nbytes for array in held if array is not None)

    def places(self) -> Ints | None:
        """Places of the kept counts; None where all are kept."""
        if self._bits is None:
            return self._places
        # As truth values, zeros are skipped several times as fast as in bytes.
        return np.flatnonzero(np.unpackbits(self._bits, count=self.size).view(np.bool_))

    def dense(self) -> Ints:
        """Return the whole array (int64)."""
        places = self.places()
        if places is None:
            return self.values.astype(np.int64)
        result = np.zeros(self.size, dtype=np.int64)
        result[places] = self.values
        return result

    def add_to(self, total: Ints) -> None:
        """Add the array to `total` (int64, of the same length)."""
        places = self.places()
        if places is None:
            total += self.values.astype(np.int64)
        else:
            total[places] += self.values.astype(np.int64)

    def cut(self, low: int, high: int) -> Ints:
        """Return the counts from `low` to `high` (int64), at the price of these alone."""
        if self._bits is None and self._places is None:
            return self.values[low:high].astype(np.int64)
        begin, end = self.rank(np.array([low, high])).tolist()
        result = np.zeros(high - low, dtype=np.int64)
        if self._places is not None:
            result[self._places[begin:end] - low] = self.values[begin:end]
        elif self._bits is not None:
            shift = low % 8
            bits = np.unpackbits(self._bits[low // 8 : (high + 7) // 8])[shift : shift + high - low]
            result[bits.view(np.bool_)] = self.values[begin:end]
        return result

    def rank(self, ends: Ints) -> Ints:
        """How many kept counts stand before each of `ends` (0 to `size`)."""
        if self._places is not None:
            return np.searchsorted(self._places, ends)
        if self._bits is None:
            return ends
        if self._before is None:
            self._before = np.zeros(self._bits.size + 1, dtype=np.int64)
            np.cumsum(np.bitwise_count(self._bits), out=self._before[1:])
        whole, rest = ends >> 3, ends & 7
        last = self._bits[np.minimum(whole, self._bits.size - 1)]
        return self._before[whole] + np.where(
            rest > 0, np.bitwise_count(last >> (8 - np.maximum(rest, 1))), 0
        )

    def sums(self, offsets: Ints) -> Ints:
        """Sum of each stretch from ``offsets[i]`` to ``offsets[i + 1]`` (ascending, 0 to `size`)."""
        ends = self.rank(offsets)
        result = np.zeros(offsets.size - 1, dtype=np.int64)
        filled = np.flatnonzero(np.diff(ends))  # of a stretch without counts, reduceat gives what follows it
        if filled.size:
            result[filled] = np.add.reduceat(self.values[: ends[-1]], ends[filled], dtype=np.int64)
        return result
