"""Requests and responses that come on their own become rows: each call once, whatever order they come in."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from uuid import uuid4

from assay.domain.answers import IngestAnswer
from assay.domain.time import SECOND
from assay.errors import AssayError, StorageUnavailable
from assay.monitoring.claimed_rows import CallName, write_claim
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.imports.exchange import Exchange, packed
from assay.ports.halves import Call, Half, Halves

__all__ = ["Pairing", "Placed"]

_log = logging.getLogger(__name__)
_SWEEP_SECONDS = 5.0
_IDLE_SECONDS = 0.05
_COUNT_SECONDS = 1.0
_SWEPT = 1_000
_MOST_CALLS = 200_000
_MOST_BYTES = 1 << 30
_MOST_SETTLED = 2_000_000
_TRIM_SECONDS = 300
_GROUP = 4_096


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a half.

    Attributes
    ----------
    new : whether it came for the first time, before its call was settled.
    waiting : whether the call's other half has not come.
    answer : what became of the call's rows, told to whoever completes it.
    error : why the call cannot become rows.
    """

    new: bool
    waiting: bool
    answer: IngestAnswer | None = None
    error: AssayError | None = None


@dataclass(slots=True)
class _Arrival:
    """Halves that came together, and who waits for them to be safe."""

    halves: list[Half]
    future: Future[list[Placed]]


