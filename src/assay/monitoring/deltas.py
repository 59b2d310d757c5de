"""What a batch of rows adds to each stored profile.

Rows are sorted by version and hour (or minute) once, so that every bucket is a contiguous run of the
sorted arrays and costs no copy; a day's or a month's addition is the merge of its hours'.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import PROBABILITY, STAGES, TAG, classes_of, names_with
from assay.domain.model import Model, Task
from assay.domain.profile import ProfileKey, ProfileKind
from assay.domain.time import Granularity
from assay.errors import InvalidInput
from assay.monitoring.feature_rows import FeatureRows, feature_rows
from assay.monitoring.label_join import micros_of
from assay.monitoring.summary_pool import StoredSummary, SummaryPool
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.summaries.traffic import TrafficSummary

__all__ = ["OTHER_VALUES", "Deltas", "decode_if_fits", "decode_summary", "outcome_type"]

OTHER_VALUES = "(other)"
"""The slice value that stands for all beyond the most that a tag may have."""

_ROLL = (Granularity.DAY, Granularity.MONTH)
_EMPTY = np.empty(0, dtype=np.int64)


def outcome_type(model: Model) -> type[ClassificationSummary | RegressionSummary]:
    """Kind of summary that holds the model's outcomes."""
    if model.task is Task.REGRESSION or (model.task is Task.TRADING and not model.settings.classes):
        return RegressionSummary
    return ClassificationSummary


def decode_summary(
    model: Model, key: ProfileKey, data: bytes, references: Mapping[str, Reference]
) -> StoredSummary:
    """Read the stored bytes of a profile."""
    if key.kind is ProfileKind.TRAFFIC:
        return TrafficSummary.from_bytes(data)
    if key.kind is ProfileKind.OUTCOMES:
        return outcome_type(model).from_bytes(data)
    return FeatureProfile.from_bytes(data, references[key.reference_id])


def decode_if_fits(
    model: Model, key: ProfileKey, data: bytes, references: Mapping[str, Reference]
) -> StoredSummary | None:
    """Like :func:`decode_summary`; None for outcomes of another task than the model has now.

    When a task is told otherwise than before, every hour is marked dirty and made again.
    """
    try:
        return decode_summary(model, key, data, references)
    except InvalidInput:
        if key.kind is ProfileKind.OUTCOMES:
            return None
        raise


@dataclass(slots=True)
class _Rows:
    """The arrays of a batch, sorted alike."""

    times: np.ndarray
    actual: np.ndarray | None
    predicted: np.ndarray
    score: np.ndarray | None
    probabilities: dict[str, np.ndarray]
    errors: np.ndarray | None
    latency: dict[str, np.ndarray]
    features: list[dict[str, FeatureRows]]

    def take(self, order: np.ndarray) -> _Rows:
        """Rows in another order, or some of them."""
        return _Rows(
            self.times[order],
            None if self.actual is None else self.actual[order],
            self.predicted[order],
            None if self.score is None else self.score[order],
            {name: values[order] for name, values in self.probabilities.items()},
            None if self.errors is None else self.errors[order],
            {name: values[order] for name, values in self.latency.items()},
            [{name: column.take(order) for name, column in columns.items()} for columns in self.features],
        )


