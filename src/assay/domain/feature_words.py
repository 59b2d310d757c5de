"""What changed about a feature, in words."""

from __future__ import annotations

from collections.abc import Sequence

from assay.domain.feature_view import FeatureSide
from assay.domain.rendering import number, share
from assay.stats.drift import FeatureDrift
from assay.stats.drift.histogram import Bar

__all__ = ["CHANCE", "changes_in_words"]

CHANCE = 0.001
"""A change is worded only where some test's p-value is at most this: about one in a thousand is by chance."""

_SHIFT = 0.1  # of the reference's standard deviation, or of it itself
_SHARE = 0.01
_NAMED = 3


def changes_in_words(
    reference: FeatureSide, current: FeatureSide, drift: FeatureDrift, bars: Sequence[Bar]
) -> tuple[str, ...]:
    """Say what changed, the largest matters first; what chance explains is not worded.

    Parameters
    ----------
    reference, current : figures of both sides.
    drift : statistics of change; at least one p-value of 0.001 or less is needed for any word.
    bars : both distributions.
    """
    if not current.rows:
        return ("No prediction had this feature in this period.",)
    tests = [one.p_value for one in drift.statistics.values() if one.p_value is not None]
    if tests and min(tests) > CHANCE:
        return (f"No change beyond chance: the smallest p-value is {min(tests):.2g}.",)
    said: list[str] = []
    if current.n and reference.n:
        said += _numbers(reference, current) if drift.kind == "numeric" else _categories(bars, drift)
    elif reference.n:
        said.append("Not one row has a value.")
    said += _gaps(reference, current)
    return tuple(said or ["The distribution moved a little; neither its centre nor its spread changed much."])


def _numbers(reference: FeatureSide, current: FeatureSide) -> list[str]:
    """Centre, spread, and values where there were none."""
    said = []
    was, now, spread = reference.mean, current.mean, reference.std
    if was is not None and now is not None and now != was:
        shift = abs(now - was) / spread if spread else None
        if shift is None or shift >= _SHIFT:
            size = "" if shift is None else f", by {number(round(shift, 2))} standard deviations"
            said.append(
                f"The mean {'rose' if now > was else 'fell'} from {number(was)} to {number(now)}{size}."
            )
    if spread and current.std is not None and abs(current.std / spread - 1) >= _SHIFT:
        verb = "grew" if current.std > spread else "shrank"
        said.append(f"The standard deviation {verb} from {number(spread)} to {number(current.std)}.")
    if current.new_share is not None and current.new_share >= _SHARE:
        said.append(
            f"{share(current.new_share)} of the values lie outside the reference's range, "
            f"{number(reference.min)} to {number(reference.max)}."
        )
    return said


def _categories(bars: Sequence[Bar], drift: FeatureDrift) -> list[str]:
    """Categories that came, and those whose share changed most."""
    n, m = max(drift.n_reference, 1), max(drift.n_current, 1)
    said = []
    new = sorted((bar for bar in bars if bar.new and bar.current), key=lambda bar: (-bar.current, bar.label))
    together = sum(bar.current for bar in new) / m
    if new and together >= _SHARE:
        names = ", ".join(f"{_short(bar.label)} ({share(bar.current / m)})" for bar in new[:_NAMED])
        more = f" and {len(new) - _NAMED} more" if len(new) > _NAMED else ""
        said.append(f"Categories that the reference does not name hold {share(together)}: {names}{more}.")
    moved = sorted(
        (bar for bar in bars if bar.label and not bar.new),
        key=lambda bar: (-abs(bar.current / m - bar.reference / n), bar.label),
    )
    for bar in moved[:_NAMED]:
        was, now = bar.reference / n, bar.current / m
        if abs(now - was) >= _SHARE:
            verb = "rose" if now > was else "fell"
            said.append(f"{_short(bar.label)} {verb} from {share(was)} to {share(now)} of the values.")
    return said


def _gaps(reference: FeatureSide, current: FeatureSide) -> list[str]:
    """Rows without a usable value."""
    said = []
    was, now = reference.missing_share or 0.0, current.missing_share or 0.0
    if abs(now - was) >= _SHARE:
        said.append(f"{share(now)} of the rows have no value; in the reference {share(was)} had none.")
    for count, what in (
        (current.mistyped, "of the other type than in the reference"),
        (current.infinite, "infinite"),
    ):
        if count and count / current.rows >= _SHARE:
            said.append(f"{share(count / current.rows)} of the values are {what}.")
    return said


def _short(label: str) -> str:
    """Return a category's name in quotes, the middle of a long one left out."""
    return f"“{label}”" if len(label) <= 40 else f"“{label[:26]}…{label[-13:]}”"
