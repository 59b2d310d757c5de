"""Latency: log-scaled counts whose quantiles are within one percent.

References
----------
.. [1] C. Masson, J. Rim and H. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
   relative-error guarantees", VLDB 12 (2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.codec import Ints, Kind, Reader, Writer
from assay.stats.summaries.floats import as_floats, finite_or_none

__all__ = ["ERROR", "HIGHEST", "LOWEST", "LatencySummary"]

ERROR = 0.01
"""Relative error of a quantile."""

LOWEST, HIGHEST = 1e-3, 1e8
"""Milliseconds between which the error holds: one microsecond and 27 hours. Durations below are known to
a microsecond, durations above only as more than the highest (and the maximum, exactly)."""

_GAMMA = (1 + ERROR) / (1 - ERROR)
_LOG = math.log(_GAMMA)
_CELLS = math.ceil(math.log(HIGHEST / LOWEST) / _LOG) + 2
_NONE = np.zeros(_CELLS, dtype=np.int64)
_NONE.flags.writeable = False


@dataclass(frozen=True, slots=True, eq=False)
class LatencySummary(Mergeable):
    """Counts of durations in cells whose ends grow by a constant factor.

    Attributes
    ----------
    counts : int64 per cell; the first is for durations up to `LOWEST`.
    n, sum, min, max : number, sum, smallest and largest of the valid durations, in milliseconds.
    invalid : negative or infinite durations, which are left out; NaN means that there is none.
    """

    counts: Ints
    n: int = 0
    sum: float = 0.0
    min: float = math.inf
    max: float = -math.inf
    invalid: int = 0

    @classmethod
    def empty(cls) -> Self:
        """Summary of no durations."""
        return cls(_NONE)

    @classmethod
    def of(cls, milliseconds: npt.ArrayLike) -> Self:
        """Summarise durations (milliseconds, any shape; NaN: none).

        >>> round(LatencySummary.of([10.0, 20.0, 30.0]).quantile(0.5), 0)
        20.0
        """
        values = as_floats(milliseconds, "latency")
        values = values[~np.isnan(values)]
        valid = values[(values >= 0) & (values < np.inf)]
        if not valid.size:
            return cls(_NONE, invalid=values.size)
        cells = np.zeros(valid.size, dtype=np.int64)
        above = valid > LOWEST
        cells[above] = np.ceil(np.log(valid[above] / LOWEST) / _LOG)
        np.minimum(cells, _CELLS - 1, out=cells)
        return cls(
            np.bincount(cells, minlength=_CELLS).astype(np.int64),
            valid.size,
            float(valid.sum()),
            float(valid.min()),
            float(valid.max()),
            values.size - valid.size,
        )

    @property
    def mean(self) -> float | None:
        """Mean duration in milliseconds; None where there is none."""
        return finite_or_none(self.sum / self.n) if self.n else None

    def quantile(self, q: float) -> float | None:
        """Milliseconds within which a share `q` of the calls stays; None where there is no call.

        The value is within one percent of the smallest duration that at least ``q * n`` of them do not
        exceed (NumPy's method "inverted_cdf").
        """
        if not 0 <= q <= 1:
            raise InvalidInput(f"a quantile is asked for by a share between 0 and 1, not {q}")
        if not self.n:
            return None
        rank = min(max(math.ceil(q * self.n), 1), self.n)
        cell = min(int(np.searchsorted(np.cumsum(self.counts), rank)), _CELLS - 1)
        if cell == _CELLS - 1:
            return self.max
        # 2γ^i/(γ+1) lies within ERROR of both ends of the cell (γ^(i-1), γ^i], see [1]_.
        value = LOWEST * 2 * math.exp(cell * _LOG) / (_GAMMA + 1) if cell else LOWEST / 2
        return min(max(value, self.min), self.max)

    def merge(self, other: Self) -> Self:
        """Describe the durations of both."""
        if not other.n + other.invalid:
            return self
        if not self.n + self.invalid:
            return other
        return type(self)(
            self.counts + other.counts,
            self.n + other.n,
            self.sum + other.sum,
            min(self.min, other.min),
            max(self.max, other.max),
            self.invalid + other.invalid,
        )

    def buckets(self, bounds: npt.ArrayLike) -> list[int]:
        """How many durations are at most each of `bounds` (milliseconds, ascending), each within `ERROR`."""
        edges = as_floats(bounds, "bounds")
        cells = np.floor(np.log(np.maximum(edges, LOWEST) / LOWEST) / _LOG + 0.5).astype(np.int64)
        upto = np.cumsum(self.counts)[np.clip(cells, 0, _CELLS - 1)]
        return np.where(edges < 0, 0, np.where(edges >= self.max, self.n, upto)).tolist()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "kind": "latency",
            "n": self.n,
            "invalid": self.invalid,
            "mean": self.mean,
            "min": finite_or_none(self.min),
            "max": finite_or_none(self.max),
            "p50": self.quantile(0.5),
            "p95": self.quantile(0.95),
            "p99": self.quantile(0.99),
        }

    def write(self, writer: Writer) -> None:
        """Write the fields."""
        writer.uint(self.n)
        writer.uint(self.invalid)
        if self.n:
            writer.ints(self.counts)
            writer.floats([self.sum, self.min, self.max])

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read what :meth:`write` wrote."""
        n, invalid = reader.uint(), reader.uint()
        if not n:
            return cls(_NONE, invalid=invalid)
        counts = reader.ints(size=_CELLS)
        if int(counts.sum()) != n:
            raise InvalidInput("latency bytes do not add up")
        total, low, high = reader.floats(size=3).tolist()
        return cls(counts, n, total, low, high, invalid)

    def to_bytes(self) -> bytes:
        """Compact versioned bytes."""
        writer = Writer()
        self.write(writer)
        return writer.finish(Kind.LATENCY)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back.
        """
        reader = Reader(data, Kind.LATENCY)
        summary = cls.read(reader)
        reader.done()
        return summary
