"""Importing what serving platforms log, as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from assay.domain.answers import IngestAnswer, Rejected
from assay.domain.columns import Kind
from assay.domain.imported import ImportAnswer, ImportedModel
from assay.domain.model import check_name
from assay.domain.time import from_micros
from assay.errors import InvalidInput
from assay.monitoring.intake.assemble import assemble
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.faults import LISTED
from assay.monitoring.intake.imports.exchange import Exchange, records_of
from assay.monitoring.intake.imports.flat import Row
from assay.monitoring.intake.imports.options import BadItem, ImportOptions
from assay.monitoring.intake.imports.reading import Payload, Reading, read_import
from assay.monitoring.intake.records import draft_of_records
from assay.monitoring.pairing import Pairing, Placed

__all__ = ["Begun", "Importer", "PayloadsRejected"]


class PayloadsRejected(InvalidInput):
    """Not one payload of an import can be used; `members` lists them for the answer."""

    def __init__(self, answer: ImportAnswer) -> None:
        why = answer.rejected[0].message if answer.rejected else "see the server's log"
        super().__init__(f"not one item is good: {answer.rejected_total} cannot be used; the first: {why}")
        self.members = {
            "rejected_total": answer.rejected_total,
            "rejected": [item.to_dict() for item in answer.rejected],
        }


@dataclass(slots=True)
class _Batch:
    """Rows of one model and kind, each with the place of its item."""

    model: str
    kind: Kind
    records: list[Row]
    places: list[int]


class Begun:
    """An import that is queued.

    Attributes
    ----------
    futures : done, all of them, once :meth:`answer` has nothing to wait for.
    """

    def __init__(
        self,
        name: str,
        reading: Reading,
        queued: Sequence[tuple[_Batch, Intake, Future[IngestAnswer] | None]],
        waiting: Sequence[tuple[int, Exchange]],
        halves: Future[list[Placed]] | None,
    ) -> None:
        self._name = name
        self._reading = reading
        self._queued = queued
        self._waiting = waiting
        self._halves = halves
        self.futures: list[Future[Any]] = [future for *_, future in queued if future is not None]
        if halves is not None:
            self.futures.append(halves)

    def answer(self) -> ImportAnswer:
        """Return what became of the import, once it is durable.

        Raises
        ------
        PayloadsRejected
            Where nothing of it can be used.
        StorageError
            Where it cannot be stored now. Part of it may be; sent again, it counts once if its calls have
            ids or it has an idempotency key.
        """
        sums = _Sums(self._reading)
        for batch, intake, future in self._queued:
            answer = _without_rows(intake) if future is None else future.result()
            sums.add(answer, batch.kind, batch.places)
        if self._halves is not None:
            for (place, half), placed in zip(self._waiting, self._halves.result(), strict=True):
                if placed.error is not None:
                    self._reading.reject(place, BadItem("unusable", placed.error.message))
                elif not placed.new and placed.answer is None:
                    sums.repeated(place, half.request_id)
                elif placed.waiting:
                    sums.waiting += 1
                elif placed.answer is not None:
                    sums.add(placed.answer, Kind.PREDICTIONS, place)
        result = sums.answer(self._name)
        if result.rejected_total and not (result.accepted or result.waiting or result.duplicates):
            raise PayloadsRejected(result)
        return result


class Importer:
    """Reads payloads, writes the rows of whole ones and lets halves wait for each other. Thread-safe.

    Parameters
    ----------
    submit : writes a batch; the future is done once it is durable.
    pairing : where halves wait.
    """

    def __init__(self, submit: Callable[[Intake], Future[IngestAnswer]], pairing: Pairing) -> None:
        self._submit = submit
        self.pairing = pairing

    def begin(
        self,
        name: str,
        payload: Payload,
        options: ImportOptions,
        context: Context,
        *,
        permit: Callable[[str], None] = lambda _: None,
    ) -> Begun:
        """Read a body in the format `name` and queue what is good of it, without waiting for the disk.

        `permit` is called with the name of each model before anything is stored, and raises where it may
        not be.

        Raises
        ------
        InvalidInput
            Where there is no such format.
        Unreadable, TooLarge
            Where the body is no such payload, or holds more than the limits allow.
        StorageError
            Where there is no room for more.
        """
        if options.model:
            check_name("model", options.model)
        if options.version:
            check_name("version", options.version)
        reading = read_import(name, payload, options, context.limits)
        batches, waiting = _sorted(reading, context.now)
        for model in {batch.model for batch in batches} | {half.model for _, half in waiting}:
            permit(model)
        queued = [
            (batch, intake, self._submit(intake) if intake.table.num_rows else None)
            for batch in batches
            if (intake := _intake(batch, options, context)) is not None
        ]
        halves = self.pairing.submit([half for _, half in waiting]) if waiting else None
        return Begun(name, reading, queued, waiting, halves)

    def erase(self, model_id: str, ids: Sequence[str]) -> None:
        """Delete what waits of the calls that these predictions are rows of."""
        calls = {name for one in ids for name in (one, one.rpartition(":")[0]) if name}
        if calls:
            self.pairing.erase(model_id, sorted(calls))

    def close(self) -> None:
        """Store what is queued and stop."""
        self.pairing.close()


class _Sums:
    """Adds up the answers to the parts of an import."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._models: dict[str, ImportedModel] = {}
        self._more: list[Rejected] = []
        self._notes: set[str] = set()
        self._rejected = 0
        self._duplicates = 0
        self.waiting = 0

    def add(self, answer: IngestAnswer, kind: Kind, places: Sequence[int] | int) -> None:
        """Add what became of a batch, whose rows came from the items at `places`, or all from one."""
        known = self._models.get(answer.model_id) or ImportedModel(answer.model_id)
        if kind is Kind.LABELS:
            known = replace(known, labels=known.labels + answer.accepted)
        else:
            known = replace(known, predictions=known.predictions + answer.accepted)
        self._models[answer.model_id] = known
        self._rejected += answer.rejected_total
        self._duplicates += answer.duplicates
        self._notes.update(answer.notes)
        self._more += [
            replace(item, index=places if isinstance(places, int) else places[item.index])
            for item in answer.rejected
        ]

    def repeated(self, place: int, request_id: str) -> None:
        """Count a half that had come before."""
        self._duplicates += 1
        if len(self._more) < LISTED:
            self._more.append(
                Rejected(
                    place, "duplicate", "this half of the call came before; the first one is kept", request_id
                )
            )

    def answer(self, name: str) -> ImportAnswer:
        """Return the whole."""
        rejected = sorted([*self._reading.rejected, *self._more], key=lambda item: item.index)
        models = tuple(model for _, model in sorted(self._models.items()))
        return ImportAnswer(
            format=name,
            items=self._reading.items,
            accepted=sum(model.predictions + model.labels for model in models),
            waiting=self.waiting,
            duplicates=self._duplicates,
            rejected=tuple(rejected[:LISTED]),
            rejected_total=self._reading.rejected_total + self._rejected,
            models=models,
            notes=tuple(sorted(self._reading.notes | self._notes)),
        )


