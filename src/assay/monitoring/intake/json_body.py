"""JSON bodies: a list of records, or columns.

The common case is decoded at once; only where that fails is each item decoded on its own, so that the good
ones are kept and the bad ones are told one by one.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from assay.domain.columns import Kind
from assay.errors import InvalidInput, TooLarge, Unreadable
from assay.monitoring.intake.assemble import GROUPS, assemble
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.columnar import ColumnValues, draft_of_columns
from assay.monitoring.intake.context import Context, Limits
from assay.monitoring.intake.faults import LISTED, Faults, shown
from assay.monitoring.intake.records import draft_of_records
from assay.monitoring.intake.single import read_single

__all__ = ["read_json"]

Scalar = int | float | str | bool | None
_Group = dict[str, Scalar]
_Prediction = dict[str, Scalar | _Group]


class _Envelope(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the bodies of both routes share."""

    model_id: str | None = None
    model_version: str | None = None
    columns: ColumnValues | None = None


class _Predictions(_Envelope):
    predictions: list[_Prediction] | None = None


class _Labels(_Envelope):
    labels: list[_Group] | None = None


class _RawPredictions(_Envelope):
    predictions: list[msgspec.Raw] | None = None


class _RawLabels(_Envelope):
    labels: list[msgspec.Raw] | None = None


_WHOLE: dict[Kind, msgspec.json.Decoder[Any]] = {
    Kind.PREDICTIONS: msgspec.json.Decoder(_Predictions),
    Kind.LABELS: msgspec.json.Decoder(_Labels),
}
_RAW: dict[Kind, msgspec.json.Decoder[Any]] = {
    Kind.PREDICTIONS: msgspec.json.Decoder(_RawPredictions),
    Kind.LABELS: msgspec.json.Decoder(_RawLabels),
}
_ITEM: dict[Kind, msgspec.json.Decoder[Any]] = {
    Kind.PREDICTIONS: msgspec.json.Decoder(_Prediction),
    Kind.LABELS: msgspec.json.Decoder(_Group),
}
_SCALARS = {int, float, str, bool, type(None)}
_NOT_FINITE = (b"N", b"I")
_SMALL = 1 << 20
_LONG = 50_000
_OUT_OF_RANGE = "out of range"  # msgspec's words for numbers that Python's json can read
_OBJECTS = 1 + len(GROUPS)
_IN_JSON: dict[type, str] = {dict: "an object", list: "a list"}


def read_json(kind: Kind, body: bytes, context: Context, *, model_id: str | None = None) -> Intake:
    """Read the body of ``POST /api/v1/predictions`` or ``/api/v1/labels``.

    `model_id` is the model that the request names elsewhere; without it the body must name one.

    Raises
    ------
    Unreadable
        Where the body is not JSON.
    InvalidInput
        Where it is JSON of another shape; single items that are bad raise nothing, see
        :attr:`~assay.monitoring.intake.batch.Intake.rejected`.
    TooLarge
        Where it holds more than the limits allow.
    """
    if len(body) > _SMALL:
        _check_size(body, context.limits)
    faults: Faults | None = None
    try:
        envelope = _WHOLE[kind].decode(body)
        items = _items(kind, envelope)
    except (ValueError, RecursionError) as error:  # of which all of msgspec's and Unicode's are
        if _is_pythonic(body, error):
            envelope, items, faults = _lenient(kind, body)
        elif isinstance(error, msgspec.ValidationError):
            envelope, items, faults = _each(kind, body)
        else:
            raise _unreadable(error) from None
    name = _model(envelope.model_id, model_id)
    version = envelope.model_version or ""
    if items is not None and faults is None and len(items) == 1 and envelope.columns is None:
        intake = read_single(kind, name, version, items[0], context)
        if intake is not None:
            return intake
    if (items is None) == (envelope.columns is None):
        raise InvalidInput(f"the body needs either {kind.value} or columns")
    if items is None:
        draft = draft_of_columns(kind, name, version, envelope.columns, context.limits)
    else:
        draft = draft_of_records(kind, name, version, items, context, faults)
    return assemble(draft, context)


def _check_size(body: bytes, limits: Limits) -> None:
    """Refuse a large body that would become too many objects, before they are made.

    An item and its features, tags and probabilities have a brace each, and every value but the last has a
    comma behind it. Text may hold both too, so the bounds are wide.
    """
    for sign, most in ((b",", limits.values), (b"{", _OBJECTS * limits.items + _SMALL)):
        if body.count(sign) > most:
            raise TooLarge(
                "the body holds more items or values than one request may; send fewer items at once, "
                "or an Arrow stream"
            )
    if len(max(body.split(b"}"), key=len)) > _LONG and _widest(body) > _OBJECTS * limits.columns:
        raise TooLarge(f"one item has more than {limits.columns} values, the most columns there may be")


