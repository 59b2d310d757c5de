"""A model's page as one file: opens offline, prints, and asks nobody for anything."""

from __future__ import annotations

from assay.dashboard.report.answer import report_answer
from assay.dashboard.report.document import Document, report_document
from assay.dashboard.report.writing import report_html, write_report

__all__ = ["Document", "report_answer", "report_document", "report_html", "write_report"]
