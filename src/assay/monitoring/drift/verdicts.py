"""Verdicts on drift: given when asked for, and read from the log of closed windows."""

from __future__ import annotations

from collections.abc import Callable, Collection

from assay.domain.detection import Detection
from assay.domain.drift_history import DriftHistory, DriftMoment
from assay.domain.model import Model
from assay.domain.time import DAY, HOUR, Granularity, from_micros
from assay.domain.window_drift import WindowDrift
from assay.errors import InvalidInput
from assay.monitoring.analyst import Analyst, Selection
from assay.monitoring.drift.records import drifted_in, verdict_of
from assay.monitoring.drift.stored import StoredDrift
from assay.monitoring.references import ReferenceKeeper
from assay.ports.drift_log import DriftLog
from assay.ports.profiles import Profiles

__all__ = ["Verdicts"]

_STEPS = {DAY: Granularity.DAY, HOUR: Granularity.HOUR}


class Verdicts:
    """The verdicts of a service. Thread-safe.

    Parameters
    ----------
    profiles, references, analyst : what is stored, and who reads it.
    log : where the verdicts on closed windows are.
    clock : microseconds since the epoch.
    budget : false alarms that a model may raise in a month.
    """

    def __init__(
        self,
        profiles: Profiles,
        references: ReferenceKeeper,
        analyst: Analyst,
        log: DriftLog,
        *,
        clock: Callable[[], int],
        budget: float,
    ) -> None:
        self.log = log
        self.stored = StoredDrift(
            profiles, references, analyst, clock=clock, drifted=drifted_in(log), budget=budget
        )

    def judge(self, model: Model, selection: Selection) -> WindowDrift:
        """Judge a window now; see :meth:`.stored.StoredDrift.judge`."""
        return self.stored.judge(model, selection)

    def history(self, model: Model, selection: Selection, *, step: int | None) -> DriftHistory:
        """Return the verdicts on the closed days (or hours, by `step`) that begin in a window.

        Raises
        ------
        InvalidInput
            Where the step is neither a day nor an hour, or a slice is asked for.
        """
        granularity = _STEPS.get(DAY if step is None else step)
        if granularity is None:
            raise InvalidInput("closed days and hours are judged: the step is 1d or 1h")
        if selection.slice[0]:
            raise InvalidInput("of slices no verdicts are kept; ask for the report of a window")
        start, version = granularity.floor(selection.start), selection.version or ""
        found, earlier = (
            tuple(
                map(
                    _moment,
                    read(model.model_id, granularity, start=start, end=selection.end, version=version),
                )
            )
            for read in (self.log.read, self.log.earlier)
        )
        return DriftHistory(model.model_id, selection.version, granularity.value, found, earlier)

    def closed(self, model: Model, selection: Selection, *, step: int) -> list[WindowDrift]:
        """Return the whole verdicts on closed days, or hours, by the active reference; others have none."""
        granularity = _STEPS.get(step)
        if granularity is None or selection.slice[0]:
            return []
        found = self.log.read(
            model.model_id,
            granularity,
            start=selection.start,
            end=selection.end,
            version=selection.version or "",
            with_payload=True,
        )
        return [verdict_of(one) for one in found if one.reference_id == model.reference_id]

    def newest(self, models: Collection[str], *, with_truth: bool = False) -> dict[str, DriftMoment]:
        """Return the verdict on the newest closed day of each of some models, where there is one.

        `with_truth` asks for the newest day whose truth was judged too.
        """
        found = self.log.newest(Granularity.DAY, models, with_truth=with_truth)
        return {one.model_id: _moment(one) for one in found}


def _moment(one: Detection) -> DriftMoment:
    return DriftMoment(
        start=from_micros(one.start),
        end=from_micros(one.end),
        n=one.n,
        status=one.status,
        drift_type=one.drift_type,
        drift_severity=one.severity,
        drift_confidence=one.confidence,
        affected_features=one.affected,
        columns=one.columns,
        reference_id=one.reference_id,
        baseline=one.baseline,
        learnt_hours=one.learnt_hours,
        computed_at=from_micros(one.computed_at),
        drift_types=one.types,
        n_labelled=one.n_labelled,
        accuracy_before=one.accuracy_before,
        accuracy=one.accuracy,
    )
