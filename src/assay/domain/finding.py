"""Something noticed that a person should know."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Finding", "FindingKind"]


class FindingKind(enum.StrEnum):
    """What can be found in the data as it comes."""

    NEW_FEATURE = "new_feature"
    TYPE_CLASH = "type_clash"
    NAIVE_TIMESTAMPS = "naive_timestamps"
    FUTURE_TIMESTAMPS = "future_timestamps"
    NON_FINITE = "non_finite"
    ORPHAN_LABELS = "orphan_labels"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding about a model; one is kept per model, kind and subject, with the latest count.

    Attributes
    ----------
    model_id, kind, subject : what it is about; the subject is a feature's name, say, or empty.
    message : one sentence for a person.
    first_seen, last_seen : microseconds since the epoch.
    count : rows concerned, added up.
    details : plain values for programs.
    """

    model_id: str
    kind: FindingKind
    subject: str
    message: str
    first_seen: int
    last_seen: int
    count: int = 1
    details: dict[str, Any] = field(default_factory=dict)
