"""What a page shows: a stretch of event time, cut into windows, of one version or slice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from assay.domain.answers import ModelView
from assay.domain.time import DAY, HOUR, MINUTE, from_micros, parse_duration, to_micros
from assay.domain.window import WindowQuery
from assay.errors import InvalidInput

__all__ = ["MAX_WINDOWS", "PRESETS", "STEPS", "View", "auto_step", "parse_view"]

MAX_WINDOWS = 400
"""Most windows that a period is cut into: more would be narrower than a pixel of a chart."""

MAX_DRIFT_WINDOWS = 100
"""Most windows in which drift is shown."""

PRESETS: dict[str, int | None] = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY, "all": None}
DEFAULT_PERIOD = "30d"

STEPS: dict[str, int] = {
    "1m": MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "1h": HOUR,
    "6h": 6 * HOUR,
    "1d": DAY,
    "7d": 7 * DAY,
    "28d": 28 * DAY,
}
_MONDAY = 4 * DAY  # the epoch's first Monday is 5 January 1970


@dataclass(frozen=True, slots=True)
class View:
    """A choice of data; times in microseconds, ``start <= t < end``, both on a boundary of `step`.

    Attributes
    ----------
    period : the preset's name, or ``custom`` where start and end were given.
    step : width of a window. `step_name`: its name where it was asked for, else empty.
    steps : names of the widths that cut this period into 2 to 400 windows.
    compare : the period before is drawn, too.
    at_newest : the period ends at the newest event, which is longer ago than the period is long.
    """

    period: str
    start: int
    end: int
    step: int
    version: str | None = None
    slice: tuple[str, str] | None = None
    step_name: str = ""
    steps: tuple[str, ...] = ()
    at_newest: bool = False
    given_start: str = ""
    given_end: str = ""
    compare: bool = False

    @property
    def span(self) -> tuple[str, str]:
        """Start and end as ``2013-03-01T12:00``, in UTC."""
        first, last = (from_micros(moment).strftime("%Y-%m-%dT%H:%M") for moment in (self.start, self.end))
        return first, last

    @property
    def whole(self) -> WindowQuery:
        """All of it as one window."""
        return WindowQuery(self.start, self.end, None, self.version, self.slice)

    @property
    def cut(self) -> WindowQuery:
        """Each window of it."""
        return replace(self.whole, step=self.step)

    @property
    def cut_for_drift(self) -> WindowQuery:
        """Each window of it in which drift is shown."""
        return replace(self.whole, step=self.drift_step)

    @property
    def drift_step(self) -> int:
        """Width of the windows in which drift is shown: an hour at least, and at most 100 of them.

        Profiles of features are kept by the hour, and every window costs a comparison of each feature.
        """
        widths = [width for width in STEPS.values() if width >= max(self.step, HOUR)]
        fitting = (width for width in widths if (self.end - self.start) / width <= MAX_DRIFT_WINDOWS)
        return next(fitting, max(self.step, HOUR))

    @property
    def for_lines(self) -> View:
        """The same stretch in the windows of small lines: by the hour where it is half a day or longer.

        A day in quarters of an hour rests on 1,440 profiles by the minute: charts fetch these when they are
        in sight, the page itself does not wait for them.
        """
        fine = self.step < HOUR and self.end - self.start >= 12 * HOUR
        return replace(self, step=HOUR) if fine else self

    @property
    def previous(self) -> View:
        """The stretch of the same length just before."""
        length = self.end - self.start
        return View(
            self.period, self.start - length, self.start, self.step, version=self.version, slice=self.slice
        )

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of this view with `changes`; what is the default is left out.

        Changing the period drops a given start and end, and the step, which may not fit it.
        """
        values: dict[str, str | None] = {
            "period": None if self.period in (DEFAULT_PERIOD, "custom") else self.period,
            "start": self.given_start or None,
            "end": self.given_end or None,
            "step": self.step_name or None,
            "version": self.version,
            "slice": ":".join(self.slice) if self.slice else None,
            "compare": "before" if self.compare else None,
        }
        if "period" in changes:
            values |= {"start": None, "end": None, "step": None}
        values |= changes
        return {key: value for key, value in values.items() if value is not None}

    def query(self, **changes: str | None) -> str:
        """Return the query string of this view with `changes`; it is never empty."""
        return urlencode(self.parameters(**changes) or {"period": DEFAULT_PERIOD})


