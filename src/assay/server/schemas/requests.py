"""Bodies of requests, apart from the hot path's."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from assay.domain.model import Task
from assay.domain.time import parse_duration

__all__ = ["AnalysisRequest", "ErasureRequest", "ModelChange", "SettingsChange", "TagValue"]

_MOST = 3_153_600_000_000_000_000


def _micros(value: Any) -> Any:
    """Microseconds of a duration that is text; anything else as it is."""
    return parse_duration(value) if isinstance(value, str) else value


_Micros = Annotated[
    int,
    Field(ge=1, le=_MOST),
    BeforeValidator(_micros),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": _MOST},
                {"type": "string", "pattern": "^[0-9]+[smhdw]$", "examples": ["30d"]},
            ]
        }
    ),
]


class _Body(BaseModel):
    """A body in which every field is known."""

    model_config = ConfigDict(extra="forbid")


class SettingsChange(_Body):
    """Settings of a model; what is absent stays as it is."""

    positive_class: str | None = Field(default=None, description="The class whose probability `score` is.")
    slices: list[str] | None = Field(
        default=None, max_length=100, description="Tags for whose values profiles are kept of their own."
    )
    label_horizon: _Micros | None = Field(
        default=None, description="How long a label is waited for: 30d, or microseconds."
    )
    minute_retention: _Micros | None = Field(
        default=None, description="How long back profiles are kept by the minute: 2d, or microseconds."
    )
    reference_rows: int | None = Field(
        default=None, ge=1, le=10_000_000, description="First predictions that serve as the reference."
    )
    max_slice_values: int | None = Field(
        default=None, ge=1, le=10_000, description="Values of one tag that get profiles of their own."
    )
    retention: _Micros | None = Field(
        default=None, description="How long raw rows are kept: 365d, or microseconds; null: for ever."
    )
    classes: list[str] | None = Field(default=None, max_length=200, description="The classes, as text.")


class ModelChange(_Body):
    """A model's declaration; what is absent stays as it is."""

    task: Task | None = Field(default=None, description="What the model predicts.")
    settings: SettingsChange | None = None


class TagValue(_Body):
    """One value of one tag."""

    key: str
    value: str


class ErasureRequest(_Body):
    """Predictions to erase with their labels: those with these ids, or all whose tag has that value."""

    ids: list[str] = Field(default_factory=list, max_length=1_000_000)
    tag: TagValue | None = None

    @model_validator(mode="after")
    def _one_of(self) -> ErasureRequest:
        if bool(self.ids) == (self.tag is not None):
            raise ValueError("give either ids or a tag")
        return self


class AnalysisRequest(_Body):
    """Which model to analyse, over which period."""

    model_id: str
    model_version: str | None = Field(default=None, description="One version; absent: all together.")
    timeframe: str | None = Field(
        default=None, description="Length of the windows inside the period, such as 1d."
    )
    analysis_period: str = Field(
        default="30d",
        description="The period: its length (such as 30d), ending at the newest event, or two times "
        "of ISO 8601 with a slash between.",
    )
    metrics: list[str] = Field(
        default_factory=list, max_length=100, description="Metrics to report; none: all that there are."
    )
    benchmark_comparison: bool = Field(default=False, description="Compare with a benchmark model.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return self.model_dump()
