"""Joins labels to predictions, as either of them comes.

A prediction's truth is the latest observation among its labels: the one with the greatest
``observed_at``, and of several with the same, the one whose text sorts last. Nothing in that depends on the
order of arrival. A label counts for a prediction if the two were received within the label horizon of one
another.

What one round of new rows changes is found from the new rows alone:

- new predictions take the truth from the round's labels and from those that wait;
- new labels look for older predictions: the first label of a prediction is added to its bucket, a
  label that changes a known truth makes the bucket dirty, one that changes nothing is only kept;
- labels that find no prediction wait until the horizon has passed, and are then counted as orphans.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import LABEL_FIELDS, Kind, classes_of
from assay.domain.profile import WaitingLabel
from assay.domain.time import HOUR, Granularity
from assay.monitoring.raw_rows import RawRows, concat
from assay.ports.profiles import Profiles

__all__ = ["JoinedRound", "LabelJoin", "micros_of", "no_labels", "truth_index"]

_LABEL_COLUMNS = tuple(LABEL_FIELDS)
_SLACK = HOUR  # a prediction received in time may be read a little later


def micros_of(table: pa.Table, column: str) -> np.ndarray:
    """Timestamps of a column as int64 microseconds."""
    values = table.column(column).combine_chunks()
    return np.asarray(values.cast(pa.int64()).to_numpy(zero_copy_only=False))


def truth_index(predictions: pa.Table, labels: pa.Table, *, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Row of `labels` that is the truth of each row of `predictions` (int64, -1 for none).

    Returns as second value which rows of `labels` belong to a prediction but came outside the horizon.
    """
    n = predictions.num_rows
    truth = np.full(n, -1, dtype=np.int64)
    outside = np.zeros(labels.num_rows, dtype=bool)
    if not n or not labels.num_rows:
        return truth, outside
    ids = predictions.column("prediction_id").combine_chunks()
    distinct = pc.unique(ids)
    code_of_label = pc.index_in(labels.column("prediction_id"), value_set=distinct)
    rows = np.flatnonzero(code_of_label.is_valid().to_numpy(zero_copy_only=False))
    if not len(rows):
        return truth, outside
    codes = pc.fill_null(code_of_label, 0).to_numpy(zero_copy_only=False)[rows].astype(np.int64)
    code_of_prediction = pc.index_in(ids, value_set=distinct).to_numpy(zero_copy_only=False).astype(np.int64)
    received = np.full(len(distinct), np.iinfo(np.int64).max)
    np.minimum.at(received, code_of_prediction, micros_of(predictions, "received_at"))
    near = np.abs(micros_of(labels, "received_at")[rows] - received[codes]) <= horizon
    outside[rows[~near]] = True
    rows, codes = rows[near], codes[near]
    if len(rows):
        chosen = labels.take(pa.array(rows))
        ties = np.unique(_texts(chosen), return_inverse=True)[1]
        order = np.lexsort((ties, micros_of(chosen, "observed_at"), codes))
        last = np.append(codes[order][1:] != codes[order][:-1], True)
        winner = np.full(len(distinct), -1, dtype=np.int64)
        winner[codes[order][last]] = rows[order][last]
        truth = winner[code_of_prediction]
    return truth, outside


def _texts(labels: pa.Table) -> np.ndarray:
    """Text of each label's truth, by which ties of time are broken."""
    texts = classes_of(labels, "actual", "actual_class")
    return np.array(["" if text is None else text for text in texts], dtype=np.str_)


@dataclass(slots=True)
class JoinedRound:
    """What one round of a model's rows changes.

    Attributes
    ----------
    truth_of_new : row of `labels` for each new prediction, -1 for none.
    labels : the labels that `truth_of_new` and `truth_of_old` point to.
    old : older predictions that got their first label.
    truth_of_old : row of `labels` for each row of `old`.
    dirty : starts of hours in which a known truth changed.
    waiting : labels that found no prediction.
    settled : ids of waiting labels that found one.
    orphans : labels that came outside the horizon.
    """

    truth_of_new: np.ndarray
    labels: pa.Table
    old: pa.Table | None = None
    truth_of_old: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    dirty: set[int] = field(default_factory=set)
    waiting: list[WaitingLabel] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    orphans: int = 0


