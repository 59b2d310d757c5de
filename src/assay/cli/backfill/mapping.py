"""What each column of a file becomes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from assay.domain.columns import LABEL_FIELDS, PREDICTION_FIELDS, PROBABILITY, TAG
from assay.errors import InvalidInput

__all__ = ["Columns", "Meaning", "resolve"]

_PREDICTION: Final = frozenset(PREDICTION_FIELDS) - {"received_at", "prediction_class"}
_LABEL: Final = frozenset(LABEL_FIELDS) - {"received_at", "actual_class"}
_PREFIXES: Final = ("feature.", "tag.", "probability.")
_UNUSABLE: Final = (
    "timestamp",
    "date",
    "time",
    "duration",
    "list",
    "struct",
    "map",
    "binary",
    "object",
    "dict",
)
_OUTCOMES: Final = frozenset({"actual", "return", "reward"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns are what, as the command line says; names are those after `rename`.

    Attributes
    ----------
    labels : whether the file holds labels alone.
    features, tags, probabilities : columns that are these; no `features`: every other usable column.
    timestamp, prediction, score, target, prediction_id : columns that are these fields.
    leave_out : columns that are not used.
    rename : names in the file to names to use.
    """

    labels: bool = False
    timestamp: str | None = None
    prediction: str | None = None
    score: str | None = None
    target: str | None = None
    prediction_id: str | None = None
    features: Sequence[str] = ()
    tags: Sequence[str] = ()
    probabilities: Sequence[str] = ()
    leave_out: Sequence[str] = ()
    rename: Mapping[str, str] | None = None

    def digest(self, version: str | None) -> str:
        """Return a digest of everything that gives the rows their meaning."""
        text = json.dumps([asdict(self), version], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one column becomes: `target` is a field or ``feature.x``, None where it is left out (`why`)."""

    column: str
    kind: str
    target: str | None
    why: str = ""

    @property
    def needs_type(self) -> bool:
        """Whether a text file's values are to be looked at for their type."""
        fields = ("prediction", "actual")
        return self.target is not None and (self.target in fields or self.target.startswith("feature."))

    @property
    def is_figure(self) -> bool:
        """Whether it is a field that holds numbers alone."""
        fields = PREDICTION_FIELDS | LABEL_FIELDS
        name = self.target or ""
        figures = name in fields and str(fields[name]) == "double" and name not in ("prediction", "actual")
        return figures or name.startswith("probability.")


def resolve(name: str, kinds: Mapping[str, str], stored: Mapping[str, str], given: Columns) -> list[Meaning]:
    """Say what the columns of file `name` become.

    Parameters
    ----------
    name : the file, for messages.
    kinds : its columns with their types.
    stored : canonical names of columns that the file itself tells.
    given : what the command line says.

    Raises
    ------
    InvalidInput
        Where a named column is not there, two become the same, or nothing can be made of the file.
    """
    renames = dict(given.rename or {})
    named = _named(given)
    after = {column: renames.get(column, column) for column in kinds}
    for column in renames:
        if column not in kinds:
            raise _missing(name, column, kinds)
    for column in [*named, *given.leave_out]:
        if column not in after.values():
            raise _missing(name, column, after.values())
    meanings = [
        _meaning(column, kind, after[column], stored.get(column), named, given)
        for column, kind in kinds.items()
    ]
    _check(name, meanings, given)
    return meanings


def _named(given: Columns) -> dict[str, str]:
    """Columns that the command line names, with what they become."""
    time = "observed_at" if given.labels else "timestamp"
    fields = {
        given.timestamp: time,
        given.prediction: "prediction",
        given.score: "score",
        given.target: "actual",
        given.prediction_id: "prediction_id",
    }
    named = {column: target for column, target in fields.items() if column is not None}
    for prefix, columns in zip(_PREFIXES, (given.features, given.tags, given.probabilities), strict=True):
        for column in columns:
            if column in named:
                raise InvalidInput(f"column {column[:80]!r} cannot be two things; name it once")
            named[column] = column if column.startswith(prefix) else prefix + column
    return named


def _meaning(
    column: str, kind: str, name: str, stored: str | None, named: Mapping[str, str], given: Columns
) -> Meaning:
    if name in given.leave_out:
        return Meaning(column, kind, None, "as you say")
    if name in named:
        return Meaning(column, kind, named[name])
    if name == "received_at":
        return Meaning(column, kind, None, "the time of arrival is noted anew")
    if given.labels:
        if name in _LABEL:
            return Meaning(column, kind, name)
        return Meaning(column, kind, None, "labels have no such field")
    if name in _PREDICTION or name in _LABEL:
        return Meaning(column, kind, name)
    if stored is not None and name == column:
        prefix = {TAG: "tag.", PROBABILITY: "probability."}.get(stored[:2], "feature.")
        return Meaning(column, kind, prefix + stored[2:])
    if name.startswith(_PREFIXES):
        return Meaning(column, kind, name)
    if given.features:
        return Meaning(column, kind, None, "not among the features you name")
    if kind.startswith(_UNUSABLE):
        return Meaning(column, kind, None, f"a feature cannot be a {kind[:40]}")
    return Meaning(column, kind, "feature." + name)


def _check(name: str, meanings: Sequence[Meaning], given: Columns) -> None:
    """Refuse what makes no sense as a whole."""
    by_target: dict[str, Meaning] = {}
    for one in meanings:
        if one.target is None:
            continue
        other = by_target.setdefault(one.target, one)
        # The columns of one feature, one for each of its types, are put together again.
        if other is not one and not one.target.startswith("feature."):
            raise InvalidInput(
                f"columns {other.column[:80]!r} and {one.column[:80]!r} of {name[-200:]} would both become "
                f"{one.target[:80]}; leave one out (--leave-out) or give it another name (--rename)"
            )
    if given.labels:
        if "prediction_id" not in by_target:
            raise InvalidInput(
                f"{name[-200:]} has no column prediction_id, and labels cannot do without; name it with --id"
            )
        if not _OUTCOMES & by_target.keys():
            raise InvalidInput(f"{name[-200:]} has no column actual; name the truth's column with --target")
    elif not by_target:
        raise InvalidInput(f"no column of {name[-200:]} can be used; see what is there with --dry-run")


def _missing(name: str, column: str, there: object) -> InvalidInput:
    columns = ", ".join(map(str, there)) if hasattr(there, "__iter__") else ""
    return InvalidInput(f"{name[-200:]} has no column {column[:80]!r}; it has {columns[:300]}")
