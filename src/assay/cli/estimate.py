"""``assay estimate``: performance before the labels are there, of files or of a stored model."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from assay.cli.columns import column

if TYPE_CHECKING:
    from assay.domain.estimates import PerformanceEstimate

__all__ = ["EXIT_REFUSED", "estimate"]

EXIT_REFUSED: Final = 3
"""With ``--strict``; else an estimate that is refused is no failure."""

_FILES_NEED = "files need --target, the column of the truth in REFERENCE"


def estimate(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|REFERENCE",
            help="Name of a stored model; or labelled rows: a Parquet, CSV, JSON lines or Arrow file, a "
            "folder or pattern of them, or a Delta table.",
        ),
    ],
    current: Annotated[
        str | None,
        typer.Argument(metavar="[CURRENT]", help="Rows to be judged, with the same columns as REFERENCE."),
    ] = None,
    target: Annotated[str | None, column("target", "Column of the truth.")] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(
            "--score",
            metavar="COL|CLASS=COL",
            help="Column of the probability of the positive class; of several classes, one for each.",
        ),
    ] = None,
    prediction: Annotated[str | None, column("prediction", "Column of the prediction.")] = None,
    timestamp: Annotated[str | None, column("timestamp", "Column of the time.")] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            "--feature",
            "--features",
            metavar="COL",
            help="Column that the model saw. [default: every other one]",
        ),
    ] = None,
    leave_out: Annotated[
        list[str] | None, column("leave-out", "Column that is no feature, such as an id.")
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metric", "--metrics", metavar="NAME", help="Metric that is wanted, such as roc_auc."),
    ] = None,
    positive_class: Annotated[
        str | None, typer.Option(metavar="CLASS", help="The class that the score is about.")
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(
            "--value",
            metavar="NAME=NUMBER",
            help="What one prediction is worth: tp, fp, tn and fn, each once. Files only.",
        ),
    ] = None,
    chunk_size: Annotated[
        int | None, typer.Option(metavar="ROWS", help="Rows of a chunk. Files only.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(
            help="Of files: length of a chunk, such as 7d. Of a model: the last such stretch before its "
            "newest prediction."
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="WHERE", help="A data folder, or a server's address. [default: ./assay-data]"
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Begin of the window, such as 2024-01-31. Of a model only.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="End of the window. Of a model only.")] = None,
    step: Annotated[
        str | None, typer.Option(help="Cut the window into steps, such as 1d. Of a model only.")
    ] = None,
    version: Annotated[str | None, typer.Option("--version", help="Only this version of the model.")] = None,
    slice_: Annotated[
        str | None,
        typer.Option("--slice", metavar="TAG:VALUE", help="Only rows with this tag. Of a model only."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 3 where nothing could be estimated.")
    ] = False,
    delimiter: Annotated[
        str | None, typer.Option(help="What stands between values of CSV. [default: as the header shows]")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of CSV.")] = "utf8",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Estimate how good predictions are before their labels come.

    Ends with 0, also where an estimate is refused, which --strict makes a 3; and with 1 where it failed.
    """
    from assay.cli.output import end_cleanly, printable, show
    from assay.errors import InvalidInput

    end_cleanly()
    of_files = {
        "--target": target,
        "--score": score,
        "--prediction": prediction,
        "--timestamp": timestamp,
        "--feature": features,
        "--leave-out": leave_out,
        "--metric": metrics,
        "--positive-class": positive_class,
        "--value": value,
        "--chunk-size": chunk_size,
        "--delimiter": delimiter,
    }
    of_model = {
        "--at": at,
        "--start": start,
        "--end": end,
        "--step": step,
        "--version": version,
        "--slice": slice_,
    }
    if current is None:
        _refuse(of_files, f"{model[:80]!r} is taken for a stored model, since no CURRENT is given")
        result = _of_model(
            model,
            at,
            {"period": period, "start": start, "end": end, "step": step, "version": version, "slice": slice_},
        )
    else:
        _refuse(of_model, "two files are judged, and no stored model")
        if target is None:
            raise InvalidInput(_FILES_NEED)
        from assay.cli.backfill.files import Reading
        from assay.cli.frame_files import read_frame_files
        from assay.monitoring.estimation import estimate_performance

        before, after = read_frame_files(
            model, current, Reading(delimiter=delimiter, encoding=encoding), left_out=leave_out or ()
        )
        for path, frame in ((model, before), (current, after)):
            if frame.malformed:
                lines = "1 line was" if frame.malformed == 1 else f"{frame.malformed:,} lines were"
                print(f"assay: {printable(path[-200:])}: {lines} no row and left out", file=sys.stderr)
        result = estimate_performance(
            dict(before.columns),
            dict(after.columns),
            target=target,
            score=_scores(score or (), before.columns),
            prediction=prediction,
            timestamp=timestamp,
            metrics=metrics or None,
            chunk_size=chunk_size,
            period=period,
            features=features or None,
            positive_class=positive_class,
            business_value=_values(value or ()),
        )
    show(result, as_json=as_json)
    if result.refusal is not None:
        print(f"assay: nothing was estimated: {printable(result.refusal)}", file=sys.stderr)
        if strict:
            raise typer.Exit(EXIT_REFUSED)


def _of_model(model: str, at: str | None, window: Mapping[str, str | None]) -> PerformanceEstimate:
    from assay.cli.target import open_target
    from assay.errors import NotFound

    try:
        with open_target(at) as monitor:
            return monitor.estimate(model, **window)
    except NotFound as exc:
        if Path(model).exists():
            raise NotFound(
                f"{model[-80:]!r} is a file and no stored model; name also the rows to be judged, CURRENT"
            ) from exc
        raise


def _refuse(options: Mapping[str, object], why: str) -> None:
    """Refuse options that do not belong to what is judged.

    Raises
    ------
    InvalidInput
        Where one is given.
    """
    from assay.errors import InvalidInput

    for name, given in options.items():
        if given is not None and given != []:
            raise InvalidInput(f"{name} does not go with this: {why}; see assay estimate --help")


def _scores(given: Sequence[str], columns: Mapping[str, object]) -> str | dict[str, str] | None:
    """Return the column of the score, or of several classes those of their probabilities."""
    from assay.errors import InvalidInput

    if not given:
        return None
    if len(given) == 1 and (given[0] in columns or "=" not in given[0]):
        return given[0]
    found: dict[str, str] = {}
    for text in given:
        name, equals, column = text.partition("=")
        if not equals or name in found:
            raise InvalidInput(f"--score {text[:80]!r}: of several classes each is given once, as CLASS=COL")
        found[name] = column
    return found


def _values(given: Sequence[str]) -> dict[str, float] | None:
    """Read ``name=number`` values of the four kinds of predictions."""
    from assay.errors import InvalidInput

    if not given:
        return None
    found: dict[str, float] = {}
    for text in given:
        name, _, number = text.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise InvalidInput(
                f"--value {text[:80]!r} is none; give tp, fp, tn and fn, each as NAME=NUMBER"
            ) from None
    return found
