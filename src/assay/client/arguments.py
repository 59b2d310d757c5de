"""Settings that both kinds of monitor understand in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from assay.domain.model import ModelSettings
from assay.domain.time import parse_duration
from assay.errors import InvalidInput

__all__ = ["settings_of"]

_DURATIONS = ("label_horizon", "minute_retention", "retention")


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
