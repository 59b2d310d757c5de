"""The background thread that keeps profiles and lake up with the journal."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from assay.errors import AssayError, StaleWriter
from assay.monitoring.drift.watch import DriftWatch
from assay.monitoring.lake_writer import LakeWriter
from assay.monitoring.profiler import Profiler

__all__ = ["Worker"]

_log = logging.getLogger(__name__)
_IDLE_SECONDS = 1.0
_BACKOFF_SECONDS = 1.0
_VERDICT_SECONDS = 5.0
_HURRIED_SECONDS = 0.5


class Worker:
    """Runs rounds of the profiler, moves rows to the lake, and looks after both.

    A failure is logged, kept in `failure` for the health page, and tried again after a second: nothing needs
    a restart once the cause is gone.

    Parameters
    ----------
    profiler, lake_writer : the two consumers of the journal.
    watch : judges closed windows for drift; looks every `drift_seconds`.
    maintain : compacts and expires; called every `maintain_seconds`.
    lease : tries to become the one worker of the data folder; false where another process is.
    round_seconds : pause between rounds while data arrives.
    """

    def __init__(
        self,
        profiler: Profiler,
        lake_writer: LakeWriter,
        watch: DriftWatch,
        *,
        maintain: Callable[[], None],
        lease: Callable[[], bool],
        round_seconds: float,
        maintain_seconds: float,
        drift_seconds: float,
    ) -> None:
        self.profiler = profiler
        self._lake_writer = lake_writer
        self._watch = watch
        self._maintain = maintain
        self._lease = lease
        self._round_seconds = round_seconds
        self._maintain_seconds = maintain_seconds
        self._drift_seconds = drift_seconds
        self._wake = threading.Event()
        self._stop = threading.Event()
        self.failure: str | None = None
        self.figures = {
            "profile_seconds": 0.0,
            "lake_seconds": 0.0,
            "rounds": 0.0,
            "rows": 0.0,
            "failures": 0.0,
            **watch.figures,
        }
        self._thread = threading.Thread(target=self._run, name="assay-worker", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something new."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the step at hand and stop."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        maintained = looked = time.monotonic()
        while not self._stop.is_set():
            self._wake.wait(_IDLE_SECONDS)
            self._wake.clear()
            if self._stop.is_set():
                return
            try:
                if not self._lease():
                    continue
                self._work()
                if time.monotonic() - maintained >= self._maintain_seconds:
                    maintained = time.monotonic()
                    self._maintain()
                if time.monotonic() - looked >= self._drift_seconds and self._judge():
                    looked = time.monotonic()
                self.failure = None
            except StaleWriter:
                self.profiler.reset()
                self._wake.set()
            except Exception as error:  # noqa: BLE001 - the worker must outlive whatever goes wrong in a step
                # What is not foreseen is told by name only; the log has the rest.
                foreseen = isinstance(error, AssayError)
                self.failure = str(error) if foreseen else f"it failed ({type(error).__name__}); see the log"
                self.figures["failures"] += 1
                self.profiler.reset()
                if foreseen:
                    _log.warning("background work failed and is tried again: %s", error)
                else:
                    _log.exception("background work failed and is tried again")
                self._pause(_BACKOFF_SECONDS)
                self._wake.set()

    def _work(self) -> None:
        """Take steps until everything is done."""
        while not self._stop.is_set():
            started = time.perf_counter()
            more = self.profiler.step()
            between = time.perf_counter()
            self._lake_writer.run()
            ended = time.perf_counter()
            self.figures["rounds"] += 1
            self.figures["rows"] = float(self.profiler.rows)
            self.figures["profile_seconds"] += between - started
            self.figures["lake_seconds"] += ended - between
            if not more:
                return
            # Larger rounds cost less per row, so let some rows gather.
            self._pause(max(0.0, self._round_seconds - (ended - started)))

    def _judge(self) -> bool:
        """Judge what is due for drift, for some seconds at most; false where something is left."""
        began = time.monotonic()

        def stop() -> bool:
            waiting = self._wake.is_set()  # rows have come, and are profiled first
            limit = _HURRIED_SECONDS if waiting else _VERDICT_SECONDS
            return self._stop.is_set() or time.monotonic() - began > limit

        done = self._watch.run(stop=stop)
        self.figures |= self._watch.figures
        if not done:
            self._wake.set()
        return done

    def _pause(self, seconds: float) -> None:
        """Sleep, unless stopping."""
        self._stop.wait(seconds)
