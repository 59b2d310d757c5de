"""Group commit: requests that arrive while a commit runs share the next one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from queue import SimpleQueue

import msgspec
import numpy as np
import pyarrow as pa

from assay.domain.answers import IngestAnswer, Rejected
from assay.domain.batch import Entry, Receipt, encode_table
from assay.domain.columns import Kind
from assay.errors import AssayError, IdempotencyConflict, StorageUnavailable
from assay.monitoring.id_window import IdWindow, hash_ids
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake_findings import with_notes
from assay.ports.journal import Journal

__all__ = ["GroupCommit"]

_LISTED = 1_000
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Request:
    """A batch that waits for the commit that will hold it."""

    intake: Intake
    payload: bytes
    ids: list[str] | None  # predictions only
    hashes: np.ndarray | None
    future: Future[IngestAnswer]


class GroupCommit:
    """Appends batches to the journal from one thread, many to a commit.

    An answer's future is done only after the commit that holds the batch has reached the disk; a commit
    that fails gives its error to every batch in it, and nothing of them is kept.

    Parameters
    ----------
    journal : where to append.
    window : recently seen prediction ids; owned by this object from now on.
    clock : microseconds since the epoch.
    guard : called before anything is queued; raises where nothing more may be stored.
    on_commit : called after each commit, from the committing thread.
    max_batches, max_bytes : the most that one commit takes.
    """

    def __init__(
        self,
        journal: Journal,
        window: IdWindow,
        *,
        clock: Callable[[], int],
        on_commit: Callable[[], None] = lambda: None,
        guard: Callable[[], None] = lambda: None,
        max_batches: int = 4_096,
        max_bytes: int = 64 << 20,
    ) -> None:
        self._journal = journal
        self._window = window
        self._clock = clock
        self._on_commit = on_commit
        self._guard = guard
        self._max_batches = max_batches
        self._max_bytes = max_bytes
        self._queue: SimpleQueue[_Request | None] = SimpleQueue()
        self._closed = False
        self.failure: str | None = None
        self.figures = {"commits": 0.0, "rows": 0.0, "duplicates": 0.0, "seconds": 0.0, "failures": 0.0}
        self._thread = threading.Thread(target=self._run, name="assay-commit", daemon=True)
        self._thread.start()

    def submit(self, intake: Intake) -> Future[IngestAnswer]:
        """Queue a batch; the future gives the answer once it is durable, or the error.

        Raises
        ------
        StorageFull
            Where there is no room for more.
        StorageUnavailable
            After :meth:`close`.
        """
        if self._closed:
            raise StorageUnavailable("the service is closing; send the request again later")
        self._guard()
        ids = hashes = None
        if intake.kind is Kind.PREDICTIONS:
            ids = intake.table.column("prediction_id").to_pylist()
            hashes = hash_ids(intake.model_id, ids)
        table = with_notes(intake.table, naive=intake.naive_timestamps, future=intake.future_timestamps)
        payload = encode_table(table) if table.num_rows else b""
        future: Future[IngestAnswer] = Future()
        self._queue.put(_Request(intake, payload, ids, hashes, future))
        return future

    def close(self) -> None:
        """Commit what is queued and stop. Closing twice is no error."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    # -- the committing thread --------------------------------------------------------------------

    def _run(self) -> None:
        stop = False
        while not stop:
            request = self._queue.get()
            group: list[_Request] = []
            size = 0
            while True:
                if request is None:
                    stop = True
                    break
                group.append(request)
                size += len(request.payload)
                if self._queue.empty() or len(group) >= self._max_batches or size >= self._max_bytes:
                    break
                request = self._queue.get()
            if group:
                self._commit(group)

    def _commit(self, group: list[_Request]) -> None:
        started = time.perf_counter()
        try:
            answers = self._append(group)
        except Exception as error:  # noqa: BLE001 - whatever it is, every waiting request must hear of it
            self.figures["failures"] += 1
            self.failure = str(error)
            if not isinstance(error, AssayError):
                _log.exception("the journal failed")
                error = StorageUnavailable("the journal failed; nothing was stored, send it again")
            for request in group:
                request.future.set_exception(error)
            return
        self.failure = None
        self.figures["commits"] += 1
        self.figures["seconds"] += time.perf_counter() - started
        for request, answer in zip(group, answers, strict=True):
            if isinstance(answer, AssayError):
                request.future.set_exception(answer)
            else:
                request.future.set_result(answer)
        self._on_commit()

    def _append(self, group: list[_Request]) -> list[IngestAnswer | AssayError]:
        """Judge duplicates, append the rest, and take the ids back where nothing was stored."""
        hashed = [request.hashes for request in group if request.hashes is not None]
        admitted = self._window.admit(np.concatenate(hashed)) if hashed else np.empty(0, dtype=bool)
        masks = _split(admitted, group)
        drafts = [_draft(request, mask) for request, mask in zip(group, masks, strict=True)]
        try:
            # A batch of which nothing is new and that has no key to remember needs no row.
            kept = [i for i, (entry, _) in enumerate(drafts) if entry.payload or entry.idempotency_key]
            stored = self._journal.append([drafts[i][0] for i in kept], now=self._clock()) if kept else []
        except BaseException:
            if hashed:
                self._window.take_back()
            raise
        receipts: dict[int, Receipt] = dict(zip(kept, stored, strict=True))
        if hashed and any(receipt.replayed or receipt.conflict for receipt in stored):
            self._window.take_back()
            again = [
                request.hashes
                for i, request in enumerate(group)
                if request.hashes is not None and i in receipts and receipts[i].position is not None
            ]
            if again:
                self._window.admit(np.concatenate(again))
        answers: list[IngestAnswer | AssayError] = []
        for i, (_, answer) in enumerate(drafts):
            receipt = receipts.get(i)
            if receipt is not None and receipt.conflict:
                answers.append(
                    IdempotencyConflict(
                        "this Idempotency-Key came before with another body; "
                        "use a new key for new data, or send the same body again"
                    )
                )
            elif receipt is not None and receipt.replayed:
                answers.append(_replayed(receipt.response))
            else:
                self.figures["rows"] += answer.accepted
                self.figures["duplicates"] += answer.duplicates
                answers.append(answer)
        return answers