def parse_view(params: Mapping[str, str], model: ModelView, *, now: int) -> View:
    """Read a view from an address's parameters.

    A preset ends now, or at the newest event where that is longer ago than the period is long (so that
    replayed history is seen), and starts no earlier than the first event; ``all`` runs from the first
    event to the newest.

    Raises
    ------
    InvalidInput
        Where a parameter is not understood.
    """
    first = to_micros(model.first) if model.first else now - DAY
    newest = to_micros(model.last) if model.last else now
    given_start, given_end = params.get("start", ""), params.get("end", "")
    at_newest = False
    if given_start or given_end:
        period = "custom"
        end = _moment(given_end) if given_end else max(newest, now)
        start = _moment(given_start) if given_start else first
        if start >= end:
            raise InvalidInput("the period's start is not before its end; swap them or clear both")
    else:
        period = params.get("period") or DEFAULT_PERIOD
        length = PRESETS[period] if period in PRESETS else parse_duration(period)
        if length is None:
            start, end = min(first, newest - HOUR), newest
        else:
            at_newest = newest < now - length
            end = newest if at_newest else max(now, min(newest, now + HOUR))
            start = max(end - length, min(first, end - HOUR))  # a young model's first hours fill the page
    steps = tuple(name for name, width in STEPS.items() if 2 <= (end - start) / width <= MAX_WINDOWS)
    oldest_minute = now - model.model.settings.minute_retention
    if start < oldest_minute:  # older profiles are kept by the hour
        steps = tuple(name for name in steps if STEPS[name] >= HOUR)
    step_name = params.get("step", "")
    if step_name and step_name not in STEPS:
        raise InvalidInput(f"unknown step {step_name[:80]!r}; the steps are {', '.join(STEPS)}")
    if step_name not in steps:
        step_name = ""
    step = STEPS[step_name] if step_name else auto_step(end - start, by_minute=start >= oldest_minute)
    start, end = _floor(start, step), _ceil(end, step)
    return View(
        period=period,
        start=start,
        end=end,
        step=step,
        version=params.get("version") or None,
        slice=_slice(params.get("slice", ""), model),
        step_name=step_name,
        steps=steps,
        at_newest=at_newest,
        given_start=given_start,
        given_end=given_end,
        compare=params.get("compare") == "before",
    )


def auto_step(length: int, *, by_minute: bool) -> int:
    """Return the width of window that shows a stretch of `length` best; minutes only where they are kept.

    >>> auto_step(30 * DAY, by_minute=False) == DAY
    True
    """
    if by_minute and length <= 2 * HOUR:
        return MINUTE
    if by_minute and length <= 26 * HOUR:
        return 15 * MINUTE
    for limit, step in ((8 * DAY, HOUR), (200 * DAY, DAY), (4 * 365 * DAY, 7 * DAY)):
        if length <= limit:
            return step
    return 28 * DAY * max(1, math.ceil(length / (28 * DAY * MAX_WINDOWS)))


def _floor(micros: int, step: int) -> int:
    """Return the boundary at or before `micros`; weeks begin on Monday."""
    anchor = _MONDAY if step % (7 * DAY) == 0 else 0
    return (micros - anchor) // step * step + anchor


def _ceil(micros: int, step: int) -> int:
    """Return the boundary at or after `micros`."""
    floor = _floor(micros, step)
    return floor if floor == micros else floor + step


def _moment(text: str) -> int:
    """Read a date or a moment in ISO 8601, UTC where no zone is given."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"{text[:80]!r} is not a moment; write a date such as 2013-03-01 or 2013-03-01T12:00"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not 1970 < moment.year < 2200:
        raise InvalidInput(f"the year {moment.year} is out of range; give one from 1971 to 2199")
    return to_micros(moment)


def _slice(text: str, model: ModelView) -> tuple[str, str] | None:
    """Read ``key:value``; the key is one of the model's declared tags, which may hold a colon itself."""
    if not text:
        return None
    keys = sorted((key for key in model.slices if text.startswith(f"{key}:")), key=len)
    if not keys:
        known = ", ".join(repr(key[:40]) for key in list(model.slices)[:10]) or "none"
        raise InvalidInput(f"no slice {text[:80]!r}; write tag:value with a declared tag ({known})")
    return keys[-1], text[len(keys[-1]) + 1 :]
