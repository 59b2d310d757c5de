"""The back-fill itself: every row of the files once, however often it is interrupted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from assay.cli.backfill.delimited import DelimitedFile
from assay.cli.backfill.mapping import Meaning, resolve
from assay.cli.backfill.plan import Job, Part, settle_types
from assay.cli.backfill.record import Progress, Record, opened
from assay.cli.backfill.rejects import Rejects
from assay.cli.backfill.rows import Batch, Reject, split
from assay.cli.backfill.source import Chunk, Source
from assay.cli.bar import Bar, bar
from assay.cli.output import Interrupted
from assay.domain.answers import IngestAnswer
from assay.domain.columns import Kind
from assay.domain.rendering import number
from assay.errors import AssayError, InvalidInput, NotFound
from assay.ports.monitor import Monitor

__all__ = ["Outcome", "run"]

_CELLS: Final = 4_000_000
_MOST_ROWS: Final = 50_000
_LEAST_ROWS: Final = 500
_FAR_BEHIND: Final = 2_000_000
"""Rows that the profiles may be behind: the journal keeps them until they are done."""


@dataclass(slots=True)
class Outcome:
    """What became of the rows, over all runs of the job (`sent_now`: of this one)."""

    files: list[Progress] = field(default_factory=list)
    sent_now: int = 0
    rejected_now: int = 0
    seconds: float = 0.0
    first_rejects: list[dict[str, Any]] = field(default_factory=list)
    by_code: dict[str, int] = field(default_factory=dict)

    def total(self, name: str) -> int:
        """Sum of a figure over the files."""
        return sum(int(getattr(one, name)) for one in self.files)


def run(job: Job, parts: Sequence[Part], monitor: Monitor, where: str) -> Outcome:
    """Send the rows that are not there yet.

    Raises
    ------
    AssayError
        Where it cannot go on; what has arrived is noted, and the same job goes on from there.
    Interrupted
        Where the user stops it; the same holds.
    """
    outcome = Outcome()
    begun = time.monotonic()
    with opened(where, job.model) as record, Rejects(job.rejects) as rejects:
        _check_record(record, monitor, job.model)
        try:
            _send_all(_Run(job, monitor, record, rejects, outcome, "://" in where), parts)
        except KeyboardInterrupt:
            raise Interrupted(_so_far("interrupted", outcome)) from None
        except AssayError as error:
            if outcome.files:
                raise type(error)(_so_far(str(error), outcome)) from error
            raise
        finally:
            outcome.rejected_now = rejects.total
            outcome.first_rejects = rejects.first
            outcome.by_code = dict(rejects.by_code)
            outcome.seconds = time.monotonic() - begun
    return outcome


def _so_far(what: str, outcome: Outcome) -> str:
    rows = number(outcome.total("rows"))
    return f"{what.rstrip('.')} ({rows} rows are done; the same command goes on from there)"


def _check_record(record: Record, monitor: Monitor, model: str) -> None:
    """Forget the record where the target does not hold what it tells of, because it was made anew."""
    if record.empty:
        return
    try:
        made_at = monitor.model(model).model.created_at
    except NotFound:
        record.forget()
        return
    if record.made_at is not None and record.made_at != made_at:
        record.forget()


@dataclass(slots=True)
class _Run:
    job: Job
    monitor: Monitor
    record: Record
    rejects: Rejects
    outcome: Outcome
    remote: bool


def _send_all(run: _Run, parts: Sequence[Part]) -> None:
    job = run.job
    mapping = job.columns.digest(job.version)
    labels = job.columns.labels
    known = []
    for part in parts:
        identity = part.source.identity
        path = str(Path(part.source.name).resolve())
        known.append(run.record.of(identity, path, mapping, labels=labels, restart=job.restart))
    fresh = [part for part, progress in zip(parts, known, strict=True) if progress is None]
    settle_types(job, fresh)
    total = _total(parts, known)
    done = sum(progress.rows for progress in known if progress is not None)
    with bar(job.model, total=total, done=done) as shown:
        for part, found in zip(parts, known, strict=True):
            identity = part.source.identity
            progress = found or Progress(
                path=str(Path(part.source.name).resolve()),
                changed_ns=identity.changed_ns,
                bytes=identity.bytes,
                mapping=mapping,
                chunk_rows=_chunk_rows(job, part),
            )
            if isinstance(part.source, DelimitedFile):
                if found is not None:
                    part.source.kinds = progress.kinds
                progress.kinds = part.source.kinds
            run.outcome.files.append(progress)
            if not progress.finished:
                done = _send_file(run, part, progress, shown, done)
        if not run.remote:  # a server does it whether we wait or not
            _let_catch_up(run.monitor, shown, done, least=0)


def _send_file(run: _Run, part: Part, progress: Progress, shown: Bar, done: int) -> int:
    """Send the rest of a file; return how many rows are done in all."""
    source, job = part.source, run.job
    meanings = part.meanings
    labels = job.columns.labels
    for chunk in source.chunks(skip=progress.rows, rows=progress.chunk_rows):
        if len(meanings) < len(chunk.columns) or any(one not in _names(meanings) for one in chunk.columns):
            meanings = _more(meanings, chunk, source, job)
        rows = split(
            chunk,
            meanings,
            model=job.model,
            version=job.version,
            digest=source.identity.digest,
            labels_only=labels,
            time_unit=job.time_unit,
        )
        bad = list(rows.rejects)
        for batch in rows.batches:
            place = f"{chunk.first}+{chunk.rows}"
            key = f"backfill-{source.identity.digest}-{progress.mapping}-{place}-{batch.kind.value}"
            answer = _send(run, batch, key, bad)
            if answer is None:
                continue
            if batch.kind is Kind.PREDICTIONS:
                progress.accepted += answer.accepted
                progress.duplicates += answer.duplicates
            else:
                progress.labels += answer.accepted
        run.rejects.rows(source.name, chunk, bad)
        progress.rejected += len(bad) + len(source.malformed)
        run.rejects.malformed(source.name, source.malformed)
        run.rejects.flush()
        progress.rows = chunk.first + chunk.rows
        done += chunk.rows
        run.outcome.sent_now += chunk.rows
        _note(run, source, progress)
        shown.at(done)
        _let_catch_up(run.monitor, shown, done, least=_FAR_BEHIND)
    progress.rejected += len(source.malformed)
    run.rejects.malformed(source.name, source.malformed)
    progress.finished = True
    _note(run, source, progress)
    return done


def _send(run: _Run, batch: Batch, key: str, bad: list[Reject]) -> IngestAnswer | None:
    """Send a batch; what the target refuses all the same joins the bad rows."""
    job = run.job
    try:
        if batch.kind is Kind.PREDICTIONS:
            answer = run.monitor.log(
                model=job.model, version=job.version, predictions=batch.columns, idempotency_key=key
            )
        else:
            answer = run.monitor.label(model=job.model, labels=batch.columns, idempotency_key=key)
    except InvalidInput as error:
        if not str(error).startswith("none of the") and "not one item is good" not in str(error):
            raise
        bad += [Reject(int(row), "refused", str(error)) for row in batch.index]
        return None
    bad += [
        Reject(int(batch.index[item.index]), item.code, item.message)
        for item in answer.rejected
        if item.code != "duplicate"
    ]
    return answer


def _note(run: _Run, source: Source, progress: Progress) -> None:
    """Write down what has arrived, and when the model was made that holds it."""
    if run.record.made_at is None:
        with contextlib.suppress(NotFound):  # its first rows are still on their way into the profiles
            run.record.made_at = run.monitor.model(run.job.model).model.created_at
    run.record.note(source.identity, progress, labels=run.job.columns.labels)


def _more(meanings: list[Meaning], chunk: Chunk, source: Source, job: Job) -> list[Meaning]:
    """Take in columns that come up only here, as they may in JSON lines."""
    kinds = {one.column: one.kind for one in meanings} | {
        name: "text" for name in chunk.columns if name not in _names(meanings)
    }
    return resolve(source.name, kinds, source.stored_as(), job.columns)


def _names(meanings: Sequence[Meaning]) -> set[str]:
    return {one.column for one in meanings}


def _chunk_rows(job: Job, part: Part) -> int:
    if job.batch_rows is not None:
        return job.batch_rows
    return max(_LEAST_ROWS, min(_MOST_ROWS, _CELLS // max(1, len(part.meanings))))


def _total(parts: Sequence[Part], known: Sequence[Progress | None]) -> int | None:
    """Rows of all files; None where a count is not known."""
    counts = [
        progress.rows if progress is not None and progress.finished else part.source.count()
        for part, progress in zip(parts, known, strict=True)
    ]
    return None if any(count is None for count in counts) else sum(count or 0 for count in counts)


def _let_catch_up(monitor: Monitor, shown: Bar, done: int, *, least: int) -> None:
    """Wait while the profiles are more than `least` rows behind."""
    while (behind := _behind(monitor)) > least:
        shown.at(done, note=f"profiles: {number(behind)} rows to go")
        time.sleep(0.2)


def _behind(monitor: Monitor) -> int:
    """Rows that the profiles do not hold yet; 0 where the target does not tell."""
    for part in monitor.health().parts:
        if part.name == "profiles":
            return int(part.figures.get("lag_rows", 0))
    return 0
