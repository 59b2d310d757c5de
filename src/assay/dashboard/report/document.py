"""A report as HTML: styles, figures and the library that draws them in one text."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import plotly
from markupsafe import Markup

import assay
from assay.dashboard.model_page import model_page
from assay.dashboard.pages import render
from assay.dashboard.readings import Readings
from assay.dashboard.report.charts import report_sections
from assay.dashboard.view import STEPS, View, parse_view
from assay.domain.time import DAY
from assay.figures.numbers import count_text

__all__ = ["Document", "report_document"]

_HERE = Path(__file__).parent
_STATIC = _HERE.parent / "static"


@dataclass(frozen=True, slots=True)
class Document:
    """A report.

    Attributes
    ----------
    html : the whole file.
    policy : the content security policy that it carries, for who sends it over HTTP.
    library_bytes : how much of it is the library that draws, the same in every report.
    """

    html: str
    policy: str
    library_bytes: int


def report_document(
    readings: Readings, model_id: str, choice: Mapping[str, str], *, now: int | None = None
) -> Document:
    """Return the page of a model as one HTML file.

    Parameters
    ----------
    readings : what pages read.
    model_id : the model.
    choice : what to show, as in the query of the model's page (``period``, ``version``, ...).
    now : microseconds since the epoch, where a period ends; None: the clock's.

    Raises
    ------
    NotFound
        Where there is no such model.
    InvalidInput
        Where the choice is not understood.
    """
    now = time.time_ns() // 1_000 if now is None else now
    model = readings.model(model_id)
    view = parse_view(choice, model, now=now)
    page = model_page(readings, model, view)
    sections = report_sections(page, readings)
    figures = {
        chart.key: {"figure": chart.figure, "dark": chart.dark}
        for section in sections
        for chart in section.charts
    }
    style = _text("assay.css") + _text("report.css")
    policy = _policy(style, _text("plotly.css"))
    html = render(
        "report.html",
        page=page,
        sections=sections,
        shown_version=assay.__version__,
        made=now,
        windows=_windows(view),
        policy=policy,
        style=Markup(style),  # noqa: S704 - our own file
        plotly_style=Markup(_text("plotly.css")),  # noqa: S704 - our own file
        script=Markup(_script()),  # noqa: S704 - our own file
        library=_library(),
        figures=_packed(json.dumps(figures, separators=(",", ":"), allow_nan=False)),
    )
    return Document(html, policy, len(_library()))


def _windows(view: View) -> str:
    """Say into how many windows the period is cut, and how wide they are."""
    names = {width: name for name, width in STEPS.items()}
    width = names.get(view.step, f"{view.step // DAY}d")
    return f"{count_text((view.end - view.start) // view.step)} of {width} each"


def _packed(text: str) -> str:
    """Return `text` compressed, as base64: smaller than it was, and no sign of it means anything in HTML."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _policy(*styles: str) -> str:
    """Return a policy that lets the file's own scripts and styles work, and nothing else."""
    scripts = " ".join(_hash(text) for text in (_script(), _plotly()))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {' '.join(map(_hash, styles))}; "
        # Plotly sets the style attribute of the SVG elements that it makes.
        "style-src-attr 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    """Return the source expression for an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@functools.cache
def _text(name: str) -> str:
    """Return one of our own files."""
    path = _HERE / name
    return (path if path.exists() else _STATIC / name).read_text(encoding="utf-8")


@functools.cache
def _script() -> str:
    """Return the file's script."""
    return _text("images.js") + _text("report.js")


@functools.cache
def _plotly() -> str:
    """Return plotly.js from the installed package."""
    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


@functools.cache
def _library() -> str:
    """Return plotly.js packed: less than half of its size."""
    return _packed(_plotly())
