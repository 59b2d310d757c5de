"""Judges every closed hour and day of every model, and keeps the verdicts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter

from assay.domain.detection import Detection
from assay.domain.model import Model
from assay.domain.time import DAY, HOUR, MINUTE, Granularity
from assay.errors import AssayError, StorageError
from assay.monitoring.analyst import Selection
from assay.monitoring.drift.closed_windows import ClosedWindow, closed_windows
from assay.monitoring.drift.hours import SeriesName
from assay.monitoring.drift.learning import MOST_DAYS
from assay.monitoring.drift.records import detection_of
from assay.monitoring.drift.stored import StoredDrift
from assay.monitoring.drift.truth import LABEL_GROWTH, TruthReader
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

_WINDOWS = (Granularity.DAY, Granularity.HOUR)

_Series = tuple[str, str]  # model and version
_Known = dict[tuple[Granularity, int], Detection]  # of which window: its verdict
_State = tuple[int, int]  # of a model: what changes when something may be due
_BEGIN = attrgetter("start")


class DriftWatch:
    """Looks for closed windows whose verdict is missing, or was given on fewer rows, and judges them.

    Of each model, and of each of its versions where several serve, every hour and every day is judged once it
    is closed, and again where rows came late, where labels came or were corrected
    (:meth:`~assay.monitoring.drift.truth.Truth.news`), or where the reference is another. While a reference
    still grows from first traffic, or its profiles are being made, nothing is judged. Hours are kept for
    eight weeks, days for ever.

    The newest closed hour and day of every model come first, whatever else is due: eight weeks that were
    never judged, of a thousand models, take hours. A verdict that was given before those on earlier days,
    from which it learns what had drifted, is given again once these are there.

    Parameters
    ----------
    registry, profiles, references : what there is.
    verdicts : who judges.
    log : where verdicts are kept.
    revisions : a number for each model that grows whenever its profiles change.
    label_growth : share of a window's predictions whose truth has come since, for it to be judged again.
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
        label_growth: float = LABEL_GROWTH,
    ) -> None:
        self._registry = registry
        self._profiles = profiles
        self._references = references
        self._verdicts = verdicts
        self._log = log
        self._revisions = revisions
        self._clock = clock
        self._label_growth = label_growth
        self._truth = TruthReader(profiles)
        self._newest: dict[str, _State] = {}
        self._seen: dict[str, _State] = {}
        self._whole: dict[str, int] = {}
        self._ahead: dict[_Series, set[ClosedWindow]] = {}
        self._again: dict[_Series, set[ClosedWindow]] = {}
        self.figures = {"verdicts": 0.0, "verdict_seconds": 0.0, "drifted": 0.0}

    def run(self, *, stop: Callable[[], bool] = lambda: False) -> bool:
        """Judge what is due; return whether everything is done, false where `stop` said to leave off.

        Raises
        ------
        StorageError
            Where a store fails. What goes wrong with one model is logged, and the others are judged.
        """
        models = list(self._models())
        for seen, look in ((self._newest, self._look_at_newest), (self._seen, self._look)):
            for model in models:
                if stop():
                    return False
                now = self._clock()
                state = self._state(model, now)
                if seen.get(model.model_id) == state:
                    continue
                try:
                    done = look(model, now, stop)
                except StorageError:
                    raise
                except AssayError as error:
                    _log.warning("no verdicts on drift of the model %.80r: %s", model.model_id, error)
                    done = True
                if not done:
                    return False
                seen[model.model_id] = state
        return True

    def _models(self) -> Iterator[Model]:
        after = ""
        while models := self._registry.models(after=after):
            yield from models
            after = models[-1].model_id

    def _state(self, model: Model, now: int) -> _State:
        return self._revisions.get(model.model_id, 0), (now - GRACE) // HOUR

    def _look_at_newest(self, model: Model, now: int, stop: Callable[[], bool]) -> bool:
        """Judge the newest closed hour and day of each series; false where there was no time for all."""
        state = self._state(model, now)  # what changes while it is looked at is looked at again
        found = self._series_of(model, RECENT)
        if found is None:
            return True
        reference_id, since, last, series = found
        left = self._whole.get(model.model_id) != now // DAY
        for version in series:
            windows, known = self._closed(model, version, since, last, now)
            due = {one for one in windows if _is_due(one, known, reference_id)}
            # Of either width the last one: windows come in order.
            newest = due & set({one.granularity: one for one in windows}.values())
            for one in sorted(newest, key=_BEGIN, reverse=True):
                if stop():
                    return False
                self._log.put([self._judged(model, version, one, known)])
                self._ahead.setdefault((model.model_id, version), set()).add(one)
            left = (
                left
                or due > newest
                or bool(self._again.get((model.model_id, version)))
                or bool(self._with_news(model, version, set(windows) - due, known))
            )
        if not left:
            self._seen[model.model_id] = state
        return True

    def _look(self, model: Model, now: int, stop: Callable[[], bool]) -> bool:
        """Judge what is due of one model; false where there was no time for all."""
        far = self._whole.get(model.model_id) != now // DAY
        found = self._series_of(model, MOST_DAYS * DAY if far else RECENT)
        if found is None:
            return True
        reference_id, since, last, series = found
        for version in series:
            windows, known = self._closed(model, version, since, last, now)
            due = [one for one in windows if _is_due(one, known, reference_id)]
            labelled = self._with_news(model, version, set(windows) - set(due), known)
            if model.model_id not in self._whole:  # those before us may have left off half-way
                missing = [one for one in due if (one.granularity, one.start) not in known]
                self._judge_again(model, version, set(windows) - set(due), missing)
            self._judge_again(model, version, self._ahead.pop((model.model_id, version), set()), due)
            if not self._judge(model, version, [*due, *labelled], known, stop):
                return False
        if far:
            self._log.drop(model.model_id, Granularity.HOUR, before=since)
            self._whole[model.model_id] = now // DAY
        return True

    def _series_of(self, model: Model, back: int) -> tuple[str, int, int, list[str]] | None:
        """Return the reference's id, since when, the last hour, and the versions; None: nothing is judged."""
        reference = self._references.active(model)
        if reference is None or self._profiles.state(model.model_id).running:
            return None
        if reference.provisional and reference.rows < model.settings.reference_rows:
            return None
        extent = self._profiles.extent(model.model_id)
        whole = {version: bounds for (version, key, _), bounds in extent.items() if not key}
        if not whole:
            return None
        last = max(high for _, high in whole.values())
        since = Granularity.DAY.floor(last - back)
        late = [version for version, (_, high) in whole.items() if high >= since]
        several = 1 < len(late) <= MOST_VERSIONS
        return reference.id, since, last, ["", *sorted(late)] if several else [""]

    def _closed(
        self, model: Model, version: str, since: int, last: int, now: int
    ) -> tuple[list[ClosedWindow], _Known]:
        """Return the closed windows of a series, and which verdicts are kept."""
        name = SeriesName(model.model_id, version or None)
        windows = closed_windows(self._profiles, name, since=since, last=last, passed=now - GRACE)
        known = {
            (granularity, one.start): one
            for granularity in _WINDOWS
            for one in self._log.read(
                model.model_id, granularity, start=since, end=last + DAY, version=version
            )
        }
        return windows, known

    def _with_news(
        self, model: Model, version: str, windows: set[ClosedWindow], known: _Known
    ) -> list[ClosedWindow]:
        """Return those of `windows`, which have verdicts, whose truth has changed since."""
        if not windows:
            return []
        begin, end = min(one.start for one in windows), max(one.end for one in windows)
        truth = self._truth.read(model, SeriesName(model.model_id, version or None), begin, end)
        found = [
            one
            for one in windows
            if truth.news(one, known[one.granularity, one.start], growth=self._label_growth)
        ]
        if found:
            self._verdicts.forget_truth(model.model_id)
        return found

    def _judge_again(
        self, model: Model, version: str, windows: set[ClosedWindow], earlier: Sequence[ClosedWindow]
    ) -> None:
        """Remember to judge those of `windows` again that come on a later day than one of `earlier`."""
        first = min((one.start // DAY for one in earlier), default=None)
        early = {one for one in windows if first is not None and one.start // DAY > first}
        if early:
            self._again.setdefault((model.model_id, version), set()).update(early)
            self._verdicts.forget(model.model_id)  # what was learnt without the verdicts that are missing

    def _judge(
        self,
        model: Model,
        version: str,
        due: Sequence[ClosedWindow],
        known: _Known,
        stop: Callable[[], bool],
    ) -> bool:
        """Judge windows of one series, the oldest first, days before the hours that they end with."""
        again = self._again.get((model.model_id, version), set())
        made: list[Detection] = []
        done = True
        for one in sorted({*due, *again}, key=lambda one: (one.end, one.start)):
            if stop():
                done = False
                break
            made.append(self._judged(model, version, one, known))
            again.discard(one)
            if one.end % DAY == 0:  # the days after it learn from what has drifted
                self._log.put(made)
                made = []
        self._log.put(made)
        return done

    def _judged(self, model: Model, version: str, window: ClosedWindow, known: _Known) -> Detection:
        began = time.perf_counter()
        name = SeriesName(model.model_id, version or None)
        # Read before it is judged: labels that come meanwhile have the window judged once more.
        truth = self._truth.read(model, name, window.start, window.end)
        before = known.get((window.granularity, window.start))
        looks = 0 if before is None else before.looks
        selection = Selection(window.start, window.end, version or None)
        verdict = self._verdicts.judge(model, selection, look=looks + 1)
        self.figures["verdicts"] += 1
        self.figures["drifted"] += verdict.drift_detected
        self.figures["verdict_seconds"] += time.perf_counter() - began
        return detection_of(
            verdict, window.granularity, n=window.n, truth=truth.of(window.start, window.end), looks=looks
        )


def _is_due(window: ClosedWindow, known: _Known, reference_id: str) -> bool:
    """Whether a window has no verdict, or one on fewer rows or against another reference."""
    verdict = known.get((window.granularity, window.start))
    return verdict is None or (verdict.n, verdict.reference_id) != (window.n, reference_id)
