"""``assay drift``: the verdict on two files, for a prompt and for pipelines."""

from __future__ import annotations

import enum
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from assay.cli.columns import column

if TYPE_CHECKING:
    from assay.cli.frame_files import FrameFile
    from assay.domain.drift_report import DriftReport
    from assay.stats.verdict.floors import Floors

__all__ = ["EXIT_DRIFT", "EXIT_NOT_ENOUGH", "drift"]

EXIT_DRIFT: Final = 2
EXIT_NOT_ENOUGH: Final = 3
"""With ``--strict``; else too few data are no failure."""


class Engine(enum.StrEnum):
    """Whose page ``--html`` writes; the verdict is Assay's in any case."""

    ASSAY = "assay"
    EVIDENTLY = "evidently"


def drift(
    reference: Annotated[
        str,
        typer.Argument(
            metavar="REFERENCE",
            help="Rows of a time when all was well: a Parquet, CSV, JSON lines or Arrow file, a folder or "
            "pattern of them, or a Delta table.",
        ),
    ],
    current: Annotated[
        str, typer.Argument(metavar="CURRENT", help="Rows to be judged, with the same columns.")
    ],
    timestamp: Annotated[str | None, column("timestamp", "Column of the time.")] = None,
    prediction: Annotated[str | None, column("prediction", "Column of the prediction.")] = None,
    target: Annotated[str | None, column("target", "Column of the truth.")] = None,
    score: Annotated[str | None, column("score", "Column of the probability of the positive class.")] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            "--feature", "--features", metavar="COL", help="Column that is judged. [default: every other one]"
        ),
    ] = None,
    leave_out: Annotated[
        list[str] | None, column("leave-out", "Column that is not judged, such as an id.")
    ] = None,
    false_alarm_rate: Annotated[
        float,
        typer.Option(metavar="RATE", help="Probability of an alarm where nothing has changed."),
    ] = 0.01,
    floor: Annotated[
        list[str] | None,
        typer.Option(
            "--floor",
            metavar="NAME=VALUE",
            help="Smallest change that matters: distribution, missing, new, dependence, rounding, error or "
            "metric.",
        ),
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a report as one HTML file.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="Whose report --html writes.")] = Engine.ASSAY,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 3 where there are not enough data for a verdict.")
    ] = False,
    delimiter: Annotated[
        str | None, typer.Option(help="What stands between values of CSV. [default: as the header shows]")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of CSV.")] = "utf8",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Judge whether one file has drifted from another.

    Ends with 0 where they have not, with 2 where they have, and with 1 where they could not be judged.
    """
    from assay.cli.backfill.files import Reading
    from assay.cli.frame_files import read_frame_files
    from assay.cli.output import end_cleanly, show
    from assay.monitoring.drift.detection import detect_drift

    end_cleanly()
    floors = _floors(floor or ())
    before, after = read_frame_files(
        reference, current, Reading(delimiter=delimiter, encoding=encoding), left_out=leave_out or ()
    )
    report = detect_drift(
        dict(before.columns),
        dict(after.columns),
        timestamp=timestamp,
        prediction=prediction,
        target=target,
        score=score,
        features=features,
        floors=floors,
        false_alarm_rate=false_alarm_rate,
    )
    for path, frame in ((reference, before), (current, after)):
        _tell_malformed(path, frame)
    if html is not None:
        _write(html, engine, report, (reference, current), (before, after))
    show(report, as_json=as_json)
    code = _code(report, strict=strict)
    if code:
        raise typer.Exit(code)


def _code(report: DriftReport, *, strict: bool) -> int:
    """Return the exit code; too few data are told on standard error."""
    from assay.cli.output import printable
    from assay.domain.drift_report import DriftStatus

    if report.status is DriftStatus.DRIFT:
        return EXIT_DRIFT
    if report.status is DriftStatus.NOT_ENOUGH_DATA:
        why = f" ({report.notes[-1]})" if report.notes else ""
        print(f"assay: {printable(report.summary + why)}", file=sys.stderr)
        return EXIT_NOT_ENOUGH if strict else 0
    return 0


def _tell_malformed(path: str, frame: FrameFile) -> None:
    from assay.cli.output import printable

    if frame.malformed:
        lines = "1 line was" if frame.malformed == 1 else f"{frame.malformed:,} lines were"
        print(f"assay: {printable(path[-200:])}: {lines} no row and left out", file=sys.stderr)


def _floors(given: Sequence[str]) -> Floors:
    """Read ``name=value`` floors.

    Raises
    ------
    InvalidInput
        Where there is no such floor, or the value is no number from 0 to below 1.
    """
    from assay.errors import InvalidInput
    from assay.stats.verdict.floors import Floors

    names = [one.name for one in fields(Floors)]
    values: dict[str, float] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in names:
            raise InvalidInput(
                f"--floor {text[:80]!r} names no floor; give one of {', '.join(names)} as NAME=VALUE"
            )
        try:
            values[name] = float(value)
        except ValueError:
            raise InvalidInput(
                f"--floor {text[:80]!r}: {value[:40]!r} is no number; give one from 0 to below 1"
            ) from None
    return Floors(**values)


def _write(
    html: str,
    engine: Engine,
    report: DriftReport,
    paths: tuple[str, str],
    frames: tuple[FrameFile, FrameFile],
) -> None:
    """Write the page; ``-`` is standard output."""
    reference, current = (Path(path).name or path for path in paths)
    if engine is Engine.EVIDENTLY:
        text = _by_evidently(report, frames)
    else:
        from assay.dashboard.report.drift_document import drift_document

        text = drift_document(report, reference=reference, current=current).html
    from assay.dashboard.report.writing import put_file

    if html == "-":
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    path = put_file(html, text)
    size = path.stat().st_size if path.is_file() else 0
    print(f"assay: {path}: the report in {size / 1e6:.1f} MB; it opens in any browser", file=sys.stderr)


def _by_evidently(report: DriftReport, frames: tuple[FrameFile, FrameFile]) -> str:
    """Return Evidently's page on the columns that were judged."""
    from assay.integrations.evidently_report import evidently_html
    from assay.stats.summaries.numeric import NumericSummary

    known = {} if report.profiles is None else report.profiles[0].features
    numeric = [name for name in report.features if isinstance(known.get(name), NumericSummary)]
    return evidently_html(
        frames[0].columns,
        frames[1].columns,
        numeric=numeric,
        categorical=[name for name in report.features if name not in set(numeric)],
    )