def _sorted(reading: Reading, now: int) -> tuple[list[_Batch], list[tuple[int, Exchange]]]:
    """Return the rows of whole calls and labels by model, and the halves, with their items' places."""
    batches: dict[tuple[str, Kind], _Batch] = {}

    def put(kind: Kind, model: str, place: int, records: list[Row]) -> None:
        batch = batches.setdefault((model, kind), _Batch(model, kind, [], []))
        batch.records += records
        batch.places += [place] * len(records)

    halves: list[tuple[int, Exchange]] = []
    for place, exchange in reading.exchanges:
        try:
            check_name("the model", exchange.model)
            if exchange.request_id:
                check_name("the id of the call", exchange.request_id)
        except InvalidInput as error:
            reading.reject(place, BadItem("bad_name", error.message))
            continue
        if exchange.whole:
            put(Kind.PREDICTIONS, exchange.model, place, records_of(exchange))
        else:
            arrived = exchange.timestamp or from_micros(now).isoformat()
            halves.append((place, replace(exchange, timestamp=arrived)))
    for place, model, records in reading.labels:
        put(Kind.LABELS, model, place, records)
    return list(batches.values()), halves


def _intake(batch: _Batch, options: ImportOptions, context: Context) -> Intake | None:
    """Judge the rows of a batch; None where there are none."""
    if not batch.records:
        return None
    key = context.idempotency_key
    own = replace(context, idempotency_key=None if key is None else f"{key}\0{batch.kind}")
    draft = draft_of_records(batch.kind, batch.model, options.version, batch.records, own)
    return assemble(draft, own)


def _without_rows(intake: Intake) -> IngestAnswer:
    """Answer a batch of which nothing is good."""
    return IngestAnswer(
        model_id=intake.model_id,
        accepted=0,
        rejected=intake.rejected,
        rejected_total=intake.rejected_total,
        notes=intake.notes,
    )
