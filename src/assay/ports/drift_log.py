"""The log of verdicts on drift: one for each closed hour and day of a model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from assay.domain.detection import Detection, DriftFigure
from assay.domain.time import Granularity

__all__ = ["DriftLog"]


class DriftLog(Protocol):
    """Store of verdicts. Methods may be called from any thread."""

    def put(self, detections: Sequence[Detection]) -> None:
        """Store verdicts with their figures in one transaction, in place of those on the same windows.

        A verdict that is replaced by one that says something else is kept among the earlier ones.

        Raises
        ------
        StorageFull, StorageUnavailable
            Nothing was stored.
        """
        ...

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
        """Verdicts on windows that begin in ``[start, end)``, in order; version "": all versions together."""
        ...

    def figures(
        self, model_id: str, granularity: Granularity, *, start: int, end: int, version: str = ""
    ) -> list[tuple[int, DriftFigure]]:
        """Figures of windows that begin in ``[start, end)``, each with the window's begin, in their order."""
        ...

    def newest(
        self, granularity: Granularity, models: Collection[str] | None = None, *, with_truth: bool = False
    ) -> list[Detection]:
        """Newest verdict on all versions together of each of some models (None: of all), by name.

        `with_truth` asks for the newest of those that judged the truth too.
        """
        ...

    def earlier(
        self, model_id: str, granularity: Granularity, *, start: int, end: int, version: str = ""
    ) -> list[Detection]:
        """Verdicts on windows that begin in ``[start, end)`` in whose place others came, in order.

        They say something else than what came next; they have neither payload nor figures.
        """
        ...

    def drop(self, model_id: str, granularity: Granularity, *, before: int) -> int:
        """Forget verdicts on windows that begin before a time; return how many."""
        ...