class LabelJoin:
    """Joins round by round; the ids of waiting labels are remembered between rounds."""

    def __init__(self, raw: RawRows, profiles: Profiles) -> None:
        self._raw = raw
        self._profiles = profiles
        self._waiting: dict[str, set[str]] = {}

    def reset(self) -> None:
        """Forget what is remembered, because another writer has moved on."""
        self._waiting.clear()

    def confirm(self, model_id: str, joined: JoinedRound) -> None:
        """Remember what a round changed, now that it is stored."""
        held = self._held(model_id)
        held.difference_update(joined.settled)
        held.update(label.prediction_id for label in joined.waiting)

    def join(
        self,
        model_id: str,
        *,
        predictions: pa.Table,
        labels: pa.Table,
        upto: int,
        horizon: int,
        columns: Sequence[str],
        chosen: Callable[[str], bool],
    ) -> JoinedRound:
        """Join new `predictions` and `labels` with one another and with the rows up to position `upto`.

        `columns` and `chosen` name what is needed of older predictions. Changes nothing.
        """
        labels = _select(labels)
        waited = self._waited(model_id, predictions)
        pool = concat([table for table in (labels, waited) if table.num_rows] or [labels])
        truth, outside = truth_index(predictions, pool, horizon=horizon)
        joined = JoinedRound(truth_of_new=truth, labels=pool)
        if waited.num_rows:
            joined.settled = waited.column("prediction_id").to_pylist()
        if labels.num_rows:
            self._join_old(
                model_id,
                joined,
                labels=labels,
                predictions=predictions,
                upto=upto,
                horizon=horizon,
                columns=columns,
                chosen=chosen,
            )
        joined.orphans += int(outside.sum())
        return joined

    def expired(self, model_id: str, *, horizon: int, now: int) -> list[WaitingLabel]:
        """Waiting labels whose horizon has passed."""
        if not self._held(model_id):
            return []
        return self._profiles.waiting(model_id, received_before=now - horizon - _SLACK)

    def _join_old(
        self,
        model_id: str,
        joined: JoinedRound,
        *,
        labels: pa.Table,
        predictions: pa.Table,
        upto: int,
        horizon: int,
        columns: Sequence[str],
        chosen: Callable[[str], bool],
    ) -> None:
        """Match new labels with older predictions; what matches nothing waits."""
        ids = pc.unique(labels.column("prediction_id"))
        needed = ("prediction_id", "timestamp", "received_at", *columns)
        old = self._raw.read(
            model_id, Kind.PREDICTIONS, upto=upto, ids=ids.to_pylist(), columns=needed, chosen=chosen
        )
        truth, outside = truth_index(old, labels, horizon=horizon)
        joined.orphans += int(outside.sum())
        known = list(old.column("prediction_id").chunks)
        matched = np.flatnonzero(truth >= 0)
        if len(matched):
            old, truth = old.take(pa.array(matched)), truth[matched]
            before = self._raw.read(
                model_id,
                Kind.LABELS,
                upto=upto,
                ids=old.column("prediction_id").to_pylist(),
                columns=_LABEL_COLUMNS,
            )
            self._sort_out(joined, old, truth, labels, _select(before), horizon)
        if predictions.num_rows:
            known.extend(predictions.column("prediction_id").chunks)
        found = pa.chunked_array(known, pa.string()).combine_chunks()
        lost = pc.invert(pc.is_in(labels.column("prediction_id"), value_set=found))
        lost = pc.and_(lost, pa.array(~outside))
        joined.waiting = _waiting_labels(model_id, labels.filter(lost))

    def _sort_out(
        self,
        joined: JoinedRound,
        old: pa.Table,
        truth: np.ndarray,
        labels: pa.Table,
        before: pa.Table,
        horizon: int,
    ) -> None:
        """Tell first labels from corrections and from those that change nothing."""
        truth_before, _ = truth_index(old, before, horizon=horizon)
        first = truth_before < 0
        again = np.flatnonzero(~first)
        if len(again):
            both = concat([before, labels])
            rows = old.take(pa.array(again))
            now, _ = truth_index(rows, both, horizon=horizon)
            texts = _texts(both)
            changed = texts[now] != texts[truth_before[again]]
            times = micros_of(rows, "timestamp")[changed]
            joined.dirty.update(np.unique(Granularity.HOUR.floor_array(times)).tolist())
        rows = np.flatnonzero(first)
        joined.old = old.take(pa.array(rows))
        # `joined.labels` begins with the round's labels, so the places stay the same.
        joined.truth_of_old = truth[rows]

    def _held(self, model_id: str) -> set[str]:
        """Ids of the model's waiting labels."""
        if model_id not in self._waiting:
            labels = self._profiles.waiting(model_id)
            self._waiting[model_id] = {label.prediction_id for label in labels}
        return self._waiting[model_id]

    def _waited(self, model_id: str, predictions: pa.Table) -> pa.Table:
        """Waiting labels of the new predictions, as a label table."""
        held = self._held(model_id)
        if not held or not predictions.num_rows:
            return no_labels()
        ids = held.intersection(predictions.column("prediction_id").to_pylist())
        return _table_of(self._profiles.waiting(model_id, ids)) if ids else no_labels()


