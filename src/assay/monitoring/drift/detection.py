"""Drift between two data frames: ``assay.detect_drift``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from assay.domain.drift_report import DriftReport
from assay.errors import InvalidInput
from assay.monitoring.drift.frames import Frames, Roles, blocks_of, order_of, read_frames
from assay.monitoring.drift.interactions import joint_evidence
from assay.monitoring.drift.judgement import FALSE_ALARM_RATE, judge_window
from assay.monitoring.drift.outcome import outcome_evidence
from assay.monitoring.drift.rounding import rounding_evidence
from assay.monitoring.intake.faults import shown
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.verdict.behaviour import Behaviour
from assay.stats.verdict.contrasts import Contrasts
from assay.stats.verdict.floors import Floors

__all__ = ["detect_drift"]


def detect_drift(
    reference: Any,
    current: Any,
    *,
    timestamp: str | None = None,
    prediction: str | None = None,
    target: str | None = None,
    score: str | None = None,
    features: Collection[str] | None = None,
    floors: Floors | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    seed: int = 0,
) -> DriftReport:
    """Judge whether the rows of one frame come from where those of another came from.

    A change counts as drift when it is more than chance, over all features and tests together, and at least
    as large as its floor. Where the reference has an order in time (`timestamp`, or rows that follow from
    those before them), its own windows are the null, so that memory, daily and weekly seasons raise no alarm.

    Parameters
    ----------
    reference, current : Polars, pandas or PyArrow frames, or dictionaries of arrays.
    timestamp, prediction, target, score : columns that are no features, where there are any. `score` is the
        probability of the positive class.
    features : columns to judge; None: all others of the reference.
    floors : the smallest changes that matter.
    false_alarm_rate : probability of an alarm where nothing has changed, from 0 to below 1.
    seed : of what is drawn by chance: the halves by which the truth given the inputs is fitted.

    Returns
    -------
    DriftReport
        With `drift_detected`, `drift_type`, `drift_severity`, `drift_confidence`, `affected_features` and the
        evidence of each feature.

    Raises
    ------
    InvalidInput
        Where one is no frame, a named column is absent, or the reference has no rows.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> before = {"age": rng.normal(40, 10, 5000), "plan": rng.choice(["a", "b"], 5000)}
    >>> after = {"age": rng.normal(46, 10, 1000), "plan": rng.choice(["a", "b"], 1000)}
    >>> report = detect_drift(before, after)
    >>> report.drift_detected, report.drift_type.value, report.affected_features
    (True, 'DATA_DRIFT', ('age',))
    """
    if not 0 < false_alarm_rate < 1:
        raise InvalidInput(f"false_alarm_rate must be between 0 and 1; got {false_alarm_rate!r:.40}")
    floors = floors or Floors()
    roles = Roles(timestamp, prediction, target, score)
    frames, learnt = read_frames(reference, current, roles, features)
    whole = slice(0, frames.rows[1])
    window = FeatureProfile.of(
        {name: rows.column(whole) for name, rows in frames.current.items()}, learnt, rows=frames.rows[1]
    )
    order = order_of(frames)
    behaviour = None
    if order is not None:
        behaviour = Behaviour.learn(blocks_of(frames, learnt, Contrasts.of(learnt.profile), order))
    starts, weights = _window_blocks(frames, behaviour)
    outputs = {name: role for role, name in roles.names.items() if role in ("prediction", "score")}
    return judge_window(
        learnt,
        window,
        roles=outputs,
        behaviour=behaviour,
        starts=starts,
        weights=weights,
        further=[
            *rounding_evidence(frames, floors),
            *joint_evidence(frames, learnt, behaviour, floors),
            *outcome_evidence(frames, roles, floors, order, np.random.default_rng(seed)),
        ],
        floors=floors,
        level=false_alarm_rate,
        notes=[f"{shown(name)} was not judged: {why}" for name, why in frames.broken.items()],
    )


def _window_blocks(frames: Frames, behaviour: Behaviour | None) -> tuple[Any, Any]:
    """Blocks that the window's rows lie in, and how many rows in each."""
    if behaviour is None or frames.times is None:
        return None, None
    known = frames.times[1][frames.times[1] >= 0]
    if not known.size:
        return None, None
    number, count = np.unique(known // behaviour.width, return_counts=True)
    return number * behaviour.width, count.astype(np.float64)
