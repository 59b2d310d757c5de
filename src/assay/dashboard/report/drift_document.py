"""A verdict on drift as HTML: what was found, the distributions it was found in, and how sure that is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from assay.dashboard.pages import render
from assay.dashboard.report.chart import Chart, Section, chart_of
from assay.dashboard.report.document import Document
from assay.dashboard.report.file_parts import library, shell
from assay.domain.drift_report import DriftEvidence, DriftReport, DriftStatus, DriftType, FeatureVerdict
from assay.figures.drift_verdict import drift_verdict_figure
from assay.figures.feature_distribution import distribution_figure
from assay.figures.names import shown
from assay.figures.numbers import count_text, p_text, share_text, value_text
from assay.figures.theme import DARK, LIGHT

__all__ = ["drift_document"]

_CHARTS = 12
"""Features whose distributions are drawn: those that have drifted, the gravest first."""

_NEAREST = 2
"""Features that are drawn where nothing has drifted: those nearest to an alarm."""

_ROWS = 300
"""Tests, and features with gaps, that stand in a table."""

_LOW = 260  # pixels

_STATUS = {
    DriftStatus.DRIFT: "drift",
    DriftStatus.NO_DRIFT: "no drift",
    DriftStatus.NOT_ENOUGH_DATA: "not enough data",
}
_TYPES = {
    DriftType.DATA: "data drift",
    DriftType.MODEL: "model drift",
    DriftType.CONCEPT: "concept drift",
    DriftType.PERFORMANCE: "performance drift",
}


@dataclass(frozen=True, slots=True)
class _Tile:
    label: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Evidence:
    """One line of the table of tests; `names` are clients'."""

    names: tuple[str, ...]
    role: str
    aspect: str
    statistic: str
    figures: tuple[str, ...]
    null: str
    drifted: bool


@dataclass(frozen=True, slots=True)
class _Gap:
    """Rows of one feature without a value, or with a new one, on both sides."""

    name: str
    figures: tuple[str, ...]


def drift_document(
    report: DriftReport,
    *,
    reference: str = "reference",
    current: str = "current",
    now: int | None = None,
) -> Document:
    """Return a verdict as one HTML file.

    Parameters
    ----------
    report : the verdict.
    reference, current : how the two sides are called.
    now : microseconds since the epoch; None: the clock's.
    """
    now = time.time_ns() // 1_000 if now is None else now
    ranked = report.ranked
    sections = _sections(report, ranked)
    tests, left_out = _tests(report, ranked)
    parts = shell((chart for section in sections for chart in section.charts), made=now)
    html = render(
        "drift_report.html",
        report=report,
        reference=reference,
        current=current,
        status=_STATUS[report.status],
        types=[_TYPES[kind] for kind in report.drift_types],
        tiles=_tiles(report),
        sections=sections,
        tests=tests,
        tests_left_out=left_out,
        gaps=_gaps(report, ranked),
        **parts,
    )
    return Document(html, parts["policy"], len(library()))


def _tiles(report: DriftReport) -> list[_Tile]:
    drifted = sum(one.drifted for one in report.features.values())
    least = report.smallest_detectable
    return [
        _Tile(
            "Severity",
            f"{report.drift_severity:.0f}" if report.drift_detected else "–",
            "of 100, the gravest finding" if report.drift_detected else "nothing was found",
        ),
        _Tile("Drifted", count_text(drifted), f"of {count_text(len(report.features))} features and outputs"),
        _Tile(
            "Rows",
            count_text(report.n_current),
            f"against {count_text(report.n_reference)} of the reference",
        ),
        _Tile(
            "Would have been seen",
            "–" if least is None else value_text(least, "ratio"),
            "distance from 0 to 1, median of features",
        ),
    ]


def _sections(report: DriftReport, ranked: Sequence[FeatureVerdict]) -> tuple[Section, ...]:
    """Draw all charts."""
    light, dark = (drift_verdict_figure(report, theme=theme) for theme in (LIGHT, DARK))
    note = "Bars: effect of the strongest evidence; marks: the floor from which on it matters"
    overall = chart_of(light, dark, key="effects", title="Effects and floors", note=note)
    sections = [Section("features", "Features", (overall,), columns="one")]
    drifted = [one for one in ranked if one.drifted]
    title = "What has drifted" if drifted else "Nearest to an alarm"
    drawn = tuple(
        chart
        for place, one in enumerate((drifted or ranked[:_NEAREST])[:_CHARTS])
        if (chart := _distribution(report, one, f"distribution-{place}")) is not None
    )
    if drawn:
        sections.append(Section("distributions", title, drawn))
    return tuple(sections)


def _distribution(report: DriftReport, one: FeatureVerdict, key: str) -> Chart | None:
    found = report.distribution(one.feature)
    if found is None:
        return None
    light, dark = (
        distribution_figure(found, words=[one.finding] if one.finding else [], theme=theme)
        for theme in (LIGHT, DARK)
    )
    said = f"severity {one.severity:.0f}" if one.drifted else "not drifted"
    return chart_of(
        light,
        dark,
        key=key,
        title=shown(one.feature, limit=60),
        note=said,
        is_name=True,
        height=_LOW,
    )


def _tests(report: DriftReport, ranked: Sequence[FeatureVerdict]) -> tuple[list[_Evidence], int]:
    """Return all tests, those about several features, the truth and metrics first; and how many were cut."""
    listed = [_test(one, one.features, "") for one in report.overall]
    listed += [_test(one, (verdict.feature,), verdict.role) for verdict in ranked for one in verdict.evidence]
    listed.sort(key=lambda one: not one.drifted)
    return listed[:_ROWS], max(0, len(listed) - _ROWS)


def _test(one: DriftEvidence, names: tuple[str, ...], role: str) -> _Evidence:
    return _Evidence(
        names,
        role,
        one.aspect,
        one.statistic.replace("_", " "),
        (
            value_text(one.effect, "ratio"),
            value_text(one.floor, "ratio"),
            p_text(one.p_value),
            p_text(one.adjusted_p_value),
        ),
        one.null,
        one.drifted,
    )


def _gaps(report: DriftReport, ranked: Sequence[FeatureVerdict]) -> list[_Gap]:
    """Return the features of which some rows have no value or a new category, the gravest first."""
    if report.profiles is None:
        return []
    before, after = (side.features for side in report.profiles)
    found: list[_Gap] = []
    for name in (one.feature for one in ranked):
        if len(found) == _ROWS or name not in before or name not in after:
            continue
        ours, theirs = before[name], after[name]
        new = getattr(theirs, "unnamed", 0)
        if ours.n == ours.rows and theirs.n == theirs.rows and not new:
            continue
        found.append(
            _Gap(
                name,
                (
                    share_text((ours.rows - ours.n) / ours.rows if ours.rows else None),
                    share_text((theirs.rows - theirs.n) / theirs.rows if theirs.rows else None),
                    share_text(new / theirs.n) if new and theirs.n else "–",
                ),
            )
        )
    return found