def _widest(body: bytes) -> int:
    """Most pairs of name and value that an item of the body is likely to have."""
    envelopes: tuple[Any, ...] = (_RawPredictions, _RawLabels)
    for envelope in envelopes:
        try:
            found = msgspec.json.decode(body, type=envelope)
        except (ValueError, RecursionError):
            continue
        items = getattr(found, "predictions" if envelope is _RawPredictions else "labels") or []
        return max((bytes(item).count(b'":') for item in items), default=0)
    return 0  # what is wrong with it is told by the decoding proper


def _model(in_body: str | None, elsewhere: str | None) -> str:
    """Return the model that the request is about."""
    if in_body is not None and elsewhere is not None and in_body != elsewhere:
        raise InvalidInput(f"the body names the model {shown(in_body)}, the address {shown(elsewhere)}")
    name = elsewhere if in_body is None else in_body
    if name is None:
        raise InvalidInput("the body needs a model_id")
    return name


def _items(kind: Kind, envelope: Any) -> list[Any] | None:
    """Return the list of items, of whatever type they are."""
    return getattr(envelope, kind.value)


def _each(kind: Kind, body: bytes) -> tuple[Any, list[Any] | None, Faults | None]:
    """Decode item by item; a bad one becomes an empty record with a fault."""
    try:
        envelope = _RAW[kind].decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"the body does not fit: {error}") from None
    except (ValueError, RecursionError) as error:
        raise _unreadable(error) from None
    items = _items(kind, envelope)
    if items is None:
        return envelope, None, None
    faults = Faults(len(items))
    decode = _ITEM[kind].decode
    for row, item in enumerate(items):
        try:
            items[row] = decode(item)
        except (ValueError, RecursionError) as refused:
            if faults.total >= LISTED and _OUT_OF_RANGE not in str(refused):
                faults.add(row, "wrong_type", "")  # counted, and described no more
                items[row] = {}
                continue
            try:
                items[row] = _judged(kind, json.loads(bytes(item)), row, faults)
            except (ValueError, RecursionError) as error:
                faults.add(row, "wrong_type", f"the item cannot be read: {_unreadable(error).message}")
                items[row] = {}
    return envelope, items, faults


def _lenient(kind: Kind, body: bytes) -> tuple[Any, list[Any] | None, Faults | None]:
    """Decode a body as Python's json does, which knows NaN and Infinity."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unreadable(error) from None
    items = values.get(kind.value) if isinstance(values, dict) else None
    if isinstance(items, list):
        values[kind.value] = []
    try:
        envelope = msgspec.convert(values, _Predictions if kind is Kind.PREDICTIONS else _Labels)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"the body does not fit: {error}") from None
    if not isinstance(items, list):
        return envelope, None, None
    faults = Faults(len(items))
    return envelope, [_judged(kind, item, row, faults) for row, item in enumerate(items)], faults


def _judged(kind: Kind, item: Any, row: int, faults: Faults) -> dict[str, Any]:
    """Return the item if its values are scalars or flat objects; else report it and return its id at most."""
    message = None
    if not isinstance(item, dict):
        message = f"an item must be an object, not {_type(item)}"
    elif not _SCALARS.issuperset(map(type, item.values())):
        for name, value in item.items():
            if isinstance(value, list) or (isinstance(value, dict) and kind is Kind.LABELS):
                message = f"{shown(name)} must be a single value, not {_type(value)}"
            elif isinstance(value, dict) and not _SCALARS.issuperset(map(type, value.values())):
                inner, bad = next((k, v) for k, v in value.items() if type(v) not in _SCALARS)
                message = (
                    f"{shown(inner)} in {shown(name)} is {_type(bad)}; {', '.join(GROUPS)} are flat: "
                    "names with a number, text, boolean or null each"
                )
            if message:
                break
    if message is None:
        return item
    faults.add(row, "wrong_type", message)
    given = item.get("prediction_id") if isinstance(item, dict) else None
    return {"prediction_id": given} if isinstance(given, str) else {}


def _type(value: object) -> str:
    """Name the kind of a value in the words of JSON."""
    return _IN_JSON.get(type(value)) or shown(value)


def _is_pythonic(body: bytes, error: Exception) -> bool:
    """Whether decoding stopped at what Python's json writes and reads though it is not JSON.

    That is NaN, Infinity and -Infinity, which are kept, and half a surrogate pair, for which its item alone
    is refused.
    """
    message = str(error)
    place = message.rpartition("(byte ")[2].rstrip(")")
    return "surrogate" in message or (place.isdigit() and body[int(place) : int(place) + 1] in _NOT_FINITE)


def _unreadable(error: Exception) -> Unreadable:
    """Say why the bytes are not JSON."""
    if isinstance(error, RecursionError):
        return Unreadable("the body is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Unreadable(f"the body is not UTF-8: {error.reason} at byte {error.start}")
    return Unreadable(f"the body is not JSON: {str(error)[:300]}")
