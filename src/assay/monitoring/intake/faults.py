"""Which items of a request are bad, and why."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assay.domain.answers import Rejected

__all__ = ["LISTED", "Faults", "shown"]

LISTED = 1_000
"""Bad items that are described one by one; all of them are counted."""

_SHOWN = 80


def shown(value: object) -> str:
    """Return `value` as it appears in a message: quoted, and cut where it is long.

    >>> shown("x" * 200)[-5:]
    "xxx'…"
    """
    if isinstance(value, str):
        return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}…"
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**_SHOWN else "a huge integer"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class Faults:
    """The bad rows of a request of `rows` rows; the first fault of a row is the one that is told."""

    __slots__ = ("_bad", "_told", "rows", "total")

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.total = 0
        self._bad: np.ndarray | None = None
        self._told: dict[int, tuple[str, str]] = {}

    def add(self, row: int, code: str, message: str) -> None:
        """Mark one row as bad; nothing changes where it is bad already."""
        if self._bad is None:
            self._bad = np.zeros(self.rows, dtype=bool)
        if self._bad[row]:
            return
        self._bad[row] = True
        self.total += 1
        if len(self._told) < LISTED:
            self._told[row] = (code, message)

    def add_where(self, mask: np.ndarray, code: str, message: str | Callable[[int], str]) -> None:
        """Mark the rows where `mask` (bool[rows]) holds; `message` may be made from the row."""
        if self._bad is None:
            self._bad = np.zeros(self.rows, dtype=bool)
        fresh = mask & ~self._bad
        count = int(np.count_nonzero(fresh))
        if not count:
            return
        self._bad |= fresh
        self.total += count
        for row in np.flatnonzero(fresh)[: max(0, LISTED - len(self._told))].tolist():
            self._told[row] = (code, message if isinstance(message, str) else message(row))

    def good(self) -> np.ndarray | None:
        """bool[rows], the rows that are kept; None where all are."""
        return None if self._bad is None or not self.total else ~self._bad

    def rejected(self, ids: Callable[[int], str | None]) -> tuple[Rejected, ...]:
        """Describe the bad rows, in order; `ids` gives a row's prediction id where it has one."""
        return tuple(
            Rejected(row, code, message, ids(row)) for row, (code, message) in sorted(self._told.items())
        )
