"""The rows of a claim: many calls, written as few batches that count once however often they are written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import accumulate

from assay.domain.answers import IngestAnswer
from assay.domain.columns import Kind
from assay.errors import AssayError, StorageCorrupt
from assay.monitoring.intake.assemble import assemble
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context, Limits
from assay.monitoring.intake.faults import LISTED
from assay.monitoring.intake.imports.exchange import joined, load, records_of
from assay.monitoring.intake.imports.flat import Row
from assay.monitoring.intake.records import draft_of_records
from assay.monitoring.intake.single import read_single
from assay.ports.halves import Call

__all__ = ["CallName", "write_claim"]

CallName = tuple[str, str]
"""Model and request id."""

_BODY = b"claim"  # one for whatever becomes of a claim: the first that reaches the journal stays


@dataclass(slots=True)
class _Chunk:
    """Calls of one model whose rows are one batch; all of its faults fit into one answer's list."""

    calls: list[tuple[CallName, list[Row]]]
    key: str

    @property
    def records(self) -> list[Row]:
        return [row for _, rows in self.calls for row in rows]


def write_claim(
    claim: bytes, calls: Sequence[Call], submit: Callable[[Intake], Future[IngestAnswer]], *, now: int
) -> dict[CallName, IngestAnswer | AssayError]:
    """Write the rows of the calls of a claim, and return what became of each once they are durable.

    The batches and their idempotency keys follow from the claim and its calls alone, which do not change.
    So a claim that is written again, by whichever process, counts once.

    Parameters
    ----------
    claim : its name.
    calls : all of its calls.
    submit : writes a batch; the future is done once it is durable.
    now : microseconds since the epoch.

    Raises
    ------
    StorageError
        Where the rows cannot be stored now; some batches may be.
    """
    results: dict[CallName, IngestAnswer | AssayError] = {}
    readable: list[tuple[CallName, list[Row]]] = []
    for call in sorted(calls, key=lambda one: (one.model_id, one.request_id)):
        name = (call.model_id, call.request_id)
        try:
            rows = _records(call)
        except AssayError as error:
            results[name] = error
            continue
        if rows:
            readable.append((name, rows))
        else:
            results[name] = IngestAnswer(model_id=call.model_id, accepted=0)
    queued: list[tuple[_Chunk, Future[IngestAnswer]]] = []
    for chunk in _chunks(f"claim\0{claim.hex()}", readable):  # NUL: no client's key
        for part, intake in _judged(chunk, now):
            if isinstance(intake, Intake):
                queued.append((part, submit(intake)))
            else:
                results[part.calls[0][0]] = intake
    for chunk, future in queued:
        results |= _split(chunk, future.result(), now)
    return results


def _chunks(key: str, calls: Sequence[tuple[CallName, list[Row]]]) -> list[_Chunk]:
    """Cut sorted calls into those of one model, so many that each fault of theirs can be listed."""
    chunks: list[_Chunk] = []
    size = 0
    for one in calls:
        (model, _), rows = one
        if chunks and chunks[-1].calls[0][0][0] == model and size + len(rows) <= LISTED:
            chunks[-1].calls.append(one)
            size += len(rows)
        else:
            chunks.append(_Chunk([one], f"{key}\0{len(chunks)}"))
            size = len(rows)
    return chunks


def _judged(chunk: _Chunk, now: int) -> list[tuple[_Chunk, Intake | AssayError]]:
    """Judge a chunk as a whole or, where its calls cannot stand in one batch, call by call."""
    try:
        return [(chunk, _intake(chunk, now))]
    except AssayError as error:
        if len(chunk.calls) == 1:
            return [(chunk, error)]
    alone = [_Chunk([one], f"{chunk.key}\0{place}") for place, one in enumerate(chunk.calls)]
    return [judged for one in alone for judged in _judged(one, now)]


def _intake(chunk: _Chunk, now: int) -> Intake:
    """Judge the rows of a chunk."""
    context = Context(now=now, limits=Limits(), idempotency_key=chunk.key, body_hash=_BODY)
    model, records = chunk.calls[0][0][0], chunk.records
    if len(records) == 1:
        intake = read_single(Kind.PREDICTIONS, model, "", records[0], context)
        if intake is not None:
            return intake
    return assemble(draft_of_records(Kind.PREDICTIONS, model, "", records, context), context)


def _split(chunk: _Chunk, answer: IngestAnswer, now: int) -> dict[CallName, IngestAnswer]:
    """Tell each call its part of the answer to all."""
    if len(chunk.calls) == 1:
        return {chunk.calls[0][0]: answer}
    ends = list(accumulate(len(rows) for _, rows in chunk.calls))
    parts = {
        name: IngestAnswer(
            model_id=answer.model_id, accepted=len(rows), notes=_notes(answer, name, rows, now)
        )
        for name, rows in chunk.calls
    }
    for item in answer.rejected:
        place = bisect_right(ends, item.index)
        name, rows = chunk.calls[place]
        repeated = item.code == "duplicate"
        part = parts[name]
        parts[name] = replace(
            part,
            accepted=part.accepted - 1,
            duplicates=part.duplicates + repeated,
            rejected_total=part.rejected_total + (not repeated),
            rejected=(*part.rejected, replace(item, index=item.index - ends[place] + len(rows))),
        )
    return parts


def _notes(answer: IngestAnswer, name: CallName, rows: list[Row], now: int) -> tuple[str, ...]:
    """Notes on the rows of one call, where there are any on those of all: they tell numbers of rows."""
    return _intake(_Chunk([(name, rows)], ""), now).notes if answer.notes else ()


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
