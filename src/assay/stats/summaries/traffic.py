"""Traffic: how many predictions came, how many failed, and how long they took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.bounded import merge_counters, shorten, trim_counter
from assay.stats.summaries.codec import Kind, Reader, Writer
from assay.stats.summaries.latency import LatencySummary
from assay.stats.summaries.texts import Texts, encode_texts

__all__ = ["MAX_ERROR_TYPES", "STAGES", "TrafficSummary"]

MAX_ERROR_TYPES = 50
"""How many types of errors are counted one by one."""

STAGES = ("total", "preprocessing", "inference", "postprocessing")
"""The stages whose latency is kept."""

_OFFSET = 1 << 62  # event times before 1970 are negative, and the codec keeps only counts


@dataclass(frozen=True, slots=True, eq=False)
class TrafficSummary(Mergeable):
    """Volume, errors and latency.

    Attributes
    ----------
    n : predictions, failed ones too.
    errors : how many of them failed.
    error_types : failures by type, up to `MAX_ERROR_TYPES` of them (by hash); the rest is in `errors` only.
    latency : per stage, see `STAGES`.
    naive_timestamps, future_timestamps, duplicates : rows so found on arrival.
    first, last : event time of the first and last prediction, microseconds since the epoch; None where
        there is none.
    """

    n: int = 0
    errors: int = 0
    error_types: Mapping[str, int] = field(default_factory=dict)
    latency: Mapping[str, LatencySummary] = field(
        default_factory=lambda: {stage: LatencySummary.empty() for stage in STAGES}
    )
    naive_timestamps: int = 0
    future_timestamps: int = 0
    duplicates: int = 0
    first: int | None = None
    last: int | None = None

    @classmethod
    def empty(cls) -> Self:
        """Summary of no predictions."""
        return cls()

    @classmethod
    def of(
        cls,
        *,
        timestamps: npt.ArrayLike,
        errors: Texts | None = None,
        latency: Mapping[str, npt.ArrayLike] | None = None,
        naive_timestamps: int = 0,
        future_timestamps: int = 0,
        duplicates: int = 0,
    ) -> Self:
        """Summarise a batch.

        Parameters
        ----------
        timestamps : event time of each prediction (int64, microseconds since the epoch).
        errors : type of each one's error, None where it did not fail; or a pair (codes, dictionary).
        latency : per stage, milliseconds of each prediction, NaN where not measured.
        naive_timestamps, future_timestamps, duplicates : rows so found on arrival.

        Raises
        ------
        InvalidInput
            Where a stage is unknown.

        Examples
        --------
        >>> summary = TrafficSummary.of(timestamps=[0, 1], errors=["timeout", None])
        >>> summary.n, summary.errors
        (2, 1)
        """
        times = np.asarray(timestamps, dtype=np.int64)
        given = dict(latency or {})
        if unknown := set(given) - set(STAGES):
            raise InvalidInput(f"unknown latency stage {min(unknown)!r:.80}; stages are {', '.join(STAGES)}")
        types: dict[str, int] = {}
        failed = 0
        if errors is not None:
            codes, names = encode_texts(errors, "errors")
            failed = int(np.count_nonzero(codes >= 0))
            if failed:
                counts = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
                pairs = zip(names, counts, strict=True)
                types = merge_counters({shorten(name): count} for name, count in pairs if count)
        return cls(
            times.size,
            failed,
            trim_counter(types, MAX_ERROR_TYPES)[0],
            {
                stage: LatencySummary.of(given[stage]) if stage in given else LatencySummary.empty()
                for stage in STAGES
            },
            naive_timestamps,
            future_timestamps,
            duplicates,
            int(times.min()) if times.size else None,
            int(times.max()) if times.size else None,
        )

    def merge(self, other: Self) -> Self:
        """Describe the predictions of both."""
        types, _ = trim_counter(merge_counters((self.error_types, other.error_types)), MAX_ERROR_TYPES)
        firsts = [time for time in (self.first, other.first) if time is not None]
        lasts = [time for time in (self.last, other.last) if time is not None]
        return type(self)(
            self.n + other.n,
            self.errors + other.errors,
            types,
            {stage: self.latency[stage] + other.latency[stage] for stage in STAGES},
            self.naive_timestamps + other.naive_timestamps,
            self.future_timestamps + other.future_timestamps,
            self.duplicates + other.duplicates,
            min(firsts, default=None),
            max(lasts, default=None),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "kind": "traffic",
            "n": self.n,
            "errors": self.errors,
            "error_types": dict(sorted(self.error_types.items(), key=lambda item: (-item[1], item[0]))),
            "latency": {stage: summary.to_dict() for stage, summary in self.latency.items()},
            "naive_timestamps": self.naive_timestamps,
            "future_timestamps": self.future_timestamps,
            "duplicates": self.duplicates,
            "first": self.first,
            "last": self.last,
        }

    def to_bytes(self) -> bytes:
        """Compact versioned bytes."""
        writer = Writer()
        writer.ints([self.n, self.errors, self.naive_timestamps, self.future_timestamps, self.duplicates])
        writer.uint(self.first is not None)
        if self.first is not None and self.last is not None:
            writer.uint(self.first + _OFFSET)
            writer.uint(self.last + _OFFSET)
        writer.counter(self.error_types)
        for stage in STAGES:
            self.latency[stage].write(writer)
        return writer.finish(Kind.TRAFFIC)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back.
        """
        reader = Reader(data, Kind.TRAFFIC)
        n, errors, naive, future, duplicates = reader.ints(size=5).tolist()
        first = last = None
        if reader.uint():
            first, last = reader.uint() - _OFFSET, reader.uint() - _OFFSET
        types = reader.counter(limit=MAX_ERROR_TYPES)
        latency = {stage: LatencySummary.read(reader) for stage in STAGES}
        reader.done()
        return cls(n, errors, types, latency, naive, future, duplicates, first, last)
