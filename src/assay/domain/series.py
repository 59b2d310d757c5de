"""Windows in a row: lists that show themselves as one table, draw themselves, and become data frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self, SupportsIndex, TypeVar, overload

import pyarrow as pa

from assay.domain.answers import DriftWindow, MetricWindow
from assay.domain.plotting import Plotted
from assay.domain.rendering import Table, moment, number, plain, share

__all__ = ["DriftSeries", "MetricSeries"]

W = TypeVar("W", bound=MetricWindow | DriftWindow)

_MOMENT = pa.timestamp("us", "UTC")
_HEADLINES = (
    *("accuracy", "f1_score_macro", "roc_auc", "brier_score", "ece"),
    *("mae", "rmse", "r2_score", "error_rate", "latency_p99"),
)
_ROWS = 60


class _Series(Plotted, list[W]):
    """A list of windows, in order of time."""

    __slots__ = ()

    @overload
    def __getitem__(self, place: SupportsIndex) -> W: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: SupportsIndex | slice) -> W | Self:
        if isinstance(place, slice):
            return type(self)(super().__getitem__(place))
        return super().__getitem__(place)

    def __repr__(self) -> str:
        return self.table().text()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {"windows": plain(list(self))}


class MetricSeries(_Series[MetricWindow]):
    """Metrics by window; a list of :class:`~assay.domain.answers.MetricWindow`."""

    __slots__ = ()

    def table(self) -> Table:
        """Return the table by which it shows itself: the metrics that say most, window by window."""
        known = {name for window in self for name, one in window.metrics.items() if one.value is not None}
        names = [name for name in _HEADLINES if name in known]
        rows = [
            (
                moment(window.start),
                moment(window.end),
                number(window.n_predictions),
                share(window.coverage),
                *(number(window.metrics[name].value if name in window.metrics else None) for name in names),
            )
            for window in self
        ]
        columns = ("from", "to", "predictions", "labelled", *names)
        return Table(_title(self, "metrics"), columns, rows[:_ROWS], _cut(rows))

    def to_arrow(self) -> pa.Table:
        """Return a row for each metric of each window.

        Returns
        -------
        pyarrow.Table
            With the columns `start`, `end`, `n_predictions`, `n_labelled`, `coverage`, `metric`, `value`,
            `low`, `high` (95% interval), `n` and `bound`.
        """
        rows = [(window, one) for window in self for one in window.metrics.values()]
        return pa.table(
            {
                "start": pa.array([window.start for window, _ in rows], _MOMENT),
                "end": pa.array([window.end for window, _ in rows], _MOMENT),
                "n_predictions": pa.array([window.n_predictions for window, _ in rows], pa.int64()),
                "n_labelled": pa.array([window.n_labelled for window, _ in rows], pa.int64()),
                "coverage": pa.array([window.coverage for window, _ in rows], pa.float64()),
                "metric": pa.array([one.name for _, one in rows], pa.string()),
                "value": pa.array([one.value for _, one in rows], pa.float64()),
                "low": pa.array([one.low for _, one in rows], pa.float64()),
                "high": pa.array([one.high for _, one in rows], pa.float64()),
                "n": pa.array([one.n for _, one in rows], pa.int64()),
                "bound": pa.array([one.bound for _, one in rows], pa.float64()),
            }
        )


class DriftSeries(_Series[DriftWindow]):
    """Drift by window; a list of :class:`~assay.domain.answers.DriftWindow`."""

    __slots__ = ()

    def table(self) -> Table:
        """Return the table by which it shows itself: each window's features that moved most."""
        rows = []
        for window in self:
            by_size = sorted(
                (
                    (found.value, name)
                    for name, drift in window.features.items()
                    if (found := drift.statistics.get("jensen_shannon")) and found.value is not None
                ),
                key=lambda pair: (-pair[0], pair[1]),
            )
            most = ", ".join(f"{name} {number(value)}" for value, name in by_size[:3])
            rows.append((moment(window.start), moment(window.end), number(window.n), most))
        columns = ("from", "to", "predictions", "moved most (Jensen-Shannon)")
        return Table(_title(self, "drift"), columns, rows[:_ROWS], _cut(rows))

    def to_arrow(self) -> pa.Table:
        """Return a row for each statistic of each feature in each window.

        Returns
        -------
        pyarrow.Table
            With the columns `start`, `end`, `predictions`, `feature`, `kind`, `n_reference`, `n_current`,
            `statistic`, `value`, `bound` and `p_value`.
        """
        rows = [
            (window, drift, one)
            for window in self
            for drift in window.features.values()
            for one in drift.statistics.values()
        ]
        return pa.table(
            {
                "start": pa.array([window.start for window, _, _ in rows], _MOMENT),
                "end": pa.array([window.end for window, _, _ in rows], _MOMENT),
                "predictions": pa.array([window.n for window, _, _ in rows], pa.int64()),
                "feature": _texts(drift.feature for _, drift, _ in rows),
                "kind": _texts(drift.kind for _, drift, _ in rows),
                "n_reference": pa.array([drift.n_reference for _, drift, _ in rows], pa.int64()),
                "n_current": pa.array([drift.n_current for _, drift, _ in rows], pa.int64()),
                "statistic": _texts(one.name for _, _, one in rows),
                "value": pa.array([one.value for _, _, one in rows], pa.float64()),
                "bound": pa.array([one.bound for _, _, one in rows], pa.float64()),
                "p_value": pa.array([one.p_value for _, _, one in rows], pa.float64()),
            }
        )


def _texts(values: Iterable[str]) -> pa.Array:
    """Return texts as a column."""
    return pa.array(list(values), pa.string())


def _title(windows: Sequence[MetricWindow | DriftWindow], what: str) -> str:
    """Say what a series covers."""
    if not windows:
        return f"{what}: no windows"
    count = f"{number(len(windows))} window{'' if len(windows) == 1 else 's'}"
    return f"{what}, {count}: {moment(windows[0].start)} to {moment(windows[-1].end)}"


def _cut(rows: Sequence[object]) -> list[str]:
    """Say how many rows are not shown."""
    return [f"{number(len(rows) - _ROWS)} more windows"] if len(rows) > _ROWS else []
