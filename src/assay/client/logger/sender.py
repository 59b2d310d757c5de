"""The thread that delivers what was logged: batches, retries under one key, back-off, an orderly end."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import msgspec

from assay.client.batches import JSON, Batch
from assay.client.logger.bell import Bell
from assay.client.logger.block import Block
from assay.client.logger.lifecycle import closed_at_exit
from assay.client.logger.queue import BoundedQueue, Entry
from assay.client.logger.sink import Connect, Fate, Postponed, Sink, fate_of
from assay.client.logger.stats import Ledger
from assay.client.transport import Retry
from assay.domain.columns import Kind
from assay.errors import AssayError

__all__ = ["Plan", "Sender"]

_NEVER: Final = 1 << 62
_MOST_ROWS: Final = 10_000
_MOST_BYTES: Final = 4 << 20
_LARGE_BLOCK: Final = 1_000
_SPLITS: Final = 64
"""Requests that are spent at most to find the few rows for which a batch was refused."""
_UNFORESEEN: Final = 5
_HURRY: Final = 0.5
_LAST: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is sent, and when.

    Attributes
    ----------
    model, version : named in every request.
    batch_rows, batch_seconds : a request is sent as soon as so many rows wait, or one has waited so long.
    retry : the pauses between attempts; `attempts` means nothing here, there is no last one.
    """

    model: str
    version: str | None = None
    batch_rows: int = 1_000
    batch_seconds: float = 0.5
    retry: Retry


