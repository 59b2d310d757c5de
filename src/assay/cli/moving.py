"""The commands that move rows: in from files, and out to a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.columns import column

__all__ = ["backfill", "export"]

_At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="WHERE", help="A data folder, or a server's address. [default: ./assay-data]"
    ),
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_Model = Annotated[str, typer.Argument(metavar="MODEL", help="Name of the model.")]


class RowKind(StrEnum):
    """What is exported."""

    PREDICTIONS = "predictions"
    LABELS = "labels"
    JOINED = "joined"


class TimeUnit(StrEnum):
    """What times that are numbers count."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"


def backfill(
    model: _Model,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Parquet, CSV, JSON lines or Arrow files, folders or patterns of them, or Delta tables.",
        ),
    ],
    at: _At = None,
    labels: Annotated[bool, typer.Option("--labels", help="The files hold labels alone.")] = False,
    version: Annotated[
        str | None, typer.Option("--version", help="Version of predictions that name none.")
    ] = None,
    timestamp: Annotated[str | None, column("timestamp", "Column of the time.")] = None,
    time_unit: Annotated[
        TimeUnit | None, typer.Option(help="What times that are numbers count since 1970.")
    ] = None,
    prediction: Annotated[str | None, column("prediction", "Column of the prediction.")] = None,
    score: Annotated[str | None, column("score", "Column of the score.")] = None,
    target: Annotated[str | None, column("target", "Column of the truth, where the file has it.")] = None,
    prediction_id: Annotated[
        str | None, column("id", "Column of the prediction's id; rows without one get their own.")
    ] = None,
    feature: Annotated[
        list[str] | None, column("feature", "Column that is a feature. [default: every other one]")
    ] = None,
    tag: Annotated[list[str] | None, column("tag", "Column that is a tag.")] = None,
    probability: Annotated[
        list[str] | None,
        column("probability", "Column of the probability of the class it is named after."),
    ] = None,
    leave_out: Annotated[list[str] | None, column("leave-out", "Column that is not used.")] = None,
    rename: Annotated[
        list[str] | None, typer.Option(metavar="COL=NAME", help="Another name for a column.")
    ] = None,
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="COL=TYPE", help="Type of a CSV column: whole, number, bool or text."),
    ] = None,
    infer: Annotated[
        bool, typer.Option(help="Find types of CSV columns from all values, or take them as text.")
    ] = True,
    delimiter: Annotated[
        str | None, typer.Option(help="What stands between values of CSV. [default: as the header shows]")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of CSV.")] = "utf8",
    defused: Annotated[
        bool, typer.Option("--defused", help="The CSV is an export that was not made with --raw.")
    ] = False,
    table_version: Annotated[int | None, typer.Option(help="Version of a Delta table.")] = None,
    batch_rows: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Rows sent at once. [default: by their width]")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write bad rows and why they are, as JSON lines.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what each column would become, and send nothing.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart/--resume", help="Begin anew, or go on where it ended.")
    ] = False,
    as_json: _AsJson = False,
) -> None:
    """Log predictions and labels from files.

    Each row arrives once: interrupted, the same command goes on where it ended.
    """
    from assay.cli.backfill.command import execute
    from assay.cli.backfill.files import Reading
    from assay.cli.backfill.mapping import Columns
    from assay.cli.backfill.plan import Job

    job = Job(
        model=model,
        paths=paths,
        columns=Columns(
            labels=labels,
            timestamp=timestamp,
            prediction=prediction,
            score=score,
            target=target,
            prediction_id=prediction_id,
            features=tuple(feature or ()),
            tags=tuple(tag or ()),
            probabilities=tuple(probability or ()),
            leave_out=tuple(leave_out or ()),
            rename=_pairs("--rename", rename),
        ),
        reading=Reading(delimiter=delimiter, encoding=encoding, defused=defused, table_version=table_version),
        version=version,
        types=_pairs("--type", type_),
        infer=infer,
        time_unit=None if time_unit is None else time_unit.value,
        batch_rows=batch_rows,
        restart=restart,
        rejects=rejects,
    )
    raise typer.Exit(execute(job, at, dry_run=dry_run, as_json=as_json))


def export(
    model: _Model,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file; its suffix tells the format: .parquet, .csv, .jsonl, .arrow; - prints rows.",
        ),
    ],
    at: _At = None,
    kind: Annotated[
        RowKind, typer.Option(help="Predictions, labels, or predictions with the truth that counts.")
    ] = RowKind.PREDICTIONS,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="parquet, csv, jsonl or arrow. [default: by the suffix]"
        ),
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="The last such stretch before the newest prediction, such as 30d.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="Begin of the window, such as 2024-01-31.")] = None,
    end: Annotated[str | None, typer.Option(help="End of the window.")] = None,
    version: Annotated[str | None, typer.Option("--version", help="Only this version of the model.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(metavar="COL", help="A column to write. [default: all with values]")
    ] = None,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="CSV: leave texts that a spreadsheet takes for formulas as they are."),
    ] = False,
    as_json: _AsJson = False,
) -> None:
    """Write a model's raw rows to a file."""
    from assay.cli.exporting import write_rows

    write_rows(
        at,
        model,
        output,
        kind=kind.value,
        form=format_,
        period=period,
        start=start,
        end=end,
        version=version,
        columns=column,
        raw=raw,
        as_json=as_json,
    )


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    """Read ``name=value`` pairs."""
    pairs: dict[str, str] = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        if not name or not sign or not value:
            raise typer.BadParameter(f"{text[:80]!r} is not of the form name=value", param_hint=option)
        pairs[name] = value
    return pairs
