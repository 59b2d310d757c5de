"""Halves of calls: requests whose response, and responses whose request, has not come yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["Call", "Half", "Halves"]


@dataclass(frozen=True, slots=True)
class Half:
    """The request or the response of a call, as bytes that the store does not look into."""

    model_id: str
    request_id: str
    side: Literal["request", "response"]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """What the store has of a call.

    Attributes
    ----------
    model_id, request_id : which call.
    request, response : the halves; None where one has not come, both None once it is settled.
    arrived_at : when the first half came, in microseconds since the epoch.
    settled : whether its rows are in the journal.
    """

    model_id: str
    request_id: str
    request: bytes | None
    response: bytes | None
    arrived_at: int
    settled: bool = False


class Halves(Protocol):
    """Store of halves, until their calls are settled. Every method may be called from any thread."""

    def add(self, halves: Sequence[Half], *, now: int) -> list[tuple[bool, Call]]:
        """Store `halves` in one durable transaction; of a side that comes twice the first is kept.

        Returns, for each of them, whether it is new (its side was not there, and its call not settled) and
        the call as it is after all of them. `now` is microseconds since the epoch.

        Raises
        ------
        StorageFull, StorageUnavailable
            Nothing of `halves` was stored.
        """
        ...

    def settle(self, calls: Sequence[tuple[str, str]], *, now: int) -> None:
        """Let go of the halves of these calls, by (model, request id), and remember that they are settled."""
        ...

    def due(self, *, before: int, limit: int) -> list[Call]:
        """Calls not settled that have both halves, or whose first half came before `before`; oldest first."""
        ...

    def waiting(self) -> tuple[int, int]:
        """Calls that are not settled, and the bytes of their halves."""
        ...

    def forget(self, *, settled_before: int) -> int:
        """Forget calls that were settled before that time (µs since the epoch); return how many."""
        ...

    def erase(self, model_id: str, request_ids: Sequence[str]) -> None:
        """Delete these calls of a model, settled or not."""
        ...
