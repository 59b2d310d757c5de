"""What is noticed about data as it comes in: new features, clashes of type, doubtful timestamps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from assay.domain.columns import BOOL_FEATURE, NUMERIC_FEATURE, TEXT_FEATURE, Kind
from assay.domain.finding import Finding, FindingKind
from assay.stats.summaries.reference import Reference

__all__ = ["FUTURE", "NAIVE", "feature_findings", "timestamp_findings", "with_notes"]

NAIVE = b"assay.naive_timestamps"
FUTURE = b"assay.future_timestamps"
_MOST = 100
_OTHER_KIND = {"numeric": (TEXT_FEATURE, BOOL_FEATURE), "categorical": (NUMERIC_FEATURE,)}
_CAME_AS = {TEXT_FEATURE: "text", BOOL_FEATURE: "true or false", NUMERIC_FEATURE: "a number"}


def with_notes(table: pa.Table, *, naive: int, future: int) -> pa.Table:
    """Write into the table's metadata what only the intake can know, for the consumers of the journal."""
    if not naive and not future:
        return table
    return table.replace_schema_metadata({NAIVE: str(naive).encode(), FUTURE: str(future).encode()})


def timestamp_findings(
    model_id: str, tables: Mapping[Kind, Sequence[pa.Table]], *, now: int
) -> list[Finding]:
    """Return findings about timestamps without a zone and from the future."""
    naive = future = 0
    for several in tables.values():
        for table in several:
            metadata = table.schema.metadata or {}
            naive += int(metadata.get(NAIVE, b"0"))
            future += int(metadata.get(FUTURE, b"0"))
    findings = []
    if naive:
        message = "timestamps came without a time zone and were read as UTC"
        findings.append(Finding(model_id, FindingKind.NAIVE_TIMESTAMPS, "", message, now, now, naive))
    if future:
        message = "timestamps lay in the future when they came; a clock may be wrong"
        findings.append(Finding(model_id, FindingKind.FUTURE_TIMESTAMPS, "", message, now, now, future))
    return findings


def feature_findings(
    model_id: str, predictions: pa.Table, reference: Reference | None, *, now: int
) -> list[Finding]:
    """Return findings about features that the reference does not know, or knows as another type."""
    if reference is None or (reference.provisional and not reference.rows):
        return []
    findings: list[Finding] = []
    for column in predictions.column_names:
        prefix, name = column[:2], column[2:]
        if prefix not in _CAME_AS or len(findings) >= _MOST:
            continue
        values = predictions.column(column)
        count = values.length() - values.null_count
        kind = reference.kind(name)
        if not count:
            continue
        if kind is None:
            message = "a feature came that the reference does not have; it is kept, and not judged for drift"
            findings.append(Finding(model_id, FindingKind.NEW_FEATURE, name, message, now, now, count))
        elif prefix in _OTHER_KIND[kind]:
            message = (
                f"the feature is {kind} in the reference and came as {_CAME_AS[prefix]}; "
                "both are kept, in columns of their own, and these values count as mistyped"
            )
            findings.append(Finding(model_id, FindingKind.TYPE_CLASH, name, message, now, now, count))
    return findings
