"""From the columns of a request to the canonical table, whatever form they came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import LABEL_FIELDS, PREDICTION_FIELDS, PROBABILITY, TAG, Kind
from assay.domain.ids import new_ids
from assay.domain.model import check_name
from assay.errors import InvalidInput, TooLarge
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.faults import Faults, shown
from assay.monitoring.intake.moments import Moments, constant, moments
from assay.monitoring.intake.values import Values, feature_columns, listed, numbers, outcome, texts

__all__ = ["DEFAULT_VERSION", "GROUPS", "LABEL_INPUTS", "PREDICTION_INPUTS", "Draft", "assemble"]

DEFAULT_VERSION = "default"
"""Version of predictions whose request names none."""

GROUPS = ("features", "tags", "probabilities")
"""Fields of a prediction that hold values by name."""

PREDICTION_INPUTS = frozenset(PREDICTION_FIELDS) - {"received_at", "prediction_class"}
LABEL_INPUTS = frozenset(LABEL_FIELDS) - {"received_at", "actual_class"}
"""Fields that an item may have; the server's clock and the split by type are not the client's."""

_OUTCOMES = {"prediction": "prediction_class", "actual": "actual_class"}
_CLASS_TEXTS = ("action_discretized", "fold_id")
_SHOWN_ID = 200
_NAMED = {"tags": "tag", "features": "feature", "probabilities": "probability"}
# The rest of the fixed columns, in canonical order, read by their type.
_PLAIN = {
    kind: tuple(
        (name, type_)
        for name, type_ in columns.items()
        if name not in ("prediction_id", "model_version", "timestamp", "observed_at", "received_at")
        and name not in _OUTCOMES.values()
    )
    for kind, columns in ((Kind.PREDICTIONS, PREDICTION_FIELDS), (Kind.LABELS, LABEL_FIELDS))
}


@dataclass(slots=True)
class Draft:
    """The columns of a request before they are typed.

    Attributes
    ----------
    kind, model_id, version : what the batch is; the version of items that name none, "" for the default.
    rows : number of items.
    fields : values of fixed fields by name (:data:`PREDICTION_INPUTS`, :data:`LABEL_INPUTS`).
    features, tags, probabilities : values by name, as the client gave it.
    faults : what is known to be bad already.
    """

    kind: Kind
    model_id: str
    version: str
    rows: int
    fields: Mapping[str, Values]
    features: Mapping[str, Values] = field(default_factory=dict)
    tags: Mapping[str, Values] = field(default_factory=dict)
    probabilities: Mapping[str, Values] = field(default_factory=dict)
    faults: Faults | None = None


def assemble(draft: Draft, context: Context) -> Intake:
    """Type the columns, judge the items and return the good ones as the canonical table.

    Raises
    ------
    InvalidInput
        Where the model's or the version's name cannot be one.
    TooLarge
        Where there are more items, columns or cells than the limits allow.
    """
    check_name("model_id", draft.model_id)
    if draft.version:
        check_name("model_version", draft.version)
    _check_size(draft, context)
    faults = draft.faults or Faults(draft.rows)
    names: list[str] = []
    arrays: list[pa.Array] = []

    def put(name: str, array: pa.Array | None) -> None:
        if array is not None and array.null_count < draft.rows:
            names.append(name)
            arrays.append(array)

    labels = draft.kind is Kind.LABELS
    names.append("prediction_id")
    arrays.append(_ids(draft, faults, context))
    if not labels:
        put("model_version", _versions(draft, faults))
    clock = "observed_at" if labels else "timestamp"
    when = moments(clock, draft.fields.get(clock), faults, now=context.now)
    put(clock, when.array)
    put("received_at", constant(context.now, draft.rows))
    for name, type_ in _PLAIN[draft.kind]:
        if name not in draft.fields:
            continue
        values = draft.fields[name]
        if name in _OUTCOMES:
            number, text = outcome(name, values, faults)
            put(name, number)
            put(_OUTCOMES[name], text)
        elif type_ == pa.string():
            put(name, texts(name, values, faults, classes=name in _CLASS_TEXTS))
        else:
            put(name, numbers(name, values, faults))
    if labels:
        _need_outcome(names, arrays, faults)
    else:
        _named_columns(draft, faults, names, arrays)
    return _finish(draft, context, faults, when, pa.Table.from_arrays(arrays, names=names))


def _check_size(draft: Draft, context: Context) -> None:
    """Refuse what is too large to become a table."""
    limits = context.limits
    columns = len(draft.fields) + len(draft.features) + len(draft.tags) + len(draft.probabilities)
    if draft.rows > limits.items:
        raise TooLarge(f"the request has {draft.rows} items; the most allowed is {limits.items}")
    if columns > limits.columns:
        raise TooLarge(f"the request has {columns} columns; the most allowed is {limits.columns}")
    if columns * draft.rows > limits.cells:
        raise TooLarge(
            f"the request makes a table of {draft.rows} rows and {columns} columns, more than "
            f"{limits.cells} cells; send fewer items at once"
        )


def _ids(draft: Draft, faults: Faults, context: Context) -> pa.Array:
    """Prediction ids; predictions without one get a new one, labels cannot do without."""
    given = draft.fields.get("prediction_id")
    array = None if given is None else texts("prediction_id", given, faults)
    if draft.kind is Kind.PREDICTIONS:
        if array is None:
            return new_ids(draft.rows, now=context.now)
        if array.null_count:
            missing = array.is_null()
            fresh = new_ids(array.null_count, now=context.now)
            return pc.replace_with_mask(array, missing, fresh)
        return array
    if array is None:
        array = pa.nulls(draft.rows, pa.string())
    if array.null_count:
        faults.add_where(
            array.is_null().to_numpy(zero_copy_only=False),
            "missing_id",
            "the label has no prediction_id; name the prediction that it belongs to",
        )
    return array


def _versions(draft: Draft, faults: Faults) -> pa.Array:
    """Model version of each item: its own, else the request's."""
    default = pa.scalar(draft.version or DEFAULT_VERSION)
    given = draft.fields.get("model_version")
    array = None if given is None else texts("model_version", given, faults)
    if array is None:
        return pa.repeat(default, draft.rows)
    return array.fill_null(default) if array.null_count else array


