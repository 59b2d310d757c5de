"""The four types of drift are told apart on stored windows of models of each task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import assay
from assay.domain.drift_report import DriftType
from assay.domain.window_drift import WindowDrift
from tests.monitoring.drift.outcome_traffic import Rows, binary, regression, several

CASES: list[tuple[str, Callable[..., tuple[Rows, Rows]], dict[str, Any], bool, list[DriftType]]] = [
    ("binary", binary, {}, True, []),
    ("binary", binary, {"shift": 0.8}, True, [DriftType.DATA]),
    ("binary", binary, {"lift": 0.15}, False, [DriftType.MODEL]),
    ("binary", binary, {"flip": 0.25}, True, [DriftType.CONCEPT, DriftType.PERFORMANCE]),
    ("multiclass", several, {}, True, []),
    ("multiclass", several, {"shift": 0.8}, True, [DriftType.DATA]),
    ("multiclass", several, {"lift": 0.2}, False, [DriftType.MODEL]),
    ("multiclass", several, {"flip": 0.7}, True, [DriftType.CONCEPT, DriftType.PERFORMANCE]),
    ("regression", regression, {}, True, []),
    ("regression", regression, {"shift": 0.8}, True, [DriftType.DATA]),
    # An error that leans to one side is a larger one as well.
    ("regression", regression, {"off": 1.0}, True, [DriftType.CONCEPT, DriftType.PERFORMANCE]),
    ("regression", regression, {"noise": 1.6}, True, [DriftType.PERFORMANCE]),
]


@pytest.mark.parametrize(
    ("task", "make", "change", "labelled", "expected"),
    CASES,
    ids=[f"{task}-{next(iter(change), 'none')}" for task, _, change, *_ in CASES],
)
def test_types(
    tmp_path: Path,
    task: str,
    make: Callable[..., tuple[Rows, Rows]],
    change: dict[str, Any],
    labelled: bool,
    expected: list[DriftType],
) -> None:
    report = judged(tmp_path, task, make, change, labelled=labelled)
    assert list(report.drift_types) == expected
    assert report.drift_type == (expected[0] if expected else None)
    assert report.affected_features == (("amount",) if DriftType.DATA in expected else ())


@pytest.mark.nightly
def test_nothing_is_told_where_nothing_has_changed(tmp_path: Path) -> None:
    told = []
    for seed in range(100, 120):
        for task, make in (("binary", binary), ("multiclass", several), ("regression", regression)):
            report = judged(tmp_path / f"{task}-{seed}", task, make, {}, seed=seed)
            told += [(task, seed, kind) for kind in report.drift_types]
    # Sixty verdicts at a level of about one in sixty: more than four in 0.4% of such runs.
    assert len({(task, seed) for task, seed, _ in told}) <= 4, told


def judged(
    folder: Path,
    task: str,
    make: Callable[..., tuple[Rows, Rows]],
    change: dict[str, Any],
    *,
    labelled: bool = True,
    seed: int = 3,
) -> WindowDrift:
    """Two days as usual, then one with a change: the verdict on that."""
    with assay.open(folder) as monitor:
        monitor.configure("m", task=task, reference_rows=960)
        for hours, how in ((range(48), {}), (range(48, 72), change)):
            rows, labels = make(hours, seed=seed, **how)
            monitor.log(model="m", predictions=rows)
            if labelled or not how:
                monitor.label(model="m", labels=labels)
        return monitor.drift_report("m", period="1d")
