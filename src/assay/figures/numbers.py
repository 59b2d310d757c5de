"""Numbers and times as a reader wants them: short, with their unit, never a false digit."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

__all__ = [
    "count_text",
    "interval_text",
    "moment_text",
    "p_text",
    "share_text",
    "short_count",
    "span_text",
    "value_text",
]

_DAY = timedelta(days=1)


def value_text(value: float | None, unit: str = "number") -> str:
    """Return `value` with its unit.

    Units are ``ratio`` (0.842), ``share`` (84.2%), ``change`` of a share (+1.2 pp), ``ms`` (12.3 ms) and
    ``number``.

    >>> value_text(0.84211, "ratio"), value_text(0.00312, "share"), value_text(12.34, "ms"), value_text(None)
    ('0.842', '0.31%', '12.3 ms', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if unit == "share":
        return share_text(value)
    if unit == "change":
        return "0" if abs(value) < 0.0005 else f"{100 * value:+.1f} pp"
    if unit == "ratio":
        return f"{value:.3f}"
    if unit == "ms":
        return f"{value / 1000:.2f} s" if abs(value) >= 1000 else f"{_significant(value)} ms"
    return _significant(value)


def interval_text(low: float, high: float, unit: str = "number") -> str:
    """Return an interval, its unit said once.

    >>> interval_text(7.12, 7.41, "ms"), interval_text(0.846, 0.87, "share")
    ('7.12 – 7.41 ms', '84.6 – 87.0%')
    """
    first, last = value_text(low, unit), value_text(high, unit)
    for suffix in (" ms", " s", "%"):
        if first.endswith(suffix) and last.endswith(suffix):
            return f"{first.removesuffix(suffix)} – {last}"
    return f"{first} – {last}"


def _significant(value: float) -> str:
    """Return `value` with three significant digits and no exponent where one can do without."""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 6 or size < -4:
        return f"{value:.3g}"
    return f"{value:,.{max(0, 2 - size)}f}"


def share_text(share: float | None) -> str:
    """Return a share as a percentage; one that is not quite 0% or 100% is never shown as such.

    >>> share_text(0.9996), share_text(0.00001), share_text(1.0)
    ('>99.9%', '<0.01%', '100%')
    """
    if share is None or not math.isfinite(share):
        return "–"
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    if share > 0.999:
        return ">99.9%"
    if 0 < share < 0.0001:
        return "<0.01%"
    return f"{share:.2%}" if abs(share) < 0.01 else f"{share:.1%}"


def p_text(p_value: float | None) -> str:
    """Return a p-value; very small ones are only said to be so.

    >>> p_text(0.0312), p_text(1e-30), p_text(None)
    ('0.031', 'below 1e-9', '–')
    """
    if p_value is None:
        return "–"
    return "below 1e-9" if p_value < 1e-9 else f"{p_value:.2g}"


def count_text(count: float) -> str:
    """Return a count with separators.

    >>> count_text(1234567)
    '1,234,567'
    """
    return f"{count:,.0f}"


def short_count(count: float) -> str:
    """Return a count in at most four digits.

    >>> short_count(950), short_count(336776), short_count(12_500_000)
    ('950', '336.8k', '12.5M')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if count >= size:
            return f"{count / (1e3 if letter == 'k' else size):.1f}{letter}"
    return count_text(count)


def moment_text(moment: datetime) -> str:
    """Return a moment in UTC, to the minute.

    >>> moment_text(datetime(2013, 3, 4, 5, 6, tzinfo=UTC))
    '4 Mar 2013, 05:06'
    """
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def span_text(start: datetime, end: datetime) -> str:
    """Return the stretch from `start` to before `end`, in whole days where it is made of whole days.

    >>> day = datetime(2013, 3, 4, tzinfo=UTC)
    >>> span_text(day, day + timedelta(days=7))
    '4 Mar – 10 Mar 2013'
    >>> span_text(day, day + timedelta(days=1))
    '4 Mar 2013'
    >>> span_text(day, day + timedelta(hours=1))
    '4 Mar 2013, 00:00 – 01:00'
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    midnight = (start.hour, start.minute, end.hour, end.minute) == (0, 0, 0, 0)
    if midnight and end > start:
        last = end - _DAY
        if last == start:
            return f"{start.day} {start:%b %Y}"
        first = f"{start.day} {start:%b}" + ("" if start.year == last.year else f" {start.year}")
        return f"{first} – {last.day} {last:%b %Y}"
    if end - start <= _DAY:
        return f"{moment_text(start)} – {end:%H:%M}"
    if end - start > 3 * _DAY:
        return f"{start.day} {start:%b} {start.year} – {end.day} {end:%b %Y}"
    return f"{moment_text(start)} – {moment_text(end)}"
