"""Summaries that are being added to, most of them packed as bytes so that memory stays small.

Decoded, the profile of one hour of twenty features is a third of a megabyte, whether it holds ten rows or ten
million; a backfill touches thousands of hours in one round. Packed, it is as large as its rows are varied.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping

from assay.domain.profile import ProfileKey
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.summaries.traffic import TrafficSummary

__all__ = ["StoredSummary", "SummaryPool", "memory_of"]

StoredSummary = TrafficSummary | ClassificationSummary | RegressionSummary | FeatureProfile
_SMALL = 2_048


def memory_of(summary: StoredSummary) -> int:
    """Bytes that a decoded summary takes, roughly."""
    if isinstance(summary, FeatureProfile):
        return int(summary.cells.nbytes) + _SMALL
    if isinstance(summary, ClassificationSummary) and summary.scores is not None:
        return int(summary.scores.counts.nbytes + summary.scores.everyone.nbytes) + _SMALL
    return _SMALL


class SummaryPool(Mapping[ProfileKey, StoredSummary]):
    """Merges summaries under their keys, and keeps those used longest ago as bytes.

    Parameters
    ----------
    decode : reads the bytes of a summary again.
    max_bytes : memory for decoded summaries.
    """

    def __init__(
        self, decode: Callable[[ProfileKey, bytes], StoredSummary], *, max_bytes: int = 32 << 20
    ) -> None:
        self._decode = decode
        self._max_bytes = max_bytes
        self._open: OrderedDict[ProfileKey, StoredSummary] = OrderedDict()
        self._packed: dict[ProfileKey, bytes] = {}
        self._held = 0

    def add(self, key: ProfileKey, summary: StoredSummary) -> None:
        """Merge `summary` into what is under `key`."""
        held = self._open.pop(key, None)
        if held is not None:
            self._held -= memory_of(held)
        else:
            packed = self._packed.pop(key, None)
            held = None if packed is None else self._decode(key, packed)
        merged = summary if held is None else held.merge(summary)  # type: ignore[arg-type] # one key, one type
        self._open[key] = merged
        self._held += memory_of(merged)
        while self._held > self._max_bytes and len(self._open) > 1:
            oldest, summary = self._open.popitem(last=False)
            self._held -= memory_of(summary)
            self._packed[oldest] = summary.to_bytes()

    def encoded(self, key: ProfileKey) -> bytes:
        """Bytes of the summary under `key`."""
        packed = self._packed.get(key)
        return self._open[key].to_bytes() if packed is None else packed

    def __getitem__(self, key: ProfileKey) -> StoredSummary:
        held = self._open.get(key)
        return self._decode(key, self._packed[key]) if held is None else held

    def __iter__(self) -> Iterator[ProfileKey]:
        yield from self._open
        yield from self._packed

    def __len__(self) -> int:
        return len(self._open) + len(self._packed)
