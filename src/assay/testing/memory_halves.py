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
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str], Call] = {}
        self._settled: dict[tuple[str, str], int] = {}

    def add(self, halves: Sequence[Half], *, now: int) -> list[tuple[bool, Call]]:
        """Store halves; of a side that comes twice the first is kept."""
        fresh = []
        with self._lock:
            for half in halves:
                name = (half.model_id, half.request_id)
                call = self._calls.get(name) or Call(*name, None, None, now)
                new = not call.settled and getattr(call, half.side) is None
                if new:
                    call = (
                        replace(call, request=half.payload)
                        if half.side == "request"
                        else replace(call, response=half.payload)
                    )
                self._calls[name] = call
                fresh.append(new)
            return [
                (new, self._calls[half.model_id, half.request_id])
                for new, half in zip(fresh, halves, strict=True)
            ]

    def settle(self, calls: Sequence[tuple[str, str]], *, now: int) -> None:
        """Let go of the halves of these calls, and remember that they are settled."""
        with self._lock:
            for name in calls:
                call = self._calls.get(name)
                if call is not None and not call.settled:
                    self._calls[name] = replace(call, request=None, response=None, settled=True)
                    self._settled[name] = now

    def due(self, *, before: int, limit: int) -> list[Call]:
        """Calls not settled that have both halves, or whose first half came before `before`."""
        with self._lock:
            found = [
                call
                for call in self._calls.values()
                if not call.settled
                and (call.arrived_at < before or (call.request is not None and call.response is not None))
            ]
        return sorted(found, key=lambda call: call.arrived_at)[:limit]

    def waiting(self) -> tuple[int, int]:
        """Calls that are not settled, and the bytes of their halves."""
        with self._lock:
            found = [call for call in self._calls.values() if not call.settled]
        return len(found), sum(len(call.request or b"") + len(call.response or b"") for call in found)

    def forget(self, *, settled_before: int) -> int:
        """Forget calls that were settled before that time; return how many."""
        with self._lock:
            old = [name for name, at in self._settled.items() if at < settled_before]
            for name in old:
                del self._settled[name], self._calls[name]
        return len(old)

    def erase(self, model_id: str, request_ids: Sequence[str]) -> None:
        """Delete these calls of a model, settled or not."""
        with self._lock:
            for request_id in request_ids:
                self._calls.pop((model_id, request_id), None)
                self._settled.pop((model_id, request_id), None)
