"""What every summary can do.

A summary is a small value that describes a batch of rows. Its law::

    Summary.of(x ++ y) == Summary.of(x).merge(Summary.of(y))

counts exactly, sums of floats to rounding. Merging is commutative and associative, so the rows of a
window may be cut into buckets and merged again in any order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol, Self

__all__ = ["Mergeable", "Summary"]


class Summary(Protocol):
    """A mergeable description of rows, with compact bytes.

    The class method ``from_bytes`` reads what :meth:`to_bytes` wrote; where counts only make sense
    under given cells (features), it takes these as its second argument. Bytes that do not read back
    raise :class:`assay.errors.InvalidInput`.
    """

    def merge(self, other: Self) -> Self:
        """Describe the rows of both."""
        ...

    def __add__(self, other: Self) -> Self: ...

    def to_bytes(self) -> bytes:
        """Compact versioned bytes; equal summaries give equal bytes."""
        ...


class Mergeable(ABC):
    """Gives ``a + b`` to a class that has ``merge``."""

    __slots__ = ()

    @abstractmethod
    def merge(self, other: Self) -> Self:
        """Describe the rows of both."""

    def __add__(self, other: Self) -> Self:
        return self.merge(other) if isinstance(other, type(self)) else NotImplemented
