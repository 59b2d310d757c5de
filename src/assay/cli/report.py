"""``assay report``: everything about a model over a period, at the prompt or as a file."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from assay.cli.output import show
from assay.cli.target import open_target
from assay.errors import InvalidInput

__all__ = ["Chosen", "report"]

_PERIOD = "7d"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a report is to show, as given on the command line."""

    period: str | None = None
    start: str | None = None
    end: str | None = None
    step: str | None = None
    version: str | None = None
    slice: str | None = None

    @property
    def of_a_file_alone(self) -> bool:
        """Whether something is chosen that only a file can show."""
        return any((self.start, self.end, self.step, self.slice))


def report(at: str | None, model: str, chosen: Chosen, *, output: str | None, as_json: bool) -> None:
    """Show the report of a model, or write its page as one HTML file."""
    if output is None:
        _show(at, model, chosen, as_json=as_json)
    elif as_json:
        raise InvalidInput("--json prints figures, -o writes a page; give one of them")
    else:
        _write(at, model, chosen, output)


def _show(at: str | None, model: str, chosen: Chosen, *, as_json: bool) -> None:
    """Print the report as a table or as JSON."""
    if chosen.of_a_file_alone:
        raise InvalidInput(
            "--start, --end, --step and --slice need a file to write to (-o report.html); "
            "assay metrics shows the figures of any window"
        )
    with open_target(at) as monitor:
        answer = monitor.report(model, period=chosen.period or _PERIOD, version=chosen.version)
    show(answer, as_json=as_json)
    if answer.drift is not None and not as_json:
        show(answer.drift, as_json=False)


def _write(at: str | None, model: str, chosen: Chosen, output: str) -> None:
    """Write the page; ``-`` is standard output."""
    from assay.dashboard.report import report_html, write_report

    period = chosen.period
    if period is None and not (chosen.start or chosen.end):
        period = _PERIOD
    given = {
        "period": period,
        "start": chosen.start,
        "end": chosen.end,
        "step": chosen.step,
        "version": chosen.version,
        "slice": chosen.slice,
    }
    with open_target(at) as monitor:
        if output == "-":
            sys.stdout.buffer.write(report_html(monitor, model, **given).encode())
            sys.stdout.buffer.flush()
            return
        path = write_report(monitor, model, output, **given)
    size = path.stat().st_size if path.is_file() else 0
    print(f"{path}: the page of the model in {size / 1e6:.1f} MB; it opens in any browser, offline")
