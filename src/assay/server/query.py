"""Parameters of paths and queries that several routes share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assay.domain.time import DAY, parse_duration, to_micros
from assay.errors import InvalidInput
from assay.monitoring.service import Service

__all__ = [
    "CalibrationQuery",
    "DriftQuery",
    "FeatureName",
    "FeatureQuery",
    "MetricQuery",
    "ModelName",
    "PredictionName",
    "Reading",
    "Window",
    "bounds",
]


def _decoded(name: str) -> str:
    """Return a path segment without its percent encoding; a name may hold slashes."""
    return unquote(name, errors="strict")


ModelName = Annotated[
    str, Path(description="The model, percent-encoded: any text."), AfterValidator(_decoded)
]
FeatureName = Annotated[
    str, Path(description="The feature, percent-encoded: any text."), AfterValidator(_decoded)
]
PredictionName = Annotated[
    str, Path(description="The prediction, percent-encoded: any text."), AfterValidator(_decoded)
]


class Reading(BaseModel):
    """What every reading may ask for."""

    model_config = ConfigDict(extra="forbid")

    wait: float = Field(
        default=0.0,
        ge=0.0,
        le=30.0,
        description="Seconds to wait at most until everything acknowledged before is in the answer.",
    )


class Window(Reading):
    """A window of event time."""

    period: str | None = Field(
        default=None,
        max_length=20,
        description="Length of the window, such as 30d. It ends at `end`, by default at the newest event.",
    )
    start: datetime | None = Field(
        default=None, description="Begin; a time without zone is UTC. By default the oldest event."
    )
    end: datetime | None = Field(
        default=None, description="End, itself excluded. By default the newest event."
    )


class CalibrationQuery(Window):
    """A window of a model's predictions, all of them or a part."""

    version: str | None = Field(default=None, description="One version; absent: all together.")
    slice: str | None = Field(default=None, description="One value of a declared tag, as tag:value.")


class MetricQuery(CalibrationQuery):
    """Metrics of a window."""

    step: str | None = Field(
        default=None, max_length=20, description="Cut the window into steps, such as 1d."
    )
    metrics: str | None = Field(
        default=None, description="Names of metrics with commas between; absent: all."
    )


class DriftQuery(CalibrationQuery):
    """Drift of a window."""

    step: str | None = Field(
        default=None, max_length=20, description="Cut the window into steps, such as 1d."
    )
    features: str | None = Field(
        default=None, description="Names of features with commas between; absent: all."
    )


class FeatureQuery(CalibrationQuery):
    """One feature in a window."""

    step: str | None = Field(
        default=None, max_length=20, description="Give the figures of each step of the window, too: 1d."
    )


def bounds(service: Service, model_id: str, window: Window, *, now: Callable[[], int]) -> tuple[int, int]:
    """Start and end of a window, in microseconds since the epoch.

    Raises
    ------
    InvalidInput
        Where both a period and a start are given, or the window is empty.
    NotFound
        Where there is no such model.
    """
    if window.period is not None and window.start is not None:
        raise InvalidInput("give a period, or start and end, not both")
    start = None if window.start is None else to_micros(window.start)
    end = None if window.end is None else to_micros(window.end)
    if start is None or end is None:
        view = service.model(model_id)
        if end is None:
            end = now() if view.last is None else to_micros(view.last)
        if window.period is not None:
            start = end - parse_duration(window.period)
        elif start is None:
            start = end - DAY if view.first is None else to_micros(view.first)
    if start >= end:
        raise InvalidInput("the window is empty: its start is not before its end")
    return start, end


def selection(query: CalibrationQuery) -> dict[str, Any]:
    """Version and slice, as the use cases take them.

    Raises
    ------
    InvalidInput
        Where the slice is not of the form ``tag:value``.
    """
    if query.slice is None:
        return {"version": query.version}
    key, colon, value = query.slice.partition(":")
    if not key or not colon:
        raise InvalidInput(f"slice {query.slice[:80]!r} is not of the form tag:value")
    return {"version": query.version, "slice": (key, value)}


def names(text: str | None) -> list[str] | None:
    """Return names that stand with commas between."""
    return None if text is None else [name for name in text.split(",") if name]


def step_of(text: str | None) -> int | None:
    """Return a step in microseconds."""
    return None if text is None else parse_duration(text)
