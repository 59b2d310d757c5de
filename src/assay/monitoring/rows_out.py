"""Raw rows on their way out: a stream of Arrow batches in the form in which they can be logged again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import (
    BOOL_FEATURE,
    LABEL_FIELDS,
    NUMERIC_FEATURE,
    PREDICTION_FIELDS,
    PROBABILITY,
    TAG,
    TEXT_FEATURE,
    Kind,
    classes_of,
    is_dynamic,
)
from assay.domain.model import Model
from assay.errors import InvalidInput
from assay.monitoring.label_join import truth_index
from assay.monitoring.raw_rows import RawRows

__all__ = ["NAME_KEY", "ROW_KINDS", "RowsOut"]

ROW_KINDS: Final = ("predictions", "labels", "joined")
"""What can be read: predictions, labels, or predictions with the truth that counts for them."""

NAME_KEY: Final = b"assay.name"
"""Key of a field's metadata that holds the column's canonical name."""

_PREFIXES: Final = {
    NUMERIC_FEATURE: "feature.",
    TEXT_FEATURE: "feature.",
    BOOL_FEATURE: "feature.",
    TAG: "tag.",
    PROBABILITY: "probability.",
}
_ORDER: Final = {prefix: place for place, prefix in enumerate(_PREFIXES)}
_TYPES: Final = {TEXT_FEATURE: " (text)", BOOL_FEATURE: " (bool)"}
_OUTCOMES: Final = {"prediction": "prediction_class", "actual": "actual_class"}
_TRUTH: Final = ("actual", "actual_class", "return", "reward", "observed_at")
_ALWAYS: Final = ("prediction_id", "model_version", "timestamp", "observed_at")
_ROWS: Final = 65_536

_Make = Callable[[pa.Table], "pa.Array | pa.ChunkedArray"]


class RowsOut:
    """Reads the rows of a model as a stream; what comes after the beginning is not seen.

    Columns have the names that they are logged with: the fields' own, ``feature.<name>``, ``tag.<name>``
    and ``probability.<name>``. A feature whose values have several types has a column for each:
    ``feature.<name>``, ``feature.<name> (text)``, ``feature.<name> (bool)``; a field's metadata tells
    which column it is. Optional fields that no row has are left out.
    """

    def __init__(self, raw: RawRows) -> None:
        self._raw = raw

    def open(
        self,
        model: Model,
        *,
        kind: str,
        upto: int,
        start: int | None = None,
        end: int | None = None,
        version: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.RecordBatchReader:
        """Return the rows with ``start <= time < end`` up to journal position `upto`, in no order.

        Parameters
        ----------
        model : the model.
        kind : one of :data:`ROW_KINDS`; the time of labels is their ``observed_at``.
        upto : position of the newest batch to read.
        start, end : bounds in microseconds since the epoch; None: none.
        version : only predictions of this version.
        columns : names of columns as above, in the order wanted; None: all but ``received_at``.

        Raises
        ------
        InvalidInput
            Where there is no such kind or column, or a version of labels is asked for.
        """
        if kind not in ROW_KINDS:
            raise InvalidInput(f"kind {kind[:80]!r} is none; the kinds are {', '.join(ROW_KINDS)}")
        if kind == "labels" and version is not None:
            raise InvalidInput("labels have no version; leave it out, or take the kind joined")
        stored = Kind.LABELS if kind == "labels" else Kind.PREDICTIONS
        schema, pieces = self._raw.stream(model.model_id, stored, upto=upto, start=start, end=end)
        known = {field.name: field.type for field in schema}
        if kind == "joined":
            known |= {name: LABEL_FIELDS[name] for name in _TRUTH}
        plan = _Plan(known, columns)
        optional = [name for name in plan.sources if name not in _ALWAYS and not is_dynamic(name)]
        present = self._present(model, stored, optional, upto=upto, start=start, end=end)
        if kind == "joined":
            present |= self._present(model, Kind.LABELS, [*_TRUTH[:4]], upto=upto)
        plan.settle(present)
        if version is not None:
            pieces = _of_version(pieces, version)
        if kind == "joined":
            pieces = self._joined(model, pieces, upto=upto)
        metadata = {b"model_id": model.model_id.encode(), b"assay.rows": kind.encode()}
        return plan.reader(pieces, metadata)

    def _present(
        self,
        model: Model,
        kind: Kind,
        columns: Iterable[str],
        *,
        upto: int,
        start: int | None = None,
        end: int | None = None,
    ) -> set[str]:
        """Which of the optional fixed `columns` any row has a value in: a stream's columns are told first."""
        fixed = PREDICTION_FIELDS if kind is Kind.PREDICTIONS else LABEL_FIELDS
        missing = {name for name in columns if name in fixed}
        found: set[str] = set()
        if missing:
            pieces = self._raw.pieces(
                model.model_id, kind, upto=upto, columns=sorted(missing), start=start, end=end
            )
            for piece in pieces:
                here = {
                    name
                    for name in missing & set(piece.column_names)
                    if piece.column(name).null_count < piece.num_rows
                }
                found |= here
                missing -= here
                if not missing:
                    break
        return found

    def _joined(self, model: Model, pieces: Iterable[pa.Table], *, upto: int) -> Iterator[pa.Table]:
        """Add to each prediction the label that counts for it."""
        for piece in pieces:
            ids = pc.unique(piece.column("prediction_id")).to_pylist()
            labels = self._raw.read(
                model.model_id, Kind.LABELS, ids=ids, columns=tuple(LABEL_FIELDS), upto=upto
            )
            truth, _ = truth_index(piece, labels, horizon=model.settings.label_horizon)
            taken = labels.take(pa.array(truth, mask=truth < 0))
            names = [name for name in _TRUTH if name in taken.column_names]
            columns = [*piece.columns, *(taken.column(name) for name in names)]
            yield pa.Table.from_arrays(columns, names=[*piece.column_names, *names])