class Deltas:
    """Collects what batches of one model add to its profiles.

    Parameters
    ----------
    model : the model, its task settled.
    references : references under which feature profiles are kept (the active one, and one being built).
    minutes_since : events from here on are kept by the minute too (µs since the epoch).
    slice_values : for each declared tag, values that have profiles already; grows up to the model's limit.
    levels : widths to fill; by default all.
    """

    def __init__(
        self,
        model: Model,
        references: Sequence[Reference],
        *,
        minutes_since: int,
        slice_values: dict[str, set[str]],
        levels: Collection[Granularity] = tuple(Granularity),
    ) -> None:
        known = {reference.id: reference for reference in references}
        self.values = SummaryPool(lambda key, data: decode_summary(model, key, data, known))
        self._model = model
        self._references = list(references)
        self._minutes_since = minutes_since
        self._slice_values = slice_values
        self._levels = frozenset(levels)

    def add(
        self,
        table: pa.Table,
        truth: np.ndarray,
        labels: pa.Table,
        *,
        kinds: Collection[ProfileKind] = tuple(ProfileKind),
        late: bool = False,
    ) -> None:
        """Add predictions and their truth.

        Parameters
        ----------
        table : predictions (canonical columns).
        truth : row of `labels` for each of them, -1 for none.
        labels : labels (canonical columns).
        kinds : profiles to fill.
        late : the predictions were added before; only their truth is new.
        """
        if not table.num_rows:
            return
        kinds = frozenset(kinds)
        rows = self._rows(table, truth, labels, kinds)
        version_codes, versions = _encode(table.column("model_version"))
        hours = Granularity.HOUR.floor_array(rows.times)
        recent = np.flatnonzero(hours >= self._minutes_since) if self._wants_minutes(kinds) else _EMPTY
        for slice_key, value, chosen in self._slices(table):
            part = rows if chosen is None else rows.take(chosen)
            codes = version_codes if chosen is None else version_codes[chosen]
            starts = hours if chosen is None else hours[chosen]
            self._buckets(part, codes, versions, starts, Granularity.HOUR, (slice_key, value), kinds, late)
            if len(recent):
                picked = recent if chosen is None else np.intersect1d(recent, chosen, assume_unique=True)
                part = replace(rows, features=[]).take(picked)
                self._buckets(
                    part,
                    version_codes[picked],
                    versions,
                    Granularity.MINUTE.floor_array(part.times),
                    Granularity.MINUTE,
                    (slice_key, value),
                    kinds - {ProfileKind.FEATURES},
                    late,
                )

    def _wants_minutes(self, kinds: frozenset[ProfileKind]) -> bool:
        return Granularity.MINUTE in self._levels and bool(kinds - {ProfileKind.FEATURES})

    def _rows(
        self, table: pa.Table, truth: np.ndarray, labels: pa.Table, kinds: frozenset[ProfileKind]
    ) -> _Rows:
        """Take the arrays that `kinds` need out of the tables."""
        names = set(table.column_names)
        outcomes = ProfileKind.OUTCOMES in kinds
        classifies = outcomes and outcome_type(self._model) is ClassificationSummary
        actual: np.ndarray | None = None
        predicted = np.empty(table.num_rows)
        if classifies:
            predicted = classes_of(table, "prediction", "prediction_class")
            actual = _gather(classes_of(labels, "actual", "actual_class"), truth, None)
        elif outcomes:
            predicted = _floats(table, "prediction")
            actual = _gather(_floats(labels, "actual"), truth, np.nan).astype(np.float64)
        traffic = ProfileKind.TRAFFIC in kinds
        features: list[dict[str, FeatureRows]] = []
        if ProfileKind.FEATURES in kinds:
            features = [feature_rows(table, reference) for reference in self._references]
        return _Rows(
            times=micros_of(table, "timestamp"),
            actual=actual,
            predicted=predicted,
            score=_floats(table, "score") if classifies and "score" in names else None,
            probabilities={
                name: _floats(table, PROBABILITY + name)
                for name in names_with(PROBABILITY, table.column_names)
            }
            if classifies
            else {},
            errors=table.column("error_type").to_numpy(zero_copy_only=False)
            if traffic and "error_type" in names
            else None,
            latency={stage: _floats(table, name) for stage, name in STAGES.items() if name in names}
            if traffic
            else {},
            features=features,
        )

    def _slices(self, table: pa.Table) -> Iterator[tuple[str, str, np.ndarray | None]]:
        """Give all rows, then the rows of each value of each declared tag."""
        yield "", "", None
        for key in self._model.settings.slices:
            name = TAG + key
            if name not in table.column_names:
                continue
            codes, values = _encode(table.column(name))
            known = self._slice_values.setdefault(key, set())
            rest: list[np.ndarray] = []
            for code, value in enumerate(values):
                rows = np.flatnonzero(codes == code)
                if value in known or len(known) < self._model.settings.max_slice_values:
                    known.add(value)
                    yield key, value, rows
                else:
                    rest.append(rows)
            if rest:
                yield key, OTHER_VALUES, np.sort(np.concatenate(rest))

    def _buckets(
        self,
        rows: _Rows,
        version_codes: np.ndarray,
        versions: list[str],
        starts: np.ndarray,
        granularity: Granularity,
        slice_: tuple[str, str],
        kinds: frozenset[ProfileKind],
        late: bool,
    ) -> None:
        """Summarise each run of one version and bucket, and the wider buckets from these."""
        if not len(starts):
            return
        keyed = np.lexsort((starts, version_codes))
        if not np.array_equal(keyed, np.arange(len(keyed))):
            rows, version_codes, starts = rows.take(keyed), version_codes[keyed], starts[keyed]
        new = (np.diff(starts, prepend=starts[0] - 1) != 0) | (np.diff(version_codes, prepend=-1) != 0)
        begins = np.flatnonzero(new)
        ends = np.append(begins[1:], len(starts))
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            run = slice(begin, end)
            version, start = versions[version_codes[begin]], int(starts[begin])
            for kind, reference_id, summary in self._summaries(rows, run, kinds, late):
                levels = [granularity]
                if granularity is Granularity.HOUR:
                    levels.extend(_ROLL)
                for level in levels:
                    if level in self._levels:
                        bucket = start if level is granularity else level.floor(start)
                        key = ProfileKey(
                            self._model.model_id, version, kind, level, bucket, *slice_, reference_id
                        )
                        self.values.add(key, summary)

    def _summaries(
        self, rows: _Rows, run: slice, kinds: frozenset[ProfileKind], late: bool
    ) -> Iterator[tuple[ProfileKind, str, StoredSummary]]:
        if ProfileKind.TRAFFIC in kinds:
            yield (
                ProfileKind.TRAFFIC,
                "",
                TrafficSummary.of(
                    timestamps=rows.times[run],
                    errors=None if rows.errors is None else rows.errors[run],
                    latency={stage: values[run] for stage, values in rows.latency.items()},
                ),
            )
        if ProfileKind.OUTCOMES in kinds and rows.actual is not None:
            if outcome_type(self._model) is ClassificationSummary:
                yield (
                    ProfileKind.OUTCOMES,
                    "",
                    ClassificationSummary.of(
                        rows.actual[run],
                        rows.predicted[run],
                        None if rows.score is None else rows.score[run],
                        {name: values[run] for name, values in rows.probabilities.items()} or None,
                        late=late,
                    ),
                )
            else:
                yield (
                    ProfileKind.OUTCOMES,
                    "",
                    RegressionSummary.of(rows.actual[run], rows.predicted[run], late=late),
                )
        if ProfileKind.FEATURES in kinds:
            for reference, columns in zip(self._references, rows.features, strict=True):
                part = {name: column.column(run) for name, column in columns.items()}
                rows_in_run = run.stop - run.start
                yield ProfileKind.FEATURES, reference.id, FeatureProfile.of(part, reference, rows=rows_in_run)


def _gather(values: np.ndarray, index: np.ndarray, missing: object) -> np.ndarray:
    """``values[index]``, and `missing` where the index is -1."""
    if not len(values):
        return np.full(len(index), missing)
    result = values[index]
    result[index < 0] = missing
    return result


def _floats(table: pa.Table, name: str) -> np.ndarray:
    """Return a column as float64, NaN for null and where there is no such column."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    column = table.column(name)
    if column.type != pa.float64():
        column = column.cast(pa.float64(), safe=False)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _encode(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    """Codes (int64, -1 for null) and distinct values of a text column."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()
