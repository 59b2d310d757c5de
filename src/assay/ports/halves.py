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
    claim : the claim under which its rows are being written; None before and after that.
    """

    model_id: str
    request_id: str
    request: bytes | None
    response: bytes | None
    arrived_at: int
    settled: bool = False
    claim: bytes | None = None


class Halves(Protocol):
    """Store of halves, until their calls are settled. Every method may be called from any thread.

    A **claim** is a name for calls whose rows are written together. It is stored before any of them is
    written, and what belongs to it never changes until it is settled: no half is added to a claimed call, and
    none is deleted. So whoever writes the rows of a claim writes the same ones.
    """

    def add(
        self, halves: Sequence[Half], *, claim: bytes, settled: Sequence[bytes] = (), now: int
    ) -> list[tuple[bool, Call]]:
        """Settle the claims `settled`, then store `halves`, in one durable transaction.

        Of a side that comes twice the first is kept. Calls that `halves` make whole are claimed under
        `claim`, sixteen bytes that nobody else uses.

        Returns, for each half, whether it is new (its side was not there, and its call neither claimed nor
        settled) and the call as it is after all of them. `now` is microseconds since the epoch.

        Raises
        ------
        StorageFull, StorageUnavailable
            Nothing of `halves` was stored, and nothing settled.
        """
        ...

    def settle(self, claims: Sequence[bytes], *, now: int) -> None:
        """Let go of the halves of the calls of these claims, and remember that the calls are settled."""
        ...

    def claim_due(self, *, before: int, claim: bytes, limit: int) -> list[Call]:
        """Claim the oldest calls that nobody has claimed, whose first half came before `before`."""
        ...

    def open_claims(self) -> list[bytes]:
        """Claims that are not settled: those of rounds that run now, and those of rounds that failed."""
        ...

    def claimed(self, claim: bytes) -> list[Call]:
        """Calls of a claim; none once it is settled."""
        ...

    def waiting(self) -> tuple[int, int]:
        """Calls that are not settled, and the bytes of their halves."""
        ...

    def forget(self, *, settled_before: int, most: int | None = None) -> int:
        """Forget calls that were settled before that time (µs since the epoch); return how many.

        Of those that are left, all but the `most` that were settled last are forgotten, too; calls that were
        settled at one time are forgotten together.
        """
        ...

    def erase(self, model_id: str, request_ids: Sequence[str]) -> list[bytes]:
        """Delete these calls of a model, settled or not, and return the claims of those that are claimed.

        What is claimed stays: its rows may be in the journal already. Settle those claims, and erase again.
        """
        ...
