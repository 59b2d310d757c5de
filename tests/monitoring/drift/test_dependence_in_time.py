"""Dependence within a window is held against that within the reference's windows of the same phase."""

from __future__ import annotations

import numpy as np
import pandas as pd

import assay

_DAY = 288
_MINUTES = 5


def _season(rng: np.random.Generator, *, tied: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Four weeks of three columns with a daily season, and half a day after; `tied` correlates two there."""
    rows, window = 28 * _DAY, _DAY // 2
    moments = pd.date_range("2025-01-06", periods=rows + window, freq=f"{_MINUTES}min")
    phase = 2 * np.pi * np.arange(rows + window) / _DAY
    noise = rng.standard_normal((rows + window, 3))
    noise[rows:, 1] = tied * noise[rows:, 0] + np.sqrt(1 - tied**2) * noise[rows:, 1]
    columns = {f"x{k}": 2 * np.sin(phase + k * np.pi / 2) + noise[:, k] for k in range(3)}
    frame = pd.DataFrame({"time": moments, **columns})
    return frame[:rows], frame[rows:].reset_index(drop=True)


def _surprise(seed: int, tied: float = 0.0) -> float:
    before, after = _season(np.random.default_rng(seed), tied=tied)
    report = assay.detect_drift(before, after, timestamp="time")
    assert report.season == "daily"
    found = [one for one in report.overall if one.statistic == "correlation" and one.p_value is not None]
    assert all(one.null == "windows of the reference" for one in found)
    return min((one.p_value for one in found if one.p_value is not None), default=1.0)


def test_what_a_season_does_within_a_window_is_no_change() -> None:
    surprises = [_surprise(seed) for seed in range(10)]
    assert min(surprises) > 0.005
    assert np.mean(np.array(surprises) < 0.1) <= 0.4


def test_a_change_within_a_season_is_found() -> None:
    assert _surprise(3, tied=0.9) < 1e-3


def test_a_number_that_moves_for_one_category_is_what_has_changed() -> None:
    rng = np.random.default_rng(4)

    def frame(rows: int, move: float) -> dict[str, np.ndarray]:
        kind = rng.choice(["a", "b"], rows, p=[0.8, 0.2])
        return {"kind": kind, "x": rng.standard_normal(rows) + move * (kind == "b"), "y": rng.random(rows)}

    report = assay.detect_drift(frame(5000, 0.0), frame(1500, 1.0))
    assert report.affected_features == ("x",)
    assert not report.features["kind"].drifted
    assert any(one.drifted and set(one.features) == {"kind", "x"} for one in report.overall)
