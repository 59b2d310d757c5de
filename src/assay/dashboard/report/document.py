"""A model's page as HTML: styles, figures and the library that draws them in one text."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from assay.dashboard.model_page import model_page
from assay.dashboard.pages import render
from assay.dashboard.readings import Readings
from assay.dashboard.report.charts import report_sections
from assay.dashboard.report.file_parts import library, shell
from assay.dashboard.view import STEPS, View, parse_view
from assay.domain.time import DAY
from assay.figures.numbers import count_text

__all__ = ["Document", "report_document"]


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
    parts = shell((chart for section in sections for chart in section.charts), made=now)
    html = render("report.html", page=page, sections=sections, windows=_windows(view), **parts)
    return Document(html, parts["policy"], len(library()))


def _windows(view: View) -> str:
    """Say into how many windows the period is cut, and how wide they are."""
    names = {width: name for name, width in STEPS.items()}
    width = names.get(view.step, f"{view.step // DAY}d")
    return f"{count_text((view.end - view.start) // view.step)} of {width} each"
