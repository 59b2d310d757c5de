"""What the command prints: what columns become, and what became of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from assay.cli.backfill.delimited import DelimitedFile
from assay.cli.backfill.plan import Job, Part, plan, settle_types
from assay.cli.backfill.run import Outcome, run
from assay.cli.output import EXIT_FAILED, end_cleanly, print_json, show
from assay.cli.target import open_target, place_of
from assay.domain.rendering import Table, number, plain

__all__ = ["execute"]

_SHOWN: Final = 3


def execute(job: Job, at: str | None, *, dry_run: bool, as_json: bool) -> int:
    """Do the job, or say what it would do; return the exit code: 1 where rows were bad."""
    end_cleanly()
    pa.enable_signal_handlers(False)  # else Ctrl-C inside Arrow is an unreadable file
    parts = plan(job)
    if dry_run:
        settle_types(job, parts)
        _foretell(parts, as_json=as_json)
        return 0
    with open_target(at, make=True) as monitor:
        outcome = run(job, parts, monitor, place_of(at))
    _report(job, outcome, as_json=as_json)
    return EXIT_FAILED if outcome.total("rejected") else 0


def _foretell(parts: Sequence[Part], *, as_json: bool) -> None:
    """Say what each column of the first file would become, with three rows, and what other files add."""
    counts = [part.source.count() for part in parts]
    rows = None if any(count is None for count in counts) else sum(count or 0 for count in counts)
    sample = _sample(parts[0])
    told: dict[str, dict[str, Any]] = {}
    for part in parts:
        kinds = part.source.kinds if isinstance(part.source, DelimitedFile) else {}
        for one in part.meanings:
            entry = {"type": kinds.get(one.column, one.kind), "becomes": one.target, "why": one.why}
            told.setdefault(one.column, entry | {"first": sample.get(one.column, [])})
    if as_json:
        listed = [
            {"path": part.source.name, "rows": count} for part, count in zip(parts, counts, strict=True)
        ]
        print_json({"files": listed, "rows": rows, "columns": told})
        return
    lines = [
        (
            column,
            entry["type"],
            entry["becomes"] or f"left out: {entry['why']}",
            *("" if value is None else str(value) for value in [*entry["first"], None, None, None][:_SHOWN]),
        )
        for column, entry in told.items()
    ]
    files = "1 file" if len(parts) == 1 else f"{number(len(parts))} files"
    title = files if rows is None else f"{files}, {number(rows)} rows"
    notes = ["nothing was sent"]
    if not any(one.target == "prediction_id" for one in parts[0].meanings):
        notes.append("the rows have no id; each gets one that is made from the file and its place in it")
    show(Table(title, ("column", "type", "becomes", "row 1", "row 2", "row 3"), lines, notes), as_json=False)


def _sample(part: Part) -> dict[str, list[Any]]:
    """First rows of a file."""
    for chunk in part.source.chunks(skip=0, rows=_SHOWN):
        return {
            name: [plain(value) for value in (each.to_pylist() if isinstance(each, pa.Array) else each)]
            for name, each in chunk.columns.items()
        }
    return {}


def _report(job: Job, outcome: Outcome, *, as_json: bool) -> None:
    """Say what became of the rows."""
    names = ("rows", "accepted", "labels", "duplicates", "rejected")
    totals = {name: outcome.total(name) for name in names}
    if as_json:
        print_json(
            {
                "model_id": job.model,
                **totals,
                "rows_sent_now": outcome.sent_now,
                "seconds": round(outcome.seconds, 3),
                "rejected_now": outcome.by_code,
                "first_rejected": outcome.first_rejects,
                "files": [
                    {
                        "path": one.path,
                        **{name: getattr(one, name) for name in names},
                        "finished": one.finished,
                    }
                    for one in outcome.files
                ],
            }
        )
        return
    words = {"rows": "rows read", "accepted": "predictions", "labels": "labels"}
    lines = [(words.get(name, name), number(value)) for name, value in totals.items()]
    notes = []
    if not outcome.sent_now:
        notes.append("all of it had arrived before; nothing was sent (--restart sends it again)")
    elif outcome.sent_now < totals["rows"]:
        notes.append(f"{number(totals['rows'] - outcome.sent_now)} of the rows had arrived before")
    if outcome.sent_now:
        rate = round(outcome.sent_now / max(0.001, outcome.seconds))
        notes.append(f"{number(outcome.sent_now)} rows in {outcome.seconds:.1f} s, {number(rate)} a second")
    for reject in outcome.first_rejects:
        place = f"row {number(reject['row'])}" if "row" in reject else f"line {reject['line']}"
        notes.append(f"{reject['file']}, {place}: {reject['reason']}")
    if outcome.rejected_now > len(outcome.first_rejects):
        notes.append(f"and {number(outcome.rejected_now - len(outcome.first_rejects))} more bad rows")
    if outcome.rejected_now and job.rejects is None:
        notes.append("write all bad rows to a file with --rejects FILE")
    show(Table(job.model, ("", ""), lines, notes), as_json=False)
