"""Which rows a reader asks for, and which files may hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.storage.lake.snapshot import DataFile

__all__ = ["Selection", "reach_back"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows, by time, id and position; None is no limit.

    Times are microseconds, `start` inclusive and `end` exclusive; positions lie above `after` and up to
    `upto`; `newest` keeps the rows with the latest times.
    """

    start: int | None = None
    end: int | None = None
    ids: frozenset[str] | None = None
    after: int | None = None
    upto: int | None = None
    newest: int | None = None

    def touches(self, file: DataFile) -> bool:
        """Whether `file` may hold rows of the selection."""
        return not (
            (self.start is not None and file.last_time is not None and file.last_time < self.start)
            or (self.end is not None and file.first_time is not None and file.first_time >= self.end)
            or (self.upto is not None and file.first_position > self.upto)
            or (self.after is not None and file.last_position <= self.after)
        )

    def covers(self, file: DataFile) -> bool:
        """Whether every row of `file` is surely in the selection."""
        return (
            self.ids is None
            and file.first_time is not None
            and file.last_time is not None
            and (self.start is None or file.first_time >= self.start)
            and (self.end is None or file.last_time < self.end)
            and (self.upto is None or file.last_position <= self.upto)
            and (self.after is None or file.first_position > self.after)
        )

    def files(self, files: Sequence[DataFile]) -> tuple[list[DataFile], int | None]:
        """Return the `files` that may hold rows of the selection, and the earliest time to look for."""
        found = [file for file in files if self.touches(file)]
        floor = self._floor(found)
        if floor is None:
            return found, self.start
        found = [file for file in found if file.last_time is None or file.last_time >= floor]
        return found, floor if self.start is None else max(self.start, floor)

    def _floor(self, files: Sequence[DataFile]) -> int | None:
        """Return a time that the `newest` rows are surely not older than, if the statistics tell."""
        if self.newest is None:
            return None
        count = 0
        times = []
        for file in sorted(files, key=lambda file: file.last_time or 0, reverse=True):
            if self.covers(file) and file.first_time is not None:
                count += file.rows
                times.append(file.first_time)
                if count >= self.newest:
                    return min(times)
        return None


def reach_back(files: Sequence[DataFile], *, end: int | None, rows: int) -> int | None:
    """Return a time before `end` back to which `files` hold about `rows` rows, or None for fewer rows.

    The rows of a file are taken to be spread evenly over its stretch of time; files of unknown stretch
    are left out.

    >>> reach_back([DataFile("a", 0, 100, 0, 99, 1, 1)], end=50, rows=10)
    40
    >>> reach_back([DataFile("a", 0, 100, 0, 99, 1, 1)], end=50, rows=80) is None
    True
    """
    spans = [
        (file.first_time, file.last_time + 1, file.rows)
        for file in files
        if file.first_time is not None and file.last_time is not None
    ]
    if not spans:
        return None
    latest = max(last for _, last, _ in spans)
    end = latest if end is None else min(end, latest)

    def held(since: int) -> float:
        return sum(
            count * max(0, min(last, end) - max(first, since)) / (last - first)
            for first, last, count in spans
        )

    low, high = min(first for first, _, _ in spans), end - 1
    if low > high or held(low) <= rows:
        return None
    while low < high:  # the latest time that reaches far enough
        middle = (low + high + 1) // 2
        if held(middle) >= rows:
            low = middle
        else:
            high = middle - 1
    return low
