"""The log of verdicts in memory, which passes the contract too: for tests of users."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace

from assay.domain.detection import Detection, DriftFigure
from assay.domain.time import Granularity

__all__ = ["MemoryDriftLog"]


class MemoryDriftLog:
    """:class:`assay.ports.drift_log.DriftLog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str, Granularity, int], Detection] = {}
        self._earlier: dict[tuple[str, str, Granularity, int], list[Detection]] = {}

    def put(self, detections: Sequence[Detection]) -> None:
        """Store verdicts with their figures, in place of those on the same windows."""
        made = {(one.model_id, one.version, one.granularity, one.start): one for one in detections}
        with self._lock:
            for key, one in made.items():
                known = self._held.get(key)
                if known is not None and not known.says_as(one):
                    self._earlier.setdefault(key, []).append(replace(known, payload=b"", figures=()))
                self._held[key] = one

    def read(
        self,
        model_id: str,
        granularity: Granularity,
        *,
        start: int,
        end: int,
        version: str = "",
        with_payload: bool = False,
    ) -> list[Detection]:
        """Verdicts on windows that begin in ``[start, end)``, in order."""
        found = self._chosen(model_id, granularity, start, end, version)
        return [replace(one, figures=(), payload=one.payload if with_payload else b"") for one in found]

    def figures(
        self, model_id: str, granularity: Granularity, *, start: int, end: int, version: str = ""
    ) -> list[tuple[int, DriftFigure]]:
        """Figures of windows that begin in ``[start, end)``, each with the window's begin, in their order."""
        return [
            (one.start, figure)
            for one in self._chosen(model_id, granularity, start, end, version)
            for figure in one.figures
        ]

    def newest(
        self, granularity: Granularity, models: Collection[str] | None = None, *, with_truth: bool = False
    ) -> list[Detection]:
        """Newest verdict on all versions together of each model, in order of names."""
        newest: dict[str, Detection] = {}
        with self._lock:
            for one in self._held.values():
                if one.version or one.granularity is not granularity:
                    continue
                if (models is not None and one.model_id not in models) or (with_truth and not one.looks):
                    continue
                if one.model_id not in newest or newest[one.model_id].start < one.start:
                    newest[one.model_id] = one
        return [replace(newest[name], payload=b"", figures=()) for name in sorted(newest)]

    def earlier(
        self, model_id: str, granularity: Granularity, *, start: int, end: int, version: str = ""
    ) -> list[Detection]:
        """Verdicts on windows that begin in ``[start, end)`` in whose place others came, in order."""
        with self._lock:
            keys = [key for key in self._earlier if key[:3] == (model_id, version, granularity)]
            keys = sorted((key for key in keys if start <= key[3] < end), key=lambda key: key[3])
            return [one for key in keys for one in self._earlier[key]]

    def drop(self, model_id: str, granularity: Granularity, *, before: int) -> int:
        """Forget verdicts on windows that begin before a time; return how many."""
        with self._lock:
            old = [
                key for key in self._held if key[0] == model_id and key[2] is granularity and key[3] < before
            ]
            for key in old:
                del self._held[key]
                self._earlier.pop(key, None)
        return len(old)

    def _chosen(
        self, model_id: str, granularity: Granularity, start: int, end: int, version: str
    ) -> list[Detection]:
        with self._lock:
            found = [
                one
                for one in self._held.values()
                if (one.model_id, one.version, one.granularity) == (model_id, version, granularity)
                and start <= one.start < end
            ]
        return sorted(found, key=lambda one: one.start)
