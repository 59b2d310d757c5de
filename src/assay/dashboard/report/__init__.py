"""A model's page, or a verdict, as one file: opens offline, prints, and asks nobody for anything."""

from __future__ import annotations

from assay.dashboard.report.answer import report_answer
from assay.dashboard.report.document import Document, report_document
from assay.dashboard.report.drift_document import drift_document
from assay.dashboard.report.writing import report_html, write_drift_report, write_report

__all__ = [
    "Document",
    "drift_document",
    "report_answer",
    "report_document",
    "report_html",
    "write_drift_report",
    "write_report",
]
