"""From a chunk of a file to predictions and labels, judged row by row before they are sent."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.cli.backfill.mapping import Meaning
from assay.cli.backfill.source import Chunk, Values
from assay.domain.columns import LABEL_FIELDS, Kind
from assay.errors import InvalidInput
from assay.monitoring.intake.arrow import plain
from assay.monitoring.intake.assemble import Draft, assemble
from assay.monitoring.intake.context import Context, Limits

__all__ = ["Batch", "Reject", "Rows", "split"]

_LIMITS: Final = Limits(items=1 << 40, columns=1 << 20, cells=1 << 60, values=1 << 60, decoded_bytes=1 << 60)
_TOLD: Final = 1_000
_CLOCKS: Final = ("timestamp", "observed_at")
_OUTCOMES: Final = ("actual", "return", "reward")
_LABEL_ONLY: Final = frozenset(LABEL_FIELDS) - {"prediction_id"}
_GROUPS: Final = {"feature.": "features", "tag.": "tags", "probability.": "probabilities"}
_MICROS: Final = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
_UNITS: Final = tuple(_MICROS)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be used: its place in the file, counted from 0, and why."""

    row: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Good rows to send; `index` (int64) has their places in the file."""

    kind: Kind
    columns: dict[str, Values]
    index: np.ndarray

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.index)


@dataclass(slots=True)
class Rows:
    """A chunk's batches to send, and its bad rows."""

    batches: list[Batch] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


def split(
    chunk: Chunk,
    meanings: Sequence[Meaning],
    *,
    model: str,
    version: str | None,
    digest: str,
    labels_only: bool,
    time_unit: str | None = None,
) -> Rows:
    """Make predictions and labels of a chunk, and judge them.

    Parameters
    ----------
    chunk, meanings : the rows, and what their columns become; columns that are not known yet (JSON lines)
        were resolved by the caller.
    model, version : for the predictions.
    digest : of the file; rows without an id get one made from it and their place.
    labels_only : whether there are no predictions.
    time_unit : unit of times that are numbers: s, ms, us or ns since 1970.

    Raises
    ------
    InvalidInput
        Where a column cannot be used at all.
    """
    columns: dict[str, Values] = {}
    for meaning in meanings:
        if meaning.target is None or meaning.column not in chunk.columns:
            continue
        values = chunk.columns[meaning.column]
        clock = meaning.target in _CLOCKS
        if isinstance(values, pa.Array):
            values = plain(meaning.column, values, moment=clock)
        if clock:
            values = _moments(meaning.column, values, time_unit)
        known = columns.get(meaning.target)
        columns[meaning.target] = values if known is None else _either(known, values)
    result = Rows()
    places = np.arange(chunk.first, chunk.first + chunk.rows, dtype=np.int64)
    good = np.ones(chunk.rows, dtype=bool)
    if not labels_only:
        columns["prediction_id"] = _ids(columns.get("prediction_id"), chunk, digest)
        own = {name: values for name, values in columns.items() if name not in _LABEL_ONLY}
        good = _judge(Kind.PREDICTIONS, own, places, model, version, result)
    outcomes = [columns[name] for name in _OUTCOMES if name in columns]
    if outcomes:
        told = good if labels_only else good & np.logical_or.reduce([_present(one) for one in outcomes])
        fields = {
            name: values for name, values in columns.items() if name in _LABEL_ONLY or name == "prediction_id"
        }
        rows = np.flatnonzero(told)
        if len(rows):
            kept = {name: _take(values, rows) for name, values in fields.items()}
            _judge(Kind.LABELS, kept, places[rows], model, None, result)
    return result


def _judge(
    kind: Kind,
    columns: dict[str, Values],
    places: np.ndarray,
    model: str,
    version: str | None,
    result: Rows,
) -> np.ndarray:
    """Add the good rows as a batch and the bad ones as rejects; return which are good (bool)."""
    good, told = _good(kind, columns, len(places), model, version)
    bad = np.flatnonzero(~good)
    if len(bad) > len(told):  # only so many are described at once
        told = []
        for first in range(0, len(bad), _TOLD):
            some = bad[first : first + _TOLD]
            part = {name: _take(values, some) for name, values in columns.items()}
            told += [(some[row], *why) for row, *why in _good(kind, part, len(some), model, version)[1]]
    result.rejects += [Reject(int(places[row]), code, message) for row, code, message in told]
    index = np.flatnonzero(good)
    if len(index):
        kept = columns if not len(bad) else {name: _take(each, index) for name, each in columns.items()}
        result.batches.append(Batch(kind, kept, places[index]))
    return good


