"""What pages read from the service, kept until the model's profiles change.

A page asks for the same windows for a dozen figures, and a browser asks for those at the same time: each
is computed once.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar, cast

from assay.dashboard.reader import PageReader, Reader
from assay.dashboard.verdict_windows import together
from assay.dashboard.view import View
from assay.domain.answers import Calibration, DriftWindow, MetricWindow, ModelView
from assay.domain.drift_history import DriftMoment
from assay.domain.estimates import PerformanceEstimate
from assay.domain.feature_view import FeatureView
from assay.domain.model import Model
from assay.domain.time import DAY, HOUR
from assay.domain.window import WindowQuery
from assay.domain.window_drift import WindowDrift
from assay.errors import InvalidInput, NotFound

__all__ = ["PageReader", "Reader", "Readings"]

T = TypeVar("T")


class Readings:
    """Cached reads of one service. Safe to use from several threads.

    Parameters
    ----------
    service : the use cases.
    size : answers kept.
    max_age : seconds after which an answer is read again though nothing changed.
    clock : monotonic seconds.
    """

    def __init__(
        self,
        service: Reader,
        *,
        size: int = 48,
        max_age: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._size = size
        self._max_age = max_age
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[int, float, Future[object]]] = OrderedDict()

    def model(self, model_id: str) -> ModelView:
        """Return what is stored about a model; progress of rebuilds changes it, so it is read each time.

        Raises
        ------
        NotFound
            Where there is no such model.
        """
        return self._service.model(model_id)

    def models(self) -> list[Model]:
        """Return all models, by name."""
        found: list[Model] = []
        while page := self._service.models(after=found[-1].model_id if found else "", limit=1_000):
            found.extend(page)
            if len(page) < 1_000:
                break
        return found

    def revision(self, model_id: str) -> int:
        """Return a number that grows whenever the model's profiles change."""
        return self._service.revision(model_id)

    def position(self) -> int:
        """Return a number that grows whenever any model or its profiles change."""
        return self._service.position()

    def windows(self, model_id: str, view: View) -> list[MetricWindow]:
        """Metrics of each window of `view`."""
        return self._metrics(model_id, view.cut)

    def whole(self, model_id: str, view: View) -> MetricWindow | None:
        """Metrics of all of `view` as one window."""
        found = self._metrics(model_id, view.whole)
        return found[0] if found else None

    def before(self, model_id: str, view: View) -> list[MetricWindow]:
        """Metrics of each window of the period before, where `view` asks for them and they are kept."""
        if not view.compare:
            return []
        try:
            return self.windows(model_id, view.previous)
        except InvalidInput:  # of that time, nothing is kept by the minute any more
            return []

    def estimate(self, model_id: str, view: View) -> PerformanceEstimate:
        """What each window of `view` was to be expected to be without its labels."""
        window = view.cut
        return self._read(model_id, ("estimate", window), lambda: self._service.estimate(model_id, window))

    def feature(self, model_id: str, view: View, feature: str) -> FeatureView:
        """One feature in all of `view`, and in windows of it."""
        window = view.cut_for_drift
        return self._read(
            model_id,
            ("feature", window, feature),
            lambda: self._service.feature(model_id, feature, window),
        )

    def calibration(self, model_id: str, view: View) -> Calibration:
        """Reliability curve, confusion matrix and scores of all of `view`."""
        window = view.whole
        return self._read(
            model_id, ("calibration", window), lambda: self._service.calibration(model_id, window)
        )

    def drift(self, model_id: str, view: View) -> DriftWindow | None:
        """Drift in all of `view` as one window; None where there is no reference."""
        found = self._drift(model_id, view.whole)
        return found[0] if found else None

    def drift_windows(self, model_id: str, view: View, features: tuple[str, ...]) -> list[DriftWindow]:
        """Drift of some features in windows of `view`; empty where there is no reference."""
        return self._drift(model_id, view.cut_for_drift, features)

    def known_drift_windows(
        self, model_id: str, view: View, features: tuple[str, ...]
    ) -> list[DriftWindow] | None:
        """Return what :meth:`drift_windows` would, where it is kept; None where it had to be computed."""
        key = (model_id, ("drift", view.cut_for_drift, features))
        revision = self._service.revision(model_id)
        with self._lock:
            kept = self._kept.get(key)
            fresh = kept is not None and self._fresh(kept, revision) and kept[2].done()
        return self.drift_windows(model_id, view, features) if fresh else None

    def newest_drift(self, model_id: str) -> DriftMoment | None:
        """The verdict on the newest closed day; None where there is none."""
        return self._service.newest_drift([model_id]).get(model_id)

    def verdict(self, model_id: str, view: View) -> WindowDrift | None:
        """The verdict on all of `view` as one window; None where there is no reference."""
        window = view.whole
        return self._read(model_id, ("verdict", window), lambda: self._judged(model_id, window))

    def verdicts(self, model_id: str, view: View) -> list[WindowDrift]:
        """Verdicts on the windows in which drift is shown, of those on closed days or hours that are kept.

        None is given now: how a model behaves in time is learnt anew for each day.
        """
        window, step = view.cut_for_drift, view.drift_step
        unit = DAY if step % DAY == 0 else HOUR  # windows of days begin with a day
        starts = range(view.start // unit * unit, view.end, step)
        closed = replace(window, start=starts[0], end=starts[-1] + step, step=unit)
        return self._read(
            model_id,
            ("verdicts", window),
            lambda: together(self._service.closed_verdicts(model_id, closed), starts, step),
        )

    def _judged(self, model_id: str, window: WindowQuery) -> WindowDrift | None:
        """Judge a window; a model or slice without profiles of its features has no verdict."""
        try:
            return self._service.drift_report(model_id, window)
        except (NotFound, InvalidInput):
            return None

    def _metrics(self, model_id: str, window: WindowQuery) -> list[MetricWindow]:
        return self._read(model_id, ("metrics", window), lambda: self._service.metrics(model_id, window))

    def _drift(
        self, model_id: str, window: WindowQuery, features: tuple[str, ...] | None = None
    ) -> list[DriftWindow]:
        """Read drift; a model or slice without profiles of its features has none."""

        def read() -> list[DriftWindow]:
            try:
                return self._service.drift(model_id, window, features=features)
            except (NotFound, InvalidInput):
                return []

        return self._read(model_id, ("drift", window, features), read)

    def _read(self, model_id: str, what: Hashable, compute: Callable[[], T]) -> T:
        """Return the kept answer, that of a thread that is computing it, or compute it."""
        revision = self._service.revision(model_id)
        key = (model_id, what)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and self._fresh(kept, revision):
                self._kept.move_to_end(key)
                future, mine = kept[2], False
            else:
                future, mine = Future[object](), True
                self._kept[key] = (revision, self._clock(), future)
                self._kept.move_to_end(key)
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)
        if mine:
            try:
                future.set_result(compute())
            except BaseException as exc:
                future.set_exception(exc)
                with self._lock:
                    kept = self._kept.get(key)
                    if kept is not None and kept[2] is future:
                        del self._kept[key]
                raise
        return cast("T", future.result())

    def _fresh(self, kept: tuple[int, float, Future[object]], revision: int) -> bool:
        """Return whether a kept answer is of this revision and young enough."""
        return kept[0] == revision and self._clock() - kept[1] <= self._max_age