def no_labels() -> pa.Table:
    """Return a label table without rows."""
    return pa.schema(list(LABEL_FIELDS.items())).empty_table()


def _select(labels: pa.Table) -> pa.Table:
    """Bring a label table to exactly the fixed columns, in order and type."""
    columns = {}
    for name, kind in LABEL_FIELDS.items():
        if name in labels.column_names:
            column = labels.column(name)
            columns[name] = column if column.type == kind else column.cast(kind)
        else:
            columns[name] = pa.nulls(labels.num_rows, kind)
    return pa.table(columns)


def _waiting_labels(model_id: str, labels: pa.Table) -> list[WaitingLabel]:
    """Return the latest of the labels of each id, to be stored."""
    if not labels.num_rows:
        return []
    names, ids = np.unique(
        np.array(labels.column("prediction_id").to_pylist(), dtype=object), return_inverse=True
    )
    ties = np.unique(_texts(labels), return_inverse=True)[1]
    order = np.lexsort((ties, micros_of(labels, "observed_at"), ids))
    last = order[np.append(ids[order][1:] != ids[order][:-1], True)]
    rows = labels.take(pa.array(last))
    values = zip(*(rows.column(name).to_pylist() for name in _VALUES), strict=True)
    return [
        WaitingLabel(model_id, name, observed, received, msgspec.msgpack.encode(value))
        for name, observed, received, value in zip(
            names.tolist(),
            micros_of(rows, "observed_at").tolist(),
            micros_of(rows, "received_at").tolist(),
            values,
            strict=True,
        )
    ]


_VALUES = ("actual", "actual_class", "return", "reward")


def _table_of(labels: Sequence[WaitingLabel]) -> pa.Table:
    """Waiting labels as a label table."""
    values = [msgspec.msgpack.decode(label.label) for label in labels]
    columns = {
        "prediction_id": pa.array([label.prediction_id for label in labels], pa.string()),
        "observed_at": pa.array([label.observed_at for label in labels], pa.int64()).cast(
            LABEL_FIELDS["observed_at"]
        ),
        "received_at": pa.array([label.received_at for label in labels], pa.int64()).cast(
            LABEL_FIELDS["received_at"]
        ),
    }
    for place, name in enumerate(_VALUES):
        columns[name] = pa.array([value[place] for value in values], LABEL_FIELDS[name])
    return _select(pa.table(columns))