def _need_outcome(names: list[str], arrays: list[pa.Array], faults: Faults) -> None:
    """Report labels that say nothing."""
    told = np.zeros(faults.rows, dtype=bool)
    for name, array in zip(names, arrays, strict=True):
        if name in ("actual", "actual_class", "return", "reward"):
            if not array.null_count:
                return
            told |= array.is_valid().to_numpy(zero_copy_only=False)
    faults.add_where(~told, "no_outcome", "the label has no actual, return or reward")


def _named_columns(draft: Draft, faults: Faults, names: list[str], arrays: list[pa.Array]) -> None:
    """Add the columns of features, tags and probabilities."""
    for name, values in draft.features.items():
        if _usable("features", name, values, faults):
            for column, array in feature_columns(name, values, faults):
                if array.null_count < draft.rows:
                    names.append(column)
                    arrays.append(array)
    for prefix, group, convert in ((TAG, draft.tags, _tag), (PROBABILITY, draft.probabilities, _share)):
        for name, values in group.items():
            if not _usable("tags" if prefix == TAG else "probabilities", name, values, faults):
                continue
            array = convert(name, values, faults)
            if array is not None and array.null_count < draft.rows:
                names.append(prefix + name)
                arrays.append(array)


def _tag(name: str, values: Values, faults: Faults) -> pa.Array | None:
    return texts(f"tag {shown(name)}", values, faults, classes=True)


def _share(name: str, values: Values, faults: Faults) -> pa.Array | None:
    return numbers(f"probability of {shown(name)}", values, faults)


def _usable(group: str, name: str, values: Values, faults: Faults) -> bool:
    """Whether `name` can name a column; if not, the rows that have a value there are bad."""
    try:
        check_name(f"the name of a {_NAMED[group]}", name)
    except InvalidInput as error:
        present = np.fromiter((value is not None for value in listed(values)), dtype=bool, count=faults.rows)
        faults.add_where(present, "bad_name", error.message)
        return False
    return True


def _finish(draft: Draft, context: Context, faults: Faults, when: Moments, table: pa.Table) -> Intake:
    """Leave out the bad rows and say what was assumed."""
    good = faults.good()
    index = None
    if good is not None:
        index = np.flatnonzero(good)
        table = table.filter(pa.array(good))
        empty = [name for name in table.column_names if table.column(name).null_count == table.num_rows]
        always = ("prediction_id", "model_version", "timestamp", "observed_at", "received_at")
        table = table.drop_columns([name for name in empty if name not in always])
    notes = []
    if when.naive:
        notes.append(f"{when.naive} timestamps had no zone and were read as UTC")
    if when.future:
        notes.append(f"{when.future} timestamps are from the future, by up to a day; they were kept")
    return Intake(
        model_id=draft.model_id,
        kind=draft.kind,
        table=table,
        index=index,
        rejected=faults.rejected(_given_ids(draft)) if faults.total else (),
        rejected_total=faults.total,
        notes=tuple(notes),
        naive_timestamps=when.naive,
        future_timestamps=when.future,
        idempotency_key=context.idempotency_key,
        body_hash=context.body_hash,
    )


def _given_ids(draft: Draft) -> Callable[[int], str | None]:
    """Return what gives the prediction id that an item came with, or None where it has none to show."""
    ids = draft.fields.get("prediction_id")

    def given(row: int) -> str | None:
        value = None if ids is None else ids[row]
        if isinstance(value, pa.Scalar):
            value = value.as_py()
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64:
            return str(value)
        if isinstance(value, str) and len(value) <= _SHOWN_ID:
            return value.encode(errors="replace").decode()
        return None

    return given
