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

from assay.domain.answers import IngestAnswer
from assay.domain.columns import Kind
from assay.domain.time import SECOND
from assay.errors import AssayError, StorageCorrupt, StorageUnavailable
from assay.monitoring.intake.assemble import assemble
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context, Limits
from assay.monitoring.intake.imports.exchange import Exchange, joined, load, packed, records_of
from assay.monitoring.intake.imports.flat import Row
from assay.monitoring.intake.records import draft_of_records
from assay.monitoring.intake.single import read_single
from assay.ports.halves import Call, Half, Halves

__all__ = ["Pairing", "Placed"]

_log = logging.getLogger(__name__)
_SWEEP_SECONDS = 5.0
_SWEPT = 1_000
_MOST_CALLS = 200_000
_MOST_BYTES = 1 << 30
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

    A half is acknowledged when it is on the disk. A call's rows are written under an idempotency key of the
    journal that is made of the call's id, and only then are the halves let go of: whatever is interrupted in
    between is done again, by this or by another process, and counts once. A request whose response does not
    come in time becomes rows with the error type ``no_response``, a response without request rows without
    features.

    Parameters
    ----------
    halves : where they wait.
    submit : writes a batch; the future is done once it is durable.
    clock : microseconds since the epoch.
    wait_seconds : how long a half waits for the other.
    keep_seconds : how long a settled call is remembered, so that what comes again is known.
    most_calls, most_bytes : the most that may wait.
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
    ) -> None:
        self._halves = halves
        self._submit = submit
        self._clock = clock
        self._wait = int(wait_seconds * SECOND)
        self._keep = int(keep_seconds * SECOND)
        self._most = (most_calls, most_bytes)
        self._queue: SimpleQueue[_Arrival | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._rounds = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

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
        """Write the rows of calls that are whole or have waited long enough; return how many calls."""
        done = 0
        with self._rounds:
            while due := self._halves.due(before=self._clock() - self._wait, limit=_SWEPT):
                self._write(due)
                done += len(due)
            self._halves.forget(settled_before=self._clock() - self._keep)
        return done

    def erase(self, model_id: str, request_ids: Sequence[str]) -> None:
        """Delete what waits of these calls; rows of theirs that are being written are in the journal then."""
        with self._rounds:
            self._halves.erase(model_id, request_ids)

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
                try:
                    self.sweep()
                except AssayError as error:
                    _log.warning("halves of calls are kept, and their rows are written later: %s", error)
                except Exception:  # noqa: BLE001 - one sweep that fails must not end those after it
                    _log.exception("halves of calls are kept, and their rows are written later")
            group = self._group()
            if group is None:
                return
            if group:
                self._round(group)

    def _group(self) -> list[_Arrival] | None:
        """Return what is queued, soon; None at the end."""
        try:
            first = self._queue.get(timeout=_SWEEP_SECONDS)
        except Empty:
            return []
        if first is None:
            return None
        group = [first]
        with contextlib.suppress(Empty):
            while sum(len(arrival.halves) for arrival in group) < _GROUP:
                arrival = self._queue.get_nowait()
                if arrival is None:
                    self._queue.put(None)
                    break
                group.append(arrival)
        return group

    def _round(self, group: Sequence[_Arrival]) -> None:
        """Store halves together, and write the rows of the calls that they complete."""
        try:
            with self._rounds:
                placed = self._store([half for arrival in group for half in arrival.halves])
        except Exception as error:  # noqa: BLE001 - whatever it is, everyone who waits must hear of it
            if not isinstance(error, AssayError):
                _log.exception("halves of calls could not be stored")
                error = StorageUnavailable("the import failed; send it again")
            for arrival in group:
                arrival.future.set_exception(error)
            return
        begin = 0
        for arrival in group:
            end = begin + len(arrival.halves)
            arrival.future.set_result(placed[begin:end])
            begin = end

    def _store(self, halves: Sequence[Half]) -> list[Placed]:
        """Store halves, and write the rows of whole calls."""
        calls, size = self._halves.waiting()
        if calls >= self._most[0] or size >= self._most[1]:
            raise StorageUnavailable(
                f"{calls} requests and responses wait for their other half, the most there may be; does the "
                "logger send both (mode: all)? Send this again later"
            )
        stored = self._halves.add(halves, now=self._clock())
        whole: dict[tuple[str, str], Call] = {}
        last: dict[tuple[str, str], int] = {}  # whoever completes a call is told of its rows
        for place, (new, call) in enumerate(stored):
            if not call.settled and call.request is not None and call.response is not None:
                name = (call.model_id, call.request_id)
                whole[name] = call
                if new or name not in last:
                    last[name] = place
        results = dict(zip(whole, self._write(list(whole.values())), strict=True))
        placed = []
        for place, (new, call) in enumerate(stored):
            name = (call.model_id, call.request_id)
            told = results.get(name) if last.get(name) == place else None
            placed.append(
                Placed(
                    new,
                    not call.settled and name not in whole,
                    told if isinstance(told, IngestAnswer) else None,
                    told if isinstance(told, AssayError) else None,
                )
            )
        return placed

    def _write(self, calls: Sequence[Call]) -> list[IngestAnswer | AssayError]:
        """Write the rows of calls, let go of their halves, and return what became of each.

        Raises
        ------
        StorageError
            Where the rows cannot be stored now; the halves stay.
        """
        queued: list[Future[IngestAnswer] | AssayError | IngestAnswer] = []
        for call in calls:
            try:
                records = _records(call)
            except AssayError as error:
                queued.append(error)
                continue
            context = Context(
                now=self._clock(),
                limits=Limits(),
                idempotency_key=f"call\0{call.request_id}",  # NUL: no client's key
                body_hash=b"call",  # one for whatever becomes of the call: the first outcome stays
            )
            if not records:
                queued.append(IngestAnswer(model_id=call.model_id, accepted=0))
                continue
            try:
                intake = _intake(call.model_id, records, context)
            except AssayError as error:  # of this call alone; the others are fine
                queued.append(error)
                continue
            queued.append(self._submit(intake))
        results = [one.result() if isinstance(one, Future) else one for one in queued]
        if calls:
            self._halves.settle([(call.model_id, call.request_id) for call in calls], now=self._clock())
        return results


def _intake(model_id: str, records: list[Row], context: Context) -> Intake:
    """Judge the rows of a call; most calls have one."""
    if len(records) == 1:
        intake = read_single(Kind.PREDICTIONS, model_id, "", records[0], context)
        if intake is not None:
            return intake
    return assemble(draft_of_records(Kind.PREDICTIONS, model_id, "", records, context), context)


def _records(call: Call) -> list[Row]:
    """Return the rows of a call.

    Raises
    ------
    StorageCorrupt
        Where its halves do not read back, so that no later try can help.
    """
    try:
        request = None if call.request is None else load(call.request)
        response = None if call.response is None else load(call.response)
    except (ValueError, TypeError) as error:
        raise StorageCorrupt(f"a stored half of a call does not read back: {error}") from error
    return records_of(joined(request, response))
