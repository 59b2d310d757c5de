"""Judges every closed hour and day of every model, and keeps the verdicts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from assay.domain.detection import Detection
from assay.domain.model import Model
from assay.domain.time import DAY, HOUR, MINUTE, Granularity
from assay.errors import AssayError, StorageError
from assay.monitoring.analyst import Selection
from assay.monitoring.drift.hours import SeriesName, read_volume
from assay.monitoring.drift.learning import MOST_DAYS
from assay.monitoring.drift.records import detection_of
from assay.monitoring.drift.stored import StoredDrift
from assay.monitoring.references import ReferenceKeeper
from assay.ports.drift_log import DriftLog
from assay.ports.profiles import Profiles
from assay.ports.registry import Registry

__all__ = ["DriftWatch"]

_log = logging.getLogger(__name__)

GRACE = 5 * MINUTE
"""A window is closed when later rows have come, or so long after its end."""

RECENT = 3 * DAY
"""How far back rows that came late are looked for at every look; once a day it is `MOST_DAYS`."""

MOST_VERSIONS = 10
"""Versions that serve side by side and are judged each by itself; with more, only all together are."""

_WIDTHS = ((Granularity.DAY, DAY), (Granularity.HOUR, HOUR))


class DriftWatch:
    """Looks for closed windows whose verdict is missing, or was given on fewer rows, and judges them.

    Of each model, and of each of its versions where several serve, every hour and every day is judged once it
    is closed, and again where rows came late or the reference is another. While a reference still grows from
    first traffic, or its profiles are being made, nothing is judged. Hours are kept for eight weeks, days for
    ever.

    Parameters
    ----------
    registry, profiles, references : what there is.
    verdicts : who judges.
    log : where verdicts are kept.
    revisions : a number for each model that grows whenever its profiles change.
    clock : microseconds since the epoch.
    """

    def __init__(
        self,
        registry: Registry,
        profiles: Profiles,
        references: ReferenceKeeper,
        verdicts: StoredDrift,
        log: DriftLog,
        *,
        revisions: Mapping[str, int],
        clock: Callable[[], int],
    ) -> None:
        self._registry = registry
        self._profiles = profiles
        self._references = references
        self._verdicts = verdicts
        self._log = log
        self._revisions = revisions
        self._clock = clock
        self._seen: dict[str, tuple[int, int]] = {}
        self._whole: dict[str, int] = {}
        self.figures = {"verdicts": 0.0, "verdict_seconds": 0.0, "drifted": 0.0}

    def run(self, *, stop: Callable[[], bool] = lambda: False) -> bool:
        """Judge what is due; return whether everything is done, false where `stop` said to leave off.

        Raises
        ------
        StorageError
            Where a store fails. What goes wrong with one model is logged, and the others are judged.
        """
        for model in self._models():
            if stop():
                return False
            now = self._clock()
            state = self._revisions.get(model.model_id, 0), (now - GRACE) // HOUR
            if self._seen.get(model.model_id) == state:
                continue
            try:
                done = self._look(model, now, stop)
            except StorageError:
                raise
            except AssayError as error:
                _log.warning("no verdicts on drift of the model %.80r: %s", model.model_id, error)
                done = True
            if not done:
                return False
            self._seen[model.model_id] = state
        return True

    def _models(self) -> Iterator[Model]:
        after = ""
        while models := self._registry.models(after=after):
            yield from models
            after = models[-1].model_id

    def _look(self, model: Model, now: int, stop: Callable[[], bool]) -> bool:
        """Judge what is due of one model; false where there was no time for all."""
        reference = self._references.active(model)
        if reference is None or self._profiles.state(model.model_id).running:
            return True
        if reference.provisional and reference.rows < model.settings.reference_rows:
            return True
        extent = self._profiles.extent(model.model_id)
        whole = {version: bounds for (version, key, _), bounds in extent.items() if not key}
        if not whole:
            return True
        last = max(high for _, high in whole.values())
        far = self._whole.get(model.model_id) != now // DAY
        since = Granularity.DAY.floor(last - (MOST_DAYS * DAY if far else RECENT))
        series = [""]
        late = [version for version, (low, high) in whole.items() if high >= since]
        if 1 < len(late) <= MOST_VERSIONS:
            series += sorted(late)
        for version in series:
            if not self._series(model, version, reference.id, since, last, now, stop):
                return False
        if far:
            self._log.drop(model.model_id, Granularity.HOUR, before=since)
            self._whole[model.model_id] = now // DAY
        return True

    def _series(
        self,
        model: Model,
        version: str,
        reference_id: str,
        since: int,
        last: int,
        now: int,
        stop: Callable[[], bool],
    ) -> bool:
        """Judge what is due of one series, the oldest first, days before the hours that they end with."""
        name = SeriesName(model.model_id, version or None)
        starts, rows = read_volume(self._profiles, name, since, last + HOUR)
        due: list[tuple[int, Granularity, int, int]] = []
        for granularity, width in _WIDTHS:
            begin, place = np.unique(starts // width * width, return_inverse=True)
            volume = np.bincount(place, rows, minlength=begin.size).astype(np.int64)
            known = {
                one.start: (one.n, one.reference_id)
                for one in self._log.read(
                    model.model_id, granularity, start=since, end=last + DAY, version=version
                )
            }
            for at, n in zip(begin.tolist(), volume.tolist(), strict=True):
                closed = last >= at + width or now >= at + width + GRACE
                if closed and known.get(at) != (n, reference_id):
                    due.append((at + width, granularity, at, n))
        made: list[Detection] = []
        for end, granularity, at, n in sorted(due, key=lambda one: (one[0], one[2])):
            if stop():
                break
            made.append(self._judged(model, version, granularity, at, end, n))
            if end % DAY == 0:  # the days after it learn from what has drifted
                self._log.put(made)
                made = []
        else:
            self._log.put(made)
            return True
        self._log.put(made)
        return False

    def _judged(
        self, model: Model, version: str, granularity: Granularity, start: int, end: int, n: int
    ) -> Detection:
        began = time.perf_counter()
        verdict = self._verdicts.judge(model, Selection(start, end, version or None))
        self.figures["verdicts"] += 1
        self.figures["drifted"] += verdict.drift_detected
        self.figures["verdict_seconds"] += time.perf_counter() - began
        return detection_of(verdict, granularity, n=n)
