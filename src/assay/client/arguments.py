"""Arguments that both kinds of monitor understand in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from assay.domain.model import ModelSettings
from assay.domain.time import parse_duration, to_micros
from assay.errors import InvalidInput

__all__ = ["micros_of", "pair_of", "settings_of"]

_DURATIONS = ("label_horizon", "minute_retention", "retention")


def micros_of(what: str, moment: datetime | str | None) -> int | None:
    """Microseconds since the epoch of a time; None stays None, a time without a zone is UTC.

    Raises
    ------
    InvalidInput
        Where it is no time.
    """
    if moment is None:
        return None
    if isinstance(moment, str):
        try:
            return to_micros(datetime.fromisoformat(moment))
        except (ValueError, OverflowError):
            raise InvalidInput(
                f"{what} {moment[:80]!r} is no time; write 2024-01-31 or 2024-01-31T12:00Z"
            ) from None
    if not isinstance(moment, datetime):
        raise InvalidInput(f"{what} is a {type(moment).__name__}; give a datetime, or text as in ISO 8601")
    return to_micros(moment)


def pair_of(what: str, value: tuple[str, str] | str | None) -> tuple[str, str] | None:
    """Tag and value, given as a pair or as ``tag:value``.

    Raises
    ------
    InvalidInput
        Where it is neither.

    Examples
    --------
    >>> pair_of("slice", "region:eu")
    ('region', 'eu')
    """
    if value is None:
        return None
    if isinstance(value, str):
        key, colon, rest = value.partition(":")
        if not key or not colon:
            raise InvalidInput(f"{what} {value[:80]!r} names no value; write it as tag:value")
        return key, rest
    key, rest = value
    return key, rest


def settings_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a model as they are kept; durations may be text such as ``30d``.

    Raises
    ------
    InvalidInput
        Where there is no such setting.
    """
    known = {item.name for item in fields(ModelSettings)}
    result: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise InvalidInput(
                f"there is no setting {name[:80]!r} of a model; there are {', '.join(sorted(known))}"
            )
        if name in ("slices", "classes"):
            if isinstance(value, str):
                raise InvalidInput(f"{name} is a list: write [{value!r}]")
            result[name] = tuple(value)
        else:
            result[name] = parse_duration(value) if name in _DURATIONS and isinstance(value, str) else value
    return result
