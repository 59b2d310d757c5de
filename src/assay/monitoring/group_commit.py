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
_SMALL = 64
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Request:
    """A batch that waits for the commit that will hold it."""

    intake: Intake
    table: pa.Table
    payload: bytes | None  # None: small enough to share a journal row with others like it
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
        small = table.num_rows <= _SMALL and not intake.idempotency_key and not table.schema.metadata
        payload = None if small else encode_table(table) if table.num_rows else b""
        future: Future[IngestAnswer] = Future()
        self._queue.put(_Request(intake, table, payload, ids, hashes, future))
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
                size += len(request.payload or b"")
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
        shared = _share([draft for draft in drafts if draft.entry is None and draft.table.num_rows])
        try:
            # A batch of which nothing is new and that has no key to remember needs no row.
            kept = [
                i
                for i, draft in enumerate(drafts)
                if draft.entry is not None and (draft.entry.payload or draft.entry.idempotency_key)
            ]
            entries = [draft.entry for i in kept if (draft := drafts[i]).entry is not None] + shared
            stored = self._journal.append(entries, now=self._clock()) if entries else []
        except BaseException:
            if hashed:
                self._window.take_back()
            raise
        stored = stored[: len(kept)]
        receipts: dict[int, Receipt] = dict(zip(kept, stored, strict=True))
        if hashed and any(receipt.replayed or receipt.conflict for receipt in stored):
            self._window.take_back()
            again = [
                request.hashes
                for i, request in enumerate(group)
                if request.hashes is not None and (i not in receipts or receipts[i].position is not None)
            ]
            if again:
                self._window.admit(np.concatenate(again))
        answers: list[IngestAnswer | AssayError] = []
        for i, draft in enumerate(drafts):
            answer = draft.answer
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


@dataclass(slots=True)
class _Draft:
    """What is to be stored of a request, and its answer; the entry is None where it shares one."""

    model_id: str
    kind: Kind
    table: pa.Table
    entry: Entry | None
    answer: IngestAnswer


def _share(drafts: Sequence[_Draft]) -> list[Entry]:
    """Put small batches of one model, kind and schema into one journal entry each.

    Thousands of single predictions a second then cost a few rows of the journal, for everyone who reads it.
    """
    shared: dict[tuple[str, Kind], list[list[pa.Table]]] = {}
    for draft in drafts:
        several = shared.setdefault((draft.model_id, draft.kind), [])
        for tables in several:
            if tables[0].schema.equals(draft.table.schema):
                tables.append(draft.table)
                break
        else:
            several.append([draft.table])
    return [
        Entry(
            model_id=model_id,
            kind=kind,
            payload=encode_table(pa.concat_tables(tables).combine_chunks()),
            rows=sum(table.num_rows for table in tables),
        )
        for (model_id, kind), several in shared.items()
        for tables in several
    ]


def _draft(request: _Request, mask: np.ndarray | None) -> _Draft:
    """Make the journal entry and the answer, without the duplicates that `mask` leaves out."""
    intake, table = request.intake, request.table
    payload, rows = request.payload, table.num_rows
    rejected = list(intake.rejected)
    duplicates = 0
    if mask is not None and not mask.all():
        table = table.filter(pa.array(mask))
        duplicates, rows = rows - table.num_rows, table.num_rows
        if payload is not None:
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
    entry = None
    if payload is not None:
        entry = Entry(
            model_id=intake.model_id,
            kind=intake.kind,
            payload=payload,
            rows=rows,
            idempotency_key=intake.idempotency_key,
            body_hash=intake.body_hash,
            response=msgspec.json.encode(answer.to_dict()) if intake.idempotency_key else b"",
        )
    return _Draft(intake.model_id, intake.kind, table, entry, answer)


def _replayed(response: bytes) -> IngestAnswer:
    """Read the first answer again."""
    return replace(msgspec.json.decode(response, type=IngestAnswer), replayed=True)