def _split(admitted: np.ndarray, group: Sequence[_Request]) -> list[np.ndarray | None]:
    """Cut the admissions of a group into those of each request (None for labels)."""
    masks: list[np.ndarray | None] = []
    begin = 0
    for request in group:
        if request.hashes is None:
            masks.append(None)
            continue
        end = begin + len(request.hashes)
        masks.append(admitted[begin:end])
        begin = end
    return masks


def _draft(request: _Request, mask: np.ndarray | None) -> tuple[Entry, IngestAnswer]:
    """Make the journal entry and the answer, without the duplicates that `mask` leaves out."""
    intake = request.intake
    payload, rows = request.payload, intake.table.num_rows
    rejected = list(intake.rejected)
    duplicates = 0
    if mask is not None and not mask.all():
        table = intake.table.filter(pa.array(mask))
        duplicates, rows = rows - table.num_rows, table.num_rows
        payload = encode_table(table) if rows else b""
        places = np.flatnonzero(~mask)
        index = places if intake.index is None else intake.index[places]
        room = max(0, _LISTED - len(rejected))
        for row, place in zip(places[:room].tolist(), index[:room].tolist(), strict=True):
            name = request.ids[row] if request.ids else None
            rejected.append(
                Rejected(place, "duplicate", "this prediction id came before; the first one is kept", name)
            )
        rejected.sort(key=lambda item: item.index)
    answer = IngestAnswer(
        model_id=intake.model_id,
        accepted=rows,
        duplicates=duplicates,
        rejected=tuple(rejected),
        rejected_total=intake.rejected_total,
        notes=intake.notes,
    )
    response = msgspec.json.encode(answer.to_dict()) if intake.idempotency_key else b""
    entry = Entry(
        model_id=intake.model_id,
        kind=intake.kind,
        payload=payload,
        rows=rows,
        idempotency_key=intake.idempotency_key,
        body_hash=intake.body_hash,
        response=response,
    )
    return entry, answer


def _replayed(response: bytes) -> IngestAnswer:
    """Read the first answer again."""
    return replace(msgspec.json.decode(response, type=IngestAnswer), replayed=True)
