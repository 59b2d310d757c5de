"""Arrow tables: the columns of a request as they come in an IPC stream or from a data frame."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import Kind
from assay.errors import InvalidInput, TooLarge, Unreadable
from assay.monitoring.intake.assemble import GROUPS, LABEL_INPUTS, PREDICTION_INPUTS, Draft, assemble
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context, Limits
from assay.monitoring.intake.faults import Faults, shown
from assay.monitoring.intake.stream import read_stream

__all__ = ["PREFIXES", "draft_of_table", "plain", "read_arrow"]

_VIEW = 16
_CLOCKS = ("timestamp", "observed_at")
PREFIXES = {"feature.": "features", "tag.": "tags", "probability.": "probabilities"}
"""Prefixes of flat columns and the group that they belong to."""


def read_arrow(
    kind: Kind,
    body: bytes,
    context: Context,
    *,
    model_id: str | None = None,
    model_version: str | None = None,
) -> Intake:
    """Read an Arrow IPC stream; model and version may also be in the schema's metadata.

    Fixed columns have the names of the fixed fields. Features, tags and probabilities are struct columns
    ``features``, ``tags``, ``probabilities``, or flat columns ``feature.<name>``, ``tag.<name>``,
    ``probability.<name>``; every other column of predictions is a feature.

    Raises
    ------
    Unreadable, InvalidInput, TooLarge
        See :func:`~assay.monitoring.intake.stream.read_stream` and :func:`draft_of_table`.
    """
    table = read_stream(body, context.limits)
    metadata = table.schema.metadata or {}
    name = model_id if model_id is not None else _text(metadata, b"model_id")
    if name is None:
        raise InvalidInput("no model_id: give it as a query parameter or in the schema's metadata")
    version = model_version if model_version is not None else _text(metadata, b"model_version")
    try:
        return assemble(draft_of_table(kind, table, name, version or "", context.limits), context)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        # Names and zones are decoded only when they are looked at.
        raise Unreadable(f"the body is no valid Arrow IPC stream: {str(error)[:300]}") from None


def draft_of_table(kind: Kind, table: pa.Table, model_id: str, version: str, limits: Limits) -> Draft:
    """Sort the columns of `table` into fixed fields, features, tags and probabilities.

    Raises
    ------
    InvalidInput
        Where a column comes twice, is unknown (labels), or has a type that cannot be used.
    TooLarge
        Where dictionary-encoded or viewed text would grow past the limit.
    """
    rows = table.num_rows
    if rows * table.num_columns > limits.cells:
        raise TooLarge(
            f"the request makes a table of {rows} rows and {table.num_columns} columns, more than "
            f"{limits.cells} cells; send fewer items at once"
        )
    inputs = PREDICTION_INPUTS if kind is Kind.PREDICTIONS else LABEL_INPUTS
    fields: dict[str, pa.Array] = {}
    groups: dict[str, dict[str, pa.Array]] = {group: {} for group in GROUPS}
    budget = _Budget(limits)
    for number, name in enumerate(table.column_names):
        column = _one_chunk(table.column(number))
        prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), "")
        if name in inputs:
            _put(fields, name, plain(name, column, budget, moment=name in _CLOCKS))
        elif kind is not Kind.PREDICTIONS:
            raise InvalidInput(
                f"there is no label column {shown(name)}; the columns are {', '.join(sorted(inputs))}"
            )
        elif name in GROUPS and pa.types.is_struct(column.type):
            for index, inner in enumerate(column.flatten()):
                key = column.type.field(index).name
                _put(groups[name], key, plain(f"{name}.{key[:80]}", inner, budget))
        else:
            group = groups[PREFIXES[prefix]] if prefix else groups["features"]
            _put(group, name[len(prefix) :], plain(name, column, budget))
    return Draft(
        kind,
        model_id,
        version,
        rows,
        fields,
        features=groups["features"],
        tags=groups["tags"],
        probabilities=groups["probabilities"],
        faults=Faults(rows),
    )


class _Budget:
    """Bytes that encoded text may still grow to."""

    def __init__(self, limits: Limits) -> None:
        self.left = limits.decoded_bytes

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise TooLarge("the columns' text decodes to more bytes than allowed; send smaller batches")


def plain(name: str, array: pa.Array, budget: _Budget | None = None, *, moment: bool = False) -> pa.Array:
    """Return the column without dictionary encoding and with text as plain strings.

    Parameters
    ----------
    name : the column, for messages.
    array : its values.
    budget : bytes that encoded text may grow to; None: any number.
    moment : whether the column holds times, which no other column may.

    Raises
    ------
    InvalidInput
        Where its type is nested, binary, temporal (unless `moment`), an extension, or otherwise no scalar
        that Assay keeps.
    TooLarge
        Where decoded text goes over the `budget`.
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        if budget is not None and _is_text(kind.value_type) and len(array):
            lengths = pc.binary_length(array.dictionary.cast(pa.large_string()))
            if array.dictionary.null_count < len(array.dictionary):
                budget.spend(pc.sum(lengths.take(array.indices)).as_py() or 0)
        array = array.dictionary_decode()
        kind = array.type
    if pa.types.is_string(kind):
        return array
    if _is_text(kind):
        if budget is not None and pa.types.is_string_view(kind):
            budget.spend(_viewed_bytes(array))
        return array.cast(pa.string())
    if moment and pa.types.is_timestamp(kind):
        return array
    if moment and pa.types.is_date(kind):
        return array.cast(pa.timestamp("s" if pa.types.is_date32(kind) else "ms"))
    usable = (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
        or pa.types.is_decimal(kind)
    )
    if not usable:
        raise InvalidInput(
            f"column {shown(name)} has the type {str(kind)[:80]}; use numbers, text or booleans, flatten "
            "nested values, and give a number for a moment, such as its hour"
        )
    return array


def _is_text(kind: pa.DataType) -> bool:
    """Whether the type holds text of any layout."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _viewed_bytes(array: pa.Array) -> int:
    """Bytes of all texts of a string view; each view of 16 bytes begins with its length."""
    if not len(array):
        return 0
    views = np.frombuffer(
        array.buffers()[1], dtype=np.int32, count=4 * len(array), offset=_VIEW * array.offset
    )
    lengths = views[::4].astype(np.int64)
    if array.null_count:
        lengths = lengths[array.is_valid().to_numpy(zero_copy_only=False)]
    return int(lengths.sum())


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    joined = column.combine_chunks()
    return joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)


def _put(columns: dict[str, pa.Array], name: str, array: pa.Array) -> None:
    """Add a column that must not be there yet."""
    if name in columns:
        raise InvalidInput(f"column {shown(name)} comes twice")
    columns[name] = array


def _text(metadata: dict[bytes, bytes], key: bytes) -> str | None:
    """Return a text from the schema's metadata."""
    value = metadata.get(key)
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        raise InvalidInput(f"the schema's metadata {key.decode()} is not UTF-8") from None
