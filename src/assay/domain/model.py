"""A monitored model and its settings."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from assay.domain.time import DAY, HOUR
from assay.errors import InvalidInput

__all__ = ["MAX_NAME", "Model", "ModelSettings", "Task", "check_name"]

MAX_NAME = 10_240
"""The longest name (model, version, feature, class, tag), in bytes of UTF-8."""


class Task(enum.StrEnum):
    """What a model predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    TRADING = "trading"

    @classmethod
    def parse(cls, text: str) -> Task:
        """Read a task's name.

        Raises
        ------
        InvalidInput
            Where there is no such task.
        """
        try:
            return cls(text)
        except ValueError:
            known = ", ".join(cls)
            raise InvalidInput(f"unknown task {text[:80]!r}; the tasks are {known}") from None

    @property
    def classifies(self) -> bool:
        """Whether the truth is a class."""
        return self in (Task.BINARY, Task.MULTICLASS)


def check_name(what: str, name: object) -> str:
    """Return `name` if it can name a model, version, feature, class or tag: any text of 1 byte to 10 kB.

    Raises
    ------
    InvalidInput
        Where it is not text, is empty, is too long, or holds a NUL or a lone surrogate, which no store
        keeps.
    """
    if not isinstance(name, str):
        raise InvalidInput(f"{what} must be text, not {type(name).__name__}")
    if not name:
        raise InvalidInput(f"{what} is empty; give it a name")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise InvalidInput(f"{what} holds half of a surrogate pair, which is not text") from None
    if size > MAX_NAME:
        raise InvalidInput(f"{what} is {size} bytes long; the longest allowed is {MAX_NAME}")
    if "\0" in name:
        raise InvalidInput(f"{what} holds a NUL character; remove it")
    return name


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Settings of one model.

    Attributes
    ----------
    positive_class : the class whose probability `score` is; None: "1", "true", "yes" where one of
        them is seen, else the last class in sorted order.
    slices : tags for whose values profiles are kept of their own.
    label_horizon : how long after a prediction its label is waited for, in microseconds.
    minute_retention : how long back from now profiles are kept by the minute, in microseconds;
        older ones are kept by the hour.
    reference_rows : how many first predictions serve as the reference until one is given.
    max_slice_values : values of one declared tag that get profiles of their own; the rest share one.
    retention : how long raw rows are kept, in microseconds; None: for ever.
    classes : classes declared, or seen so far (at most 200), as text.
    """

    positive_class: str | None = None
    slices: tuple[str, ...] = ()
    label_horizon: int = 30 * DAY
    minute_retention: int = 48 * HOUR
    reference_rows: int = 5_000
    max_slice_values: int = 50
    retention: int | None = None
    classes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self) | {"slices": list(self.slices), "classes": list(self.classes)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelSettings:
        """Read what :meth:`to_dict` wrote; unknown names are ignored, absent ones take the default."""
        known = {name: values[name] for name in cls.__slots__ if name in values}
        for name in ("slices", "classes"):
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that Assay knows.

    Attributes
    ----------
    model_id : its name.
    task : what it predicts; None until it is declared or seen from its first labels.
    task_declared : whether a person declared the task (else it was inferred).
    settings : its settings.
    created_at : microseconds since the epoch.
    reference_id : the active reference; None before the first prediction.
    """

    model_id: str
    task: Task | None = None
    task_declared: bool = False
    settings: ModelSettings = field(default_factory=ModelSettings)
    created_at: int = 0
    reference_id: str | None = None

    def with_(self, **changes: Any) -> Model:
        """Return a copy with `changes`."""
        return replace(self, **changes)