def _good(
    kind: Kind, columns: Mapping[str, Values], rows: int, model: str, version: str | None
) -> tuple[np.ndarray, list[Any]]:
    """Which rows are good (bool), and (row, code, message) of those that are not, at most a thousand."""
    groups: dict[str, dict[str, Values]] = {group: {} for group in _GROUPS.values()}
    fields: dict[str, Values] = {}
    for name, values in columns.items():
        prefix = next((prefix for prefix in _GROUPS if name.startswith(prefix)), None)
        if prefix is None:
            fields[name] = values
        else:
            groups[_GROUPS[prefix]][name.removeprefix(prefix)] = values
    draft = Draft(
        kind,
        model,
        version or "",
        rows,
        fields,
        features=groups["features"],
        tags=groups["tags"],
        probabilities=groups["probabilities"],
    )
    intake = assemble(draft, Context(now=time.time_ns() // 1_000, limits=_LIMITS))
    good = np.zeros(rows, dtype=bool)
    good[slice(None) if intake.index is None else intake.index] = True
    return good, [(item.index, item.code, item.message) for item in intake.rejected]


def _ids(given: Values | None, chunk: Chunk, digest: str) -> Values:
    """Ids of the rows: their own, else ones that are the same at every reading."""
    places = pa.array(np.arange(chunk.first, chunk.first + chunk.rows)).cast(pa.string())
    made = pc.binary_join_element_wise(pa.scalar(digest), places, "-")
    if given is None:
        return made
    if isinstance(given, pa.Array):
        if not given.null_count:
            return given
        if pa.types.is_integer(given.type):
            return pc.coalesce(given.cast(pa.string()), made)
        if pa.types.is_string(given.type):
            return pc.coalesce(given, made)
    values = given.to_pylist() if isinstance(given, pa.Array) else given
    return [own if value is None else value for value, own in zip(values, made.to_pylist(), strict=True)]


def _moments(column: str, values: Values, unit: str | None) -> Values:
    """Times that are numbers, or numbers written as text, as times."""
    if unit is None:
        if isinstance(values, pa.Array) and pa.types.is_integer(values.type):
            raise InvalidInput(
                f"the times in column {column[:80]!r} are numbers; say what they count since 1970 with "
                f"--time-unit ({', '.join(_UNITS)})"
            )
        return values
    try:
        array = values if isinstance(values, pa.Array) else pa.array(values)
        if pa.types.is_string(array.type) or pa.types.is_floating(array.type):
            micros = pc.multiply(array.cast(pa.float64()), _MICROS[unit])
            return pc.round(micros).cast(pa.int64()).cast(pa.timestamp("us", "UTC"))
        if pa.types.is_integer(array.type):
            return array.cast(pa.int64()).cast(pa.timestamp(unit, "UTC"))
    except pa.ArrowException:
        pass
    return values  # the intake says row by row what is no time


def _either(first: Values, second: Values) -> list[Any]:
    """Values of two columns of one feature, of which each row has at most one."""
    one, other = (each.to_pylist() if isinstance(each, pa.Array) else each for each in (first, second))
    return [b if a is None else a for a, b in zip(one, other, strict=True)]


def _present(values: Values) -> np.ndarray:
    """Which values are not null (bool)."""
    if isinstance(values, pa.Array):
        return np.asarray(values.is_valid().to_numpy(zero_copy_only=False))
    return np.fromiter((value is not None for value in values), dtype=bool, count=len(values))


def _take(values: Values, rows: np.ndarray) -> Values:
    if isinstance(values, pa.Array):
        return values.take(pa.array(rows))
    return [values[row] for row in rows.tolist()]
