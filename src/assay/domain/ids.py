"""Prediction ids for items that come without one: UUID version 7 (RFC 9562), which sort by time."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

__all__ = ["new_id", "new_ids"]

_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_WIDTH = 36
# Places of the 32 hexadecimal digits among the 36 characters; the rest are hyphens.
_DIGITS = np.array([i for i in range(_WIDTH) if i not in (8, 13, 18, 23)])
_FEW = 8
# The 74 bits of 80 that are random, and those of version and variant.
_FREE = 0x0FFF << 64 | (1 << 62) - 1
_FIXED = 7 << 76 | 2 << 62
# Ids must differ, not be secret; a system call for each would hand the interpreter's lock to another thread.
_random = random.Random()  # noqa: S311 - see above
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


def new_id() -> str:
    """Return one new UUID, version 7, for the time now; forked children make others."""
    number = time.time_ns() // 1_000_000 << 80 | _random.getrandbits(76) & _FREE | _FIXED
    digits = number.to_bytes(16, "big").hex()  # twice as quick as formatting the number
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def new_ids(count: int, *, now: int, entropy: Callable[[int], bytes] = os.urandom) -> pa.Array:
    """Return `count` new UUIDs, version 7, as a string array.

    Parameters
    ----------
    count : how many.
    now : microseconds since the epoch; the id holds its milliseconds, then 74 random bits.
    entropy : source of random bytes.

    Examples
    --------
    >>> new_ids(1, now=0, entropy=bytes)[0].as_py()
    '00000000-0000-7000-8000-000000000000'
    """
    millis = (now // 1000).to_bytes(6, "big")
    if count <= _FEW:
        return pa.array([_one(millis, entropy(10)) for _ in range(count)], pa.string())
    raw = np.empty((count, 16), dtype=np.uint8)
    raw[:, :6] = np.frombuffer(millis, dtype=np.uint8)
    raw[:, 6:] = np.frombuffer(entropy(10 * count), dtype=np.uint8).reshape(count, 10)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x70
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = np.full((count, _WIDTH), ord("-"), dtype=np.uint8)
    text[:, _DIGITS[0::2]] = _HEX[raw >> 4]
    text[:, _DIGITS[1::2]] = _HEX[raw & 0x0F]
    offsets = np.arange(0, _WIDTH * (count + 1), _WIDTH, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def _one(millis: bytes, random: bytes) -> str:
    """Return one id; for a few of them this is quicker than arrays."""
    head = bytes((random[0] & 0x0F | 0x70, random[1], random[2] & 0x3F | 0x80))
    digits = (millis + head + random[3:]).hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
