"""Halves of calls in memory, which pass the contract too: for tests of users."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from assay.ports.halves import Call, Half

__all__ = ["MemoryHalves"]


class MemoryHalves:
    """:class:`assay.ports.halves.Halves` in memory."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._calls: dict[tuple[str, str], Call] = {}
        self._settled: dict[tuple[str, str], int] = {}

    def add(
        self, halves: Sequence[Half], *, claim: bytes, settled: Sequence[bytes] = (), now: int
    ) -> list[tuple[bool, Call]]:
        """Settle claims and store halves; of a side that comes twice the first is kept."""
        fresh = []
        with self._lock:
            self.settle(settled, now=now)
            for half in halves:
                name = (half.model_id, half.request_id)
                call = self._calls.get(name) or Call(*name, None, None, now)
                new = not call.settled and call.claim is None and getattr(call, half.side) is None
                if new:
                    call = (
                        replace(call, request=half.payload)
                        if half.side == "request"
                        else replace(call, response=half.payload)
                    )
                self._calls[name] = call
                fresh.append(new)
            names = [(half.model_id, half.request_id) for half in halves]
            for new, name in zip(fresh, names, strict=True):
                call = self._calls[name]
                if new and call.request is not None and call.response is not None:
                    self._calls[name] = replace(call, claim=claim)
            return [(new, self._calls[name]) for new, name in zip(fresh, names, strict=True)]

    def settle(self, claims: Sequence[bytes], *, now: int) -> None:
        """Let go of the halves of the calls of these claims, and remember that the calls are settled."""
        with self._lock:
            for name, call in self._calls.items():
                if call.claim in claims:
                    self._calls[name] = replace(call, request=None, response=None, settled=True, claim=None)
                    self._settled[name] = now

    def claim_due(self, *, before: int, claim: bytes, limit: int) -> list[Call]:
        """Claim the oldest calls that nobody has claimed, whose first half came before `before`."""
        with self._lock:
            found = [
                call
                for call in self._calls.values()
                if not call.settled and call.claim is None and call.arrived_at < before
            ]
            due = sorted(found, key=lambda call: call.arrived_at)[:limit]
            for call in due:
                self._calls[call.model_id, call.request_id] = replace(call, claim=claim)
            return self.claimed(claim) if due else []

    def open_claims(self) -> list[bytes]:
        """Claims that are not settled."""
        with self._lock:
            return sorted({call.claim for call in self._calls.values() if call.claim is not None})

    def claimed(self, claim: bytes) -> list[Call]:
        """Calls of a claim; none once it is settled."""
        with self._lock:
            found = [call for call in self._calls.values() if call.claim == claim]
        return sorted(found, key=lambda call: call.arrived_at)

    def waiting(self) -> tuple[int, int]:
        """Calls that are not settled, and the bytes of their halves."""
        with self._lock:
            found = [call for call in self._calls.values() if not call.settled]
        return len(found), sum(len(call.request or b"") + len(call.response or b"") for call in found)

    def forget(self, *, settled_before: int, most: int | None = None) -> int:
        """Forget calls that were settled before that time, and all but the `most` settled last."""
        with self._lock:
            newest = sorted(self._settled.values(), reverse=True)
            if most is not None and len(newest) > most:
                settled_before = max(settled_before, newest[most] + 1)
            old = [name for name, at in self._settled.items() if at < settled_before]
            for name in old:
                del self._settled[name], self._calls[name]
        return len(old)

    def erase(self, model_id: str, request_ids: Sequence[str]) -> list[bytes]:
        """Delete these calls of a model that are not claimed, and return the claims of the others."""
        claims: set[bytes] = set()
        with self._lock:
            for request_id in request_ids:
                name = (model_id, request_id)
                call = self._calls.get(name)
                if call is not None and call.claim is not None:
                    claims.add(call.claim)
                    continue
                self._calls.pop(name, None)
                self._settled.pop(name, None)
        return sorted(claims)
