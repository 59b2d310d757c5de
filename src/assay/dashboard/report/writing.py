"""A report on the disk."""

from __future__ import annotations

import contextlib
import math
import os
import secrets
from pathlib import Path

from assay.dashboard.readings import Readings
from assay.dashboard.report.document import report_document
from assay.dashboard.report.drift_document import drift_document
from assay.dashboard.report.monitor_reader import ReaderOverMonitor
from assay.domain.drift_report import DriftReport
from assay.domain.window import Moment, Slice, pair_of
from assay.errors import StorageError
from assay.ports.monitor import MonitorReader

__all__ = ["put_file", "report_html", "write_drift_report", "write_report"]


def report_html(
    monitor: MonitorReader,
    model: str,
    *,
    period: str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    step: str | None = None,
    version: str | None = None,
    slice: Slice | None = None,  # noqa: A002 - the word that users know
) -> str:
    """Return the page of a model as one HTML document; see :func:`write_report`."""
    pair = pair_of("slice", slice)
    given = {
        "period": period,
        "start": None if start is None else str(start),
        "end": None if end is None else str(end),
        "step": step,
        "version": version,
        "slice": None if pair is None else ":".join(pair),
    }
    choice = {name: value for name, value in given.items() if value is not None}
    readings = Readings(ReaderOverMonitor(monitor), max_age=math.inf)  # however slow the network is
    return report_document(readings, model, choice).html


def write_report(
    monitor: MonitorReader,
    model: str,
    path: str | os.PathLike[str],
    *,
    period: str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    step: str | None = None,
    version: str | None = None,
    slice: Slice | None = None,  # noqa: A002 - the word that users know
) -> Path:
    """Write the page of a model as one HTML file that opens offline and prints.

    A file that is there is replaced, at once and whole: a reader sees the old one or the new one.

    Parameters
    ----------
    monitor : what :func:`assay.open` gave, in process or over HTTP.
    model : the model.
    path : where to write.
    period : the last such stretch, such as ``30d`` (the default), ``24h`` or ``all``. It ends now, or at the
        newest prediction where that is longer ago.
    start, end : a period of your own.
    step : width of a window, such as ``1d``; chosen by itself otherwise.
    version, slice : one version, one value of a declared tag.

    Returns
    -------
    pathlib.Path
        Where the report is.

    Raises
    ------
    NotFound
        Where there is no such model.
    InvalidInput
        Where the choice is not understood.
    StorageError
        Where the file cannot be written.
    """
    html = report_html(
        monitor, model, period=period, start=start, end=end, step=step, version=version, slice=slice
    )
    return put_file(path, html)


def write_drift_report(
    report: DriftReport,
    path: str | os.PathLike[str],
    *,
    reference: str = "reference",
    current: str = "current",
) -> Path:
    """Write a verdict on drift as one HTML file that opens offline and prints.

    It holds the findings in words, both distributions of what has drifted, all tests, and how it was judged:
    counts and figures, no row. A file that is there is replaced, at once and whole.

    Parameters
    ----------
    report : what :func:`assay.detect_drift` or a monitor answered.
    path : where to write.
    reference, current : how the two sides are called in it, such as the names of their files.

    Returns
    -------
    pathlib.Path
        Where the report is.

    Raises
    ------
    StorageError
        Where the file cannot be written.
    """
    return put_file(path, drift_document(report, reference=reference, current=current).html)


def put_file(path: str | os.PathLike[str], text: str) -> Path:
    """Write a report under its name, whole or not at all.

    Raises
    ------
    StorageError
        Where the file cannot be written.
    """
    target = Path(path)
    try:
        _replace(target, text.encode())
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise StorageError(f"the report cannot be written to {str(target)!r}: {reason}") from exc
    return target


def _replace(target: Path, content: bytes) -> None:
    """Put `content` under the name `target`, whole or not at all."""
    if target.exists() and not target.is_file():  # a pipe or /dev/stdout: nothing to be replaced
        target.write_bytes(content)
        return
    part = target.with_name(f".{target.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
