"""Parameters of paths and queries that several routes share."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Annotated
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assay.domain.window import WindowQuery

__all__ = [
    "CalibrationQuery",
    "DriftHistoryQuery",
    "DriftQuery",
    "EstimateQuery",
    "FeatureName",
    "FeatureQuery",
    "MetricQuery",
    "ModelName",
    "PredictionName",
    "Reading",
    "Window",
    "names",
]

_PARTS = frozenset(field.name for field in fields(WindowQuery))


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

    def asked(self) -> WindowQuery:
        """Return the window, as the use cases take it.

        Raises
        ------
        InvalidInput
            Where both a period and a start are given, something is not understood, or the window is empty.
        """
        return WindowQuery.of(
            **{name: getattr(self, name) for name in _PARTS & type(self).model_fields.keys()}
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


class DriftHistoryQuery(Window):
    """Verdicts on closed windows."""

    version: str | None = Field(default=None, description="One version; absent: all together.")
    step: str = Field(default="1d", max_length=20, description="1d for days, 1h for hours.")


class DriftQuery(CalibrationQuery):
    """Drift of a window."""

    step: str | None = Field(
        default=None, max_length=20, description="Cut the window into steps, such as 1d."
    )
    features: str | None = Field(
        default=None, description="Names of features with commas between; absent: all."
    )


class EstimateQuery(CalibrationQuery):
    """Performance of a window, without its labels."""

    step: str | None = Field(
        default=None, max_length=20, description="Cut the window into steps, such as 1d."
    )


class FeatureQuery(CalibrationQuery):
    """One feature in a window."""

    step: str | None = Field(
        default=None, max_length=20, description="Give the figures of each step of the window, too: 1d."
    )


def names(text: str | None) -> list[str] | None:
    """Return names that stand with commas between."""
    return None if text is None else [name for name in text.split(",") if name]