class _Plan:
    """Which columns go out, and how each is made from the stored ones."""

    def __init__(self, known: dict[str, pa.DataType], columns: Sequence[str] | None) -> None:
        self._known = known
        self._named = columns is not None
        # Name outside -> stored columns.
        offered: dict[str, list[str]] = {}
        for name in sorted(known, key=lambda name: _ORDER.get(name[:2], -1)):
            if name.startswith("_") or name in _OUTCOMES.values():
                continue
            if is_dynamic(name):
                offered[_outside(name, offered)] = [name]
            else:
                offered[name] = [name, _OUTCOMES[name]] if name in _OUTCOMES else [name]
        if columns is None:
            columns = [name for name in offered if name != "received_at"]
        for name in columns:
            if name not in offered:
                raise InvalidInput(f"there is no column {name[:80]!r}; there are {', '.join(offered)[:300]}")
        self._offered = {name: offered[name] for name in columns}
        self.sources = [stored for names in self._offered.values() for stored in names]
        self._fields: list[pa.Field] = []
        self._makes: list[_Make] = []

    def settle(self, present: set[str]) -> None:
        """Fix the columns, now that it is known which optional fixed ones hold anything."""
        for name, stored in self._offered.items():
            have = [one for one in stored if one in _ALWAYS or is_dynamic(one) or one in present]
            if not have and not self._named:
                continue
            source = have or stored[:1]
            kind = pa.string() if len(source) > 1 else self._known.get(source[0], pa.string())
            metadata = {NAME_KEY: source[0].encode()} if is_dynamic(source[0]) else None
            self._fields.append(pa.field(name, kind, metadata=metadata))
            self._makes.append(_mixed(*source) if len(source) > 1 else _plain(source[0], kind))

    def reader(self, pieces: Iterable[pa.Table], metadata: dict[bytes, bytes]) -> pa.RecordBatchReader:
        """Return the stream."""
        schema = pa.schema(self._fields, metadata=metadata)

        def batches() -> Iterator[pa.RecordBatch]:
            for piece in pieces:
                table = pa.Table.from_arrays([make(piece) for make in self._makes], schema=schema)
                yield from table.to_batches(max_chunksize=_ROWS)

        return pa.RecordBatchReader.from_batches(schema, batches())


def _outside(canonical: str, taken: dict[str, list[str]]) -> str:
    """Return the name of a feature, tag or probability outside, unlike all those `taken`."""
    prefix, name = canonical[:2], canonical[2:]
    outside = _PREFIXES[prefix] + name
    while outside in taken:
        outside += _TYPES.get(prefix, "_")
    return outside


def _plain(name: str, kind: pa.DataType) -> _Make:
    """Return what takes a column as it is; null where a piece lacks it."""

    def make(piece: pa.Table) -> pa.Array | pa.ChunkedArray:
        if name not in piece.column_names:
            return pa.nulls(piece.num_rows, kind)
        column = piece.column(name)
        # Whole numbers that have been widened since the stream began are whole still.
        return column if column.type == kind else column.cast(kind, safe=False)

    return make


def _mixed(number: str, text: str) -> _Make:
    """Return what writes numbers and classes as the texts by which they are compared."""

    def make(piece: pa.Table) -> pa.Array:
        return pa.array(np.asarray(classes_of(piece, number, text), dtype=object), pa.string())

    return make


def _of_version(pieces: Iterable[pa.Table], version: str) -> Iterator[pa.Table]:
    """Keep the predictions of one version."""
    for piece in pieces:
        kept = piece.filter(pc.equal(piece.column("model_version"), pa.scalar(version)))
        if kept.num_rows:
            yield kept
