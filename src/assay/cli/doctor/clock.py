"""Clocks: a wrong one shifts labels and windows."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from assay.cli.doctor.check import FAILED, OK, WARNING, Check

__all__ = ["clock", "set_back", "skew"]

_SANE: Final = (2025, 2100)
_SKEW: Final = 2.0
_BLINK: Final = 0.02


def clock() -> Iterator[Check]:
    """Look at this machine's clock and at what it knows of time zones."""
    yield _clock()
    yield _zones()


def _clock() -> Check:
    before, steady = time.time(), time.monotonic()
    time.sleep(_BLINK)
    drift = (time.time() - before) - (time.monotonic() - steady)
    now = datetime.now(UTC)
    if not _SANE[0] <= now.year < _SANE[1]:
        return Check("clock", FAILED, f"it says {now:%Y-%m-%d %H:%M} UTC", "set it, and keep it by NTP")
    if abs(drift) > 1.0:
        return Check("clock", WARNING, "it was set while it was looked at", "keep it by NTP, which slews it")
    return Check("clock", OK, f"{now:%Y-%m-%d %H:%M:%S} UTC; this machine's zone is {time.tzname[0]}")


def _zones() -> Check:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo("Europe/Amsterdam")
    except (ZoneInfoNotFoundError, OSError):
        return Check("time zones", WARNING, "their data is not installed", "pip install tzdata")
    return Check("time zones", OK, "their data is installed")


def skew(theirs: float, *, whose: str, coarse: float = 0.0, ours: float | None = None) -> Check:
    """Compare another clock with this one.

    Parameters
    ----------
    theirs : its time, in seconds since the epoch, as it was a moment ago.
    whose : whose clock it is.
    ours : this clock's time when theirs was read; None: now.
    coarse : how many seconds its time may lag behind because it is cut.
    """
    difference = theirs + coarse / 2 - (time.time() if ours is None else ours)
    size = max(0.0, abs(difference) - coarse / 2)
    figures = {"seconds": round(difference, 3)}
    name = f"clock of {whose}"
    if size > _SKEW:
        way = "ahead of" if difference > 0 else "behind"
        advice = "labels and windows shift by that; keep both clocks by NTP"
        return Check(name, WARNING, f"{size:.0f} s {way} this one", advice, figures)
    return Check(name, OK, f"agrees with this one to {max(_SKEW, coarse):.0f} s", figures=figures)


def set_back(place: Path, *, now: float | None = None) -> Check:
    """Look whether the database was written at a time that is yet to come.

    Then this clock has been set back, or was ahead when it was written, and rows without a time of their own
    go into earlier windows.

    Parameters
    ----------
    place : the data folder.
    now : seconds since the epoch; None: this clock's.
    """
    current = time.time() if now is None else now
    written = [current]
    for file in place.glob("assay.db*"):
        with contextlib.suppress(OSError):  # the log goes when the last user does
            written.append(file.stat().st_mtime)
    newest = max(written)
    name, figures = "clock of the folder", {"seconds": round(newest - current, 3)}
    if newest - current > _SKEW:
        moment = datetime.fromtimestamp(newest, UTC)
        told = f"it was last written at {moment:%Y-%m-%d %H:%M} UTC, which is yet to come"
        advice = "set this machine's clock, and keep it by NTP; new rows go into earlier windows till then"
        return Check(name, WARNING, told, advice, figures)
    return Check(name, OK, "nothing in it is from later than now", figures=figures)
