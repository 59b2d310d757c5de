"""The request for a verdict on drift, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import pyarrow as pa
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from assay.domain.drift_report import DriftType
from assay.domain.window import WindowQuery

__all__ = ["DriftDetectionRequest", "table_of"]

_Value = StrictBool | StrictInt | StrictFloat | StrictStr | None
_Rows = Annotated[list[dict[str, _Value]], Field(min_length=1)]
_Columns = dict[str, list[_Value]]
_Name = Annotated[str, Field(max_length=10_240)]


class DriftDetectionRequest(BaseModel):
    """What to judge: a window of a model's stored rows, or rows given here.

    Give `model_id` with a window, or `reference_rows` with `current_rows`.
    """

    model_config = ConfigDict(extra="forbid")

    model_id: str | None = Field(default=None, description="The model whose stored rows are judged.")
    model_version: str | None = Field(default=None, description="One version; absent: all together.")
    timeframe: str | None = Field(
        default=None,
        max_length=20,
        description="Length of the window, such as 24h; it ends at the newest event. Default: 1d.",
    )
    start: datetime | None = Field(default=None, description="Begin of the window, instead of a timeframe.")
    end: datetime | None = Field(default=None, description="End, itself excluded.")
    reference: str | None = Field(
        default=None, description="Name or id of the model's reference; only the active one has profiles."
    )
    features: list[_Name] | None = Field(
        default=None, max_length=10_000, description="Features that the verdict is about; absent: all."
    )
    drift_types: list[DriftType] | None = Field(
        default=None, description="Types of drift that the verdict is about; absent: all."
    )
    methods: list[str] = Field(
        default_factory=list, max_length=50, description="Statistics to report for each feature, such as psi."
    )
    reference_rows: _Rows | _Columns | None = Field(
        default=None, description="Rows of the reference: a list of records, or an object of columns."
    )
    current_rows: _Rows | _Columns | None = Field(
        default=None, description="Rows to judge, in the same form."
    )
    timestamp: str | None = Field(default=None, description="With rows: the column that says when.")
    prediction: str | None = Field(default=None, description="With rows: the column of predictions.")
    target: str | None = Field(default=None, description="With rows: the column of the truth.")
    score: str | None = Field(default=None, description="With rows: the column of scores.")

    @model_validator(mode="after")
    def _one_of(self) -> DriftDetectionRequest:
        rows = [side is not None for side in (self.reference_rows, self.current_rows)]
        if all(rows) == (self.model_id is not None) or any(rows) != all(rows):
            raise ValueError("give model_id, or reference_rows and current_rows")
        columns = (self.timestamp, self.prediction, self.target, self.score)
        if self.model_id is not None and any(name is not None for name in columns):
            raise ValueError("timestamp, prediction, target and score name columns of rows given here")
        window = (self.model_version, self.timeframe, self.start, self.end, self.reference)
        if self.model_id is None and any(value is not None for value in window):
            raise ValueError("model_version, timeframe, start, end and reference are about stored rows")
        return self

    def window(self) -> WindowQuery:
        """Return the window that is asked for.

        Raises
        ------
        InvalidInput
            Where it is not understood, or empty.
        """
        period = self.timeframe
        if period is None and self.start is None:
            period = "1d"
        return WindowQuery.of(period=period, start=self.start, end=self.end, version=self.model_version)


def table_of(rows: list[dict[str, Any]] | Mapping[str, list[Any]]) -> pa.Table | dict[str, Any]:
    """Return rows as columns; a column whose values are of several kinds is text, and so is judged as one."""
    if isinstance(rows, list):
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: [row.get(name) for row in rows] for name in names}
    else:
        columns = dict(rows)
    return {name: _array(values) for name, values in columns.items()}


def _array(values: list[Any]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and kinds:
        try:
            return pa.array([None if value is None else float(value) for value in values], pa.float64())
        except OverflowError:
            pass
    elif kinds <= {bool} or kinds == {str}:
        return pa.array(values)
    return pa.array([None if value is None else str(value) for value in values], pa.string())