class Sender:
    """Puts rows into a bounded queue, and delivers them from a thread of its own.

    Parameters
    ----------
    connect : opens the monitor, in the sending thread.
    queue, ledger : where rows wait, and where they are counted.
    plan : what is sent, and when.
    exit_seconds : how long the end of the process waits for what is queued.
    """

    def __init__(
        self, connect: Connect, queue: BoundedQueue, ledger: Ledger, plan: Plan, *, exit_seconds: float
    ) -> None:
        self.queue = queue
        self.ledger = ledger
        ledger.overflow = lambda: queue.dropped
        self.exit_seconds = exit_seconds
        self._connect = connect
        self._plan = plan
        head = {"model_id": plan.model} | ({"model_version": plan.version} if plan.version else {})
        self._head = msgspec.json.encode(head)[:-1]
        self.reset()

    def reset(self) -> None:
        """Begin anew in the child of a fork; rows, thread and connections are the parent's."""
        self.queue.reset()
        self.ledger.reset()
        self._starting = threading.RLock()
        self._bell = Bell()
        self._settled = threading.Condition()
        self._thread: threading.Thread | None = None
        self._sink: Sink | None = None
        # The queue's length at which a caller wakes the thread; a plain number, for every call looks at it.
        self._wake_at = _NEVER
        self._hurry = 0
        self._closing = False
        self._abandoned = False
        # Not shared with other processes: many clients must not come back at the same moments.
        self._rng = random.Random()  # noqa: S311 - spreads retries, guards nothing

    # -- in the caller's thread ---------------------------------------------------------------------

    def put(self, kind: Kind, entry: Entry) -> None:
        """Queue one row, or a block of them; never waits for the network."""
        if self._closing:
            self.ledger.drop("closed", 1 if isinstance(entry, bytes) else entry.rows)
            return
        self.queue.put(kind, entry)
        if self._thread is None:
            self._start()
        elif self._wake_at != _NEVER and self.queue.rows >= self._wake_at:
            self._wake_at = _NEVER
            self._bell.ring()

    def drop(self, reason: str, rows: int, why: str) -> None:
        """Count rows that could not be queued; the thread says so."""
        self.ledger.drop(reason, rows, why)
        if self._closing:
            return
        if self._thread is None:
            self._start()
        elif self._wake_at == 1:  # it sleeps until something comes
            self._bell.ring()

    def flush(self, timeout: float) -> bool:
        """Deliver what was put before; return whether none of it waits any more."""
        if threading.current_thread() is self._thread:
            return False
        return self._await(timeout)

    def begin_close(self) -> None:
        """Take no more, and deliver what waits without delay."""
        self._closing = True
        self._bell.ring()

    def close(self, timeout: float) -> bool:
        """Deliver what waits, for `timeout` seconds at most; drop the rest; return whether there was none."""
        deadline = time.monotonic() + timeout
        if not self._closing:
            self.begin_close()
        if self._thread is None and self.queue.rows:
            self._start()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return not self.queue.rows
        done = self._await(timeout)
        self._abandoned = True
        self._bell.ring()
        self._drain()
        # What is left is to close connections, or to give up what was on its way.
        thread.join(max(_LAST, deadline - time.monotonic() if done else 0.0))
        self.ledger.report(last=True)
        return done

    def _await(self, timeout: float) -> bool:
        """Wait until the rows that were put until now are settled."""
        goal = self.queue.put_until_now()
        with self._settled:
            self._hurry += 1
            self._bell.ring()
            try:
                return self._settled.wait_for(lambda: self.queue.settled(goal), timeout)
            finally:
                self._hurry -= 1

    @property
    def _hurried(self) -> bool:
        """Whether somebody waits for the queue to become empty."""
        return self._closing or self._hurry > 0

    def _start(self) -> None:
        """Start the thread, once."""
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="assay-logger", daemon=True)
                try:
                    thread.start()
                except (
                    RuntimeError
                ) as exc:  # at the interpreter's end, or where the system has no more threads
                    self.ledger.last_error = str(exc)
                    return
                self._thread = thread
                closed_at_exit(self)

    def _drain(self) -> None:
        """Drop everything that has not been taken."""
        for kind in (Kind.PREDICTIONS, Kind.LABELS):
            while entries := self.queue.take(kind, _NEVER, _NEVER):
                self._settle(kind, entries, dropped="closed")

    # -- in the sending thread ------------------------------------------------------------------------

    def _run(self) -> None:
        while self._rows_wait():
            self._gather()
            for kind in (Kind.PREDICTIONS, Kind.LABELS):
                entries = self.queue.take(kind, max(_MOST_ROWS, self._plan.batch_rows), _MOST_BYTES)
                if entries:
                    self._process(kind, entries)
                self.ledger.report()
        self._disconnect()
        self.ledger.report(last=True)

    def _rows_wait(self) -> bool:
        """Wait for a row; return False at the end."""
        while not self.queue.rows:
            if self._closing:
                return False
            self._sleep_until(1, 1.0 if self.ledger.has_news else None)
            self.ledger.report()
        return not self._abandoned

    def _gather(self) -> None:
        """Wait until there are enough rows for a batch, or the first has waited long enough."""
        deadline = time.monotonic() + self._plan.batch_seconds
        while self.queue.rows < self._plan.batch_rows and not self._hurried:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            self._sleep_until(self._plan.batch_rows, left)

    def _sleep_until(self, rows: int, seconds: float | None) -> None:
        """Sleep until so many rows wait, somebody is in a hurry, or the time is over."""
        self._bell.clear()
        self._wake_at = rows
        # What came before the line above has not woken us; everything after it does.
        if self.queue.rows < rows and not self._hurried:
            self._bell.wait(seconds)
        self._wake_at = _NEVER

    def _process(self, kind: Kind, entries: list[Entry]) -> None:
        """Make entries into requests and deliver them."""
        rows: list[bytes] = []
        try:
            for entry in entries:
                if isinstance(entry, bytes):
                    rows.append(entry)
                    continue
                try:
                    if entry.rows < _LARGE_BLOCK:
                        rows.extend(entry.encoded())
                    else:
                        self._deliver_block(entry)
                except Exception as exc:  # noqa: BLE001 - values have code of their own, which may raise anything
                    self.ledger.drop("unusable", entry.rows, str(exc))
            self._deliver_rows(kind, rows, _Budget(_SPLITS))
        finally:
            self._settle(kind, entries)

    def _deliver_block(self, block: Block) -> None:
        """Deliver a large block in requests of its own."""
        requests: Iterator[Batch] = block.requests(model=self._plan.model, version=self._plan.version)
        for batch in requests:
            error = self._deliver(Kind.PREDICTIONS, batch)
            if error is not None:
                self.ledger.drop("refused", batch.rows, str(error))

    def _deliver_rows(self, kind: Kind, rows: list[bytes], budget: _Budget) -> None:
        """Deliver rows in one request; in two, where that was refused, to keep the good ones."""
        if not rows:
            return
        body = b'%s,"%s":[%s]}' % (self._head, kind.value.encode(), b",".join(rows))
        error = self._deliver(kind, Batch(body, JSON, len(rows), 0))
        if error is None:
            return
        if len(rows) == 1 or not (budget.spend() or fate_of(error) is Fate.SPLIT):
            self.ledger.drop("refused", len(rows), str(error))
            return
        half = len(rows) // 2
        self._deliver_rows(kind, rows[:half], budget)
        self._deliver_rows(kind, rows[half:], budget)

    def _deliver(self, kind: Kind, batch: Batch) -> Exception | None:
        """Send one batch until it has arrived, is refused (the error is returned), or all is given up."""
        key = str(uuid4())
        failures = 0
        while not self._abandoned:
            try:
                if self._sink is None:
                    self._sink = self._connect()
                answer = self._sink.send(kind, batch, key)
            except Exception as exc:  # noqa: BLE001 - whatever it is, this thread goes on
                failures += 1
                if fate_of(exc) is not Fate.LATER:
                    return exc
                if not isinstance(exc, AssayError) and failures >= _UNFORESEEN:
                    return exc
                self.ledger.failed(str(exc) or type(exc).__name__)
                self.ledger.report()
                self._pause(failures, exc.seconds if isinstance(exc, Postponed) else 0.0)
            else:
                self.ledger.arrived(answer, batch.rows)
                return None
        self.ledger.drop("closed", batch.rows)
        return None

    def _pause(self, failures: int, asked: float) -> None:
        """Wait before the next attempt: a random time, at least as long as the server asks."""
        retry = self._plan.retry
        drawn = self._rng.uniform(0, min(retry.longest, retry.first * 2 ** min(failures, 30)))
        began = time.monotonic()
        while not self._abandoned:
            wanted = max(asked, min(drawn, _HURRY) if self._hurried else drawn)
            left = began + wanted - time.monotonic()
            if left <= 0:
                return
            self._bell.clear()
            if not self._abandoned:
                self._bell.wait(min(left, 1.0))
            self.ledger.report()

    def _settle(self, kind: Kind, entries: list[Entry], dropped: str = "") -> None:
        """Give back the room of entries and wake those who wait for that."""
        rows = self.queue.settle(kind, entries)
        if dropped:
            self.ledger.drop(dropped, rows)
        with self._settled:
            self._settled.notify_all()

    def _disconnect(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            try:
                sink.close()
            except Exception as exc:  # noqa: BLE001 - at the end nothing else can be done
                self.ledger.last_error = str(exc)


class _Budget:
    """Requests that may still be spent on a refused batch."""

    def __init__(self, requests: int) -> None:
        self._left = requests

    def spend(self) -> bool:
        """Take one; return whether there was one."""
        self._left -= 1
        return self._left >= 0
