"""A report over HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi.responses import HTMLResponse

from assay.dashboard.pages import HEADERS
from assay.dashboard.readings import Readings
from assay.dashboard.report.document import report_document
from assay.domain.time import from_micros

__all__ = ["report_answer"]


def report_answer(readings: Readings, model_id: str, choice: Mapping[str, str], *, now: int) -> HTMLResponse:
    """Answer with a report; with ``download=1`` in `choice`, for the disk rather than the window.

    Raises
    ------
    NotFound, InvalidInput
        See :func:`assay.dashboard.report.document.report_document`.
    """
    document = report_document(readings, model_id, choice, now=now)
    # The file's own policy, as a header, too: that of the pages would not let its scripts run.
    headers = HEADERS | {"Content-Security-Policy": f"{document.policy}; frame-ancestors 'none'"}
    if choice.get("download") == "1":
        headers["Content-Disposition"] = f'attachment; filename="{_file_name(model_id, now)}"'
    return HTMLResponse(document.html, headers=headers)


def _file_name(model_id: str, now: int) -> str:
    """Return a file's name of letters that mean nothing to any system.

    >>> _file_name("../fraud model", 0)
    'assay-fraud-model-1970-01-01.html'
    """
    name = re.sub(r"[^A-Za-z0-9_]+", "-", model_id).strip("-")[:60] or "model"
    return f"assay-{name}-{from_micros(now):%Y-%m-%d}.html"