class Pairing:
    """Keeps halves until their call is whole, then writes its rows.

    One thread works in rounds. What has arrived goes into the store in one transaction, which also claims
    the calls that are whole now, and settles the claims of the rounds before. A half is acknowledged then;
    a call once the rows of its claim are in the journal. A claim's idempotency keys are made of its name, so
    whatever is interrupted between the steps is done again, by this or by another process, and counts once.

    A request whose response does not come in time becomes rows with the error type ``no_response``, a
    response without request rows without features.

    Parameters
    ----------
    halves : where they wait.
    submit : writes a batch; the future is done once it is durable.
    clock : microseconds since the epoch.
    wait_seconds : how long a half waits for the other.
    keep_seconds : how long a settled call is remembered, so that what comes again is known.
    most_calls, most_bytes : the most that may wait.
    most_settled : the most settled calls that are remembered, of which the oldest are forgotten first.
    """

    def __init__(
        self,
        halves: Halves,
        submit: Callable[[Intake], Future[IngestAnswer]],
        *,
        clock: Callable[[], int],
        wait_seconds: float,
        keep_seconds: float,
        most_calls: int = _MOST_CALLS,
        most_bytes: int = _MOST_BYTES,
        most_settled: int = _MOST_SETTLED,
    ) -> None:
        self._halves = halves
        self._submit = submit
        self._clock = clock
        self._wait = int(wait_seconds * SECOND)
        self._keep = int(keep_seconds * SECOND)
        self._most = (most_calls, most_bytes)
        self._most_settled = most_settled
        self._trimmed: float = float("-inf")  # by the clock
        self._queue: SimpleQueue[_Arrival | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._rounds = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._written: list[bytes] = []  # claims whose rows are in the journal, not settled yet
        self._waiting = (0, 0)
        self._counted = float("-inf")
        self._idle = _IDLE_SECONDS  # how long nothing comes before claims are settled by themselves

    def resume(self) -> None:
        """Go on with what an earlier process has left waiting, if there is anything."""
        if self._halves.waiting()[0]:
            self._start()

    def submit(self, arrived: Sequence[Exchange]) -> Future[list[Placed]]:
        """Queue halves; the future tells what became of each once they, or their rows, are durable.

        Raises
        ------
        StorageUnavailable
            After :meth:`close`.
        """
        halves = [
            Half(
                one.model,
                one.request_id,
                "response" if one.features is None else "request",
                packed(one),
            )
            for one in arrived
        ]
        future: Future[list[Placed]] = Future()
        with self._starting:
            if self._closed:
                raise StorageUnavailable("the service is closing; send the request again later")
            self._queue.put(_Arrival(halves, future))
        self._start()
        return future

    def sweep(self) -> int:
        """Write the rows of calls that were left unfinished or have waited long enough; return how many."""
        done = 0
        with self._rounds:
            self._settle()
            for claim in self._halves.open_claims():
                done += self._finish(claim, self._halves.claimed(claim))
            while True:
                claim = uuid4().bytes
                due = self._halves.claim_due(before=self._clock() - self._wait, claim=claim, limit=_SWEPT)
                if not due:
                    break
                done += self._finish(claim, due)
            # Counting them is a walk through all: seldom, though they are forgotten by their age each time.
            now = self._clock()
            most = self._most_settled if now - self._trimmed >= _TRIM_SECONDS * SECOND else None
            self._halves.forget(settled_before=now - self._keep, most=most)
            self._trimmed = self._trimmed if most is None else now
        return done

    def erase(self, model_id: str, request_ids: Sequence[str]) -> None:
        """Delete what waits of these calls; rows of theirs that are being written are in the journal then."""
        with self._rounds:
            self._settle()
            while claims := self._halves.erase(model_id, request_ids):
                for claim in claims:
                    self._finish(claim, self._halves.claimed(claim))

    def close(self) -> None:
        """Store what is queued and stop. Closing twice is no error."""
        with self._starting:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
            thread = self._thread
        if thread is not None:
            thread.join()

    # -- the thread -------------------------------------------------------------------------------

    def _start(self) -> None:
        """Start the thread, which processes that import nothing do without."""
        with self._starting:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="assay-pairing", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        swept = float("-inf")
        while True:
            if time.monotonic() - swept >= _SWEEP_SECONDS:
                swept = time.monotonic()
                self._quietly(self.sweep)
            group = self._group()
            if group:
                self._round(group)
                continue
            with self._rounds:
                settled = self._quietly(self._settle)
            self._idle = _IDLE_SECONDS if settled else _SWEEP_SECONDS
            if group is None:
                return

    def _quietly(self, work: Callable[[], object]) -> bool:
        """Do what is done again later if it fails now; return whether it succeeded."""
        try:
            work()
        except AssayError as error:
            _log.warning("halves of calls are kept, and their rows are written later: %s", error)
        except Exception:  # noqa: BLE001 - one failure must not end the thread
            _log.exception("halves of calls are kept, and their rows are written later")
        else:
            return True
        return False

    def _group(self) -> list[_Arrival] | None:
        """Return what is queued, soon; nothing where nothing comes, None at the end."""
        try:
            first = self._queue.get(timeout=self._idle if self._written else _SWEEP_SECONDS)
        except Empty:
            return []
        if first is None:
            return None
        group = [first]
        size = len(first.halves)
        with contextlib.suppress(Empty):
            while size < _GROUP:
                arrival = self._queue.get_nowait()
                if arrival is None:
                    self._queue.put(None)
                    break
                group.append(arrival)
                size += len(arrival.halves)
        return group

    def _round(self, group: Sequence[_Arrival]) -> None:
        """Store halves together, and write the rows of the calls that they complete."""
        with self._rounds:
            claim = uuid4().bytes
            try:
                stored = self._store([half for arrival in group for half in arrival.halves], claim)
            except Exception as error:  # noqa: BLE001 - whatever it is, everyone who waits must hear of it
                for arrival in group:
                    arrival.future.set_exception(_told(error))
                return
            parts: list[tuple[_Arrival, list[tuple[bool, Call]]]] = []
            begin = 0
            for arrival in group:
                part = stored[begin : begin + len(arrival.halves)]
                begin += len(part)
                if any(call.claim is not None for _, call in part):
                    parts.append((arrival, part))
                else:  # nothing to wait for
                    arrival.future.set_result([Placed(new, not call.settled) for new, call in part])
            self._answer(parts, claim)

    def _answer(self, parts: Sequence[tuple[_Arrival, list[tuple[bool, Call]]]], own: bytes) -> None:
        """Write the claims that calls of these arrivals belong to, and tell what became of the calls.

        Besides the round's own these are claims of rounds that failed, whose halves have come again.
        """
        last: dict[CallName, tuple[int, int]] = {}  # whoever completes a call is told of its rows
        claims: dict[bytes, dict[CallName, Call]] = {}
        for turn, (_, part) in enumerate(parts):
            for place, (new, call) in enumerate(part):
                if call.claim is not None:
                    name = (call.model_id, call.request_id)
                    claims.setdefault(call.claim, {})[name] = call
                    if new or name not in last:
                        last[name] = (turn, place)
        results: dict[CallName, IngestAnswer | AssayError] = {}
        failed: dict[bytes, AssayError] = {}
        for claim, calls in claims.items():
            try:
                whole = list(calls.values()) if claim == own else self._halves.claimed(claim)
                results |= self._write(claim, whole)
            except Exception as error:  # noqa: BLE001 - as above
                failed[claim] = _told(error)
        for turn, (arrival, part) in enumerate(parts):
            errors = [failed[call.claim] for _, call in part if call.claim in failed]
            if errors:
                arrival.future.set_exception(errors[0])
                continue
            placed = []
            for place, (new, call) in enumerate(part):
                name = (call.model_id, call.request_id)
                told = results.get(name) if last.get(name) == (turn, place) else None
                placed.append(
                    Placed(
                        new,
                        not call.settled and call.claim is None,
                        told if isinstance(told, IngestAnswer) else None,
                        told if isinstance(told, AssayError) else None,
                    )
                )
            arrival.future.set_result(placed)

    def _store(self, halves: Sequence[Half], claim: bytes) -> list[tuple[bool, Call]]:
        """Store halves unless too much waits; settle on the way what is written."""
        if time.monotonic() - self._counted >= _COUNT_SECONDS or self._is_full():
            self._counted = time.monotonic()
            self._waiting = self._halves.waiting()
        if self._is_full():
            raise StorageUnavailable(
                f"{self._waiting[0]} requests and responses wait for their other half, the most there may "
                "be; does the logger send both (mode: all)? Send this again later"
            )
        stored = self._halves.add(halves, claim=claim, settled=self._written, now=self._clock())
        self._written = []
        alone = [half for half, (new, call) in zip(halves, stored, strict=True) if new and call.claim is None]
        self._waiting = (
            self._waiting[0] + len(alone),
            self._waiting[1] + sum(len(half.payload) for half in alone),
        )
        return stored

    def _is_full(self) -> bool:
        """Whether too much waits, by what was counted last and has come since."""
        return self._waiting[0] >= self._most[0] or self._waiting[1] >= self._most[1]

    def _write(self, claim: bytes, calls: Sequence[Call]) -> dict[CallName, IngestAnswer | AssayError]:
        """Write the rows of a claim; it is settled with the next round."""
        results = write_claim(claim, calls, self._submit, now=self._clock())
        self._written.append(claim)
        return results

    def _finish(self, claim: bytes, calls: Sequence[Call]) -> int:
        """Write the rows of a claim and settle it; return the number of its calls."""
        self._write(claim, calls)
        self._settle()
        return len(calls)

    def _settle(self) -> None:
        """Settle what is written."""
        if self._written:
            self._halves.settle(self._written, now=self._clock())
            self._written = []


def _told(error: Exception) -> AssayError:
    """Return the error that whoever waits is told."""
    if isinstance(error, AssayError):
        return error
    _log.error("halves of calls could not be stored", exc_info=error)
    return StorageUnavailable("the import failed; send it again")
