"""Writing answers: from results to JSON, by the same types that OpenAPI is made from."""

from __future__ import annotations

import functools
import math
from typing import Any

from pydantic import TypeAdapter
from starlette.responses import Response

__all__ = ["dumped", "finite", "reply"]


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def reply(kind: Any, value: Any, *, status: int = 200) -> Response:
    """Return `value`, of type `kind`, as JSON; a number that is not finite becomes null."""
    return Response(dumped(kind, value), status_code=status, media_type="application/json")


def dumped(kind: Any, value: Any) -> bytes:
    """Return `value`, of type `kind`, as JSON; a number that is not finite becomes null."""
    return _adapter(kind).dump_json(value)


def finite(value: Any) -> Any:
    """Return a feature's value as JSON has it: what is not finite becomes its name.

    >>> finite(float("-inf")), finite(1.5)
    ('-Infinity', 1.5)
    """
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
