"""Changes by command, through the journal, and waiting until they have taken effect."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pyarrow as pa

from assay.domain.answers import ErasureAnswer
from assay.domain.audit import AuditAction
from assay.domain.model import Model, ModelSettings, Task, check_name
from assay.domain.time import HOUR
from assay.errors import InvalidInput, NotFound, StaleWriter, StorageUnavailable
from assay.monitoring.access.audit import Audit
from assay.monitoring.background import Background
from assay.monitoring.commands import Command, Declaration, Erasure, NewReference, command_entry
from assay.monitoring.erasure import matching_rows
from assay.monitoring.profiler import Profiler
from assay.monitoring.raw_rows import RawRows
from assay.monitoring.references import columns_for_reference, is_feature
from assay.ports.journal import Journal
from assay.ports.profiles import Profiles
from assay.ports.registry import Registry
from assay.stats.summaries.reference import Reference

__all__ = ["Commander", "absent", "require"]

_DURATIONS = frozenset({"label_horizon", "minute_retention", "retention"})
_POLL_SECONDS = 0.01
_COMMAND_SECONDS = 60.0


def require(registry: Registry, model_id: str) -> Model:
    """Return the model.

    Raises
    ------
    NotFound
        Where there is none of that name.
    """
    model = registry.get(model_id)
    if model is None:
        raise absent(model_id)
    return model


def absent(model_id: str) -> NotFound:
    """Return the error for a model that is not there, or not there for whoever asks."""
    return NotFound(f"there is no model {model_id[:80]!r}; log a prediction for it, or declare it")


class Commander:
    """Sends commands, and does or awaits the background work that carries them out."""

    def __init__(
        self,
        *,
        journal: Journal,
        profiles: Profiles,
        registry: Registry,
        profiler: Profiler,
        background: Background,
        raw: RawRows,
        audit: Audit,
        clock: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._profiles = profiles
        self._registry = registry
        self._profiler = profiler
        self._background = background
        self._raw = raw
        self._audit = audit
        self._clock = clock

    def model(self, model_id: str) -> Model:
        """Return the model.

        Raises
        ------
        NotFound
            Where there is none of that name, or none yet: rows are acknowledged before the background work
            makes their model, which the message then says.
        """
        model = self._registry.get(model_id)
        if model is None and self._expects(model_id):
            raise NotFound(
                f"the first rows of the model {model_id[:80]!r} are stored, and not worked up yet; ask again "
                "in a moment, over HTTP with wait=10"
            )
        return model or require(self._registry, model_id)

    def _expects(self, model_id: str) -> bool:
        """Return whether the journal holds something of a model which the profiles have not seen."""
        behind = self._journal.models(after=self._profiles.position())
        return any(name == model_id for name, *_ in behind)

    def declare(
        self, model_id: str, *, task: Task | None = None, settings: ModelSettings | None = None
    ) -> Model:
        """Declare a model or change its task and settings; what is None stays as it is.

        Outcome profiles are made again where the task changes, and all profiles where the slices do.
        """
        check_name("the model's name", model_id)
        for key in settings.slices if settings else ():
            check_name("a slice's tag", key)
        declaration = Declaration(
            task=None if task is None else task.value,
            settings=None if settings is None else settings.to_dict(),
        )
        known = self._registry.get(model_id)
        if known is not None and declaration.apply(known) == known:
            return known
        with self._audit.change(AuditAction.DECLARE, model_id=model_id, subject=_described(task, settings)):
            self._command(model_id, declaration)
        stored = self._registry.get(model_id)
        return stored or declaration.apply(Model(model_id, created_at=self._clock()))

    def refer(self, model_id: str, table: pa.Table, *, name: str = "") -> str:
        """Make a dataset the model's reference, and return its id.

        Profiles of what is stored are made again in the background; until that is done the old reference
        stays in use.

        Raises
        ------
        InvalidInput
            Where the table has no rows or no feature.
        """
        check_name("the model's name", model_id)
        if name:
            check_name("the reference's name", name)
        features = [column for column in table.column_names if is_feature(column)]
        if not table.num_rows or not features:
            raise InvalidInput(
                f"a reference needs rows and features; this one has {table.num_rows} rows "
                f"and {len(features)} features"
            )
        reference = Reference.of(columns_for_reference(table), rows=table.num_rows)
        subject = f"{table.num_rows} rows" + (f", named {name}" if name else "")
        with self._audit.change(AuditAction.REFERENCE, model_id=model_id, subject=subject):
            self._command(model_id, NewReference(payload=reference.to_bytes(), name=name))
        return reference.id

    def erase(
        self, model_id: str, *, ids: Sequence[str] = (), tag: tuple[str, str] | None = None
    ) -> ErasureAnswer:
        """Delete predictions and their labels for good, by id or by a tag's value.

        Returns when no store holds the rows any more and the metrics no longer count them.

        Raises
        ------
        InvalidInput
            Where neither ids nor a tag is given.
        """
        if not ids and tag is None:
            raise InvalidInput("nothing to erase: give prediction ids, or a tag and its value")
        if self._registry.get(model_id) is None:
            self._await(self._journal.head())  # its first rows may be on their way
        require(self._registry, model_id)
        # Neither ids nor a tag's value are recorded: what is erased must not live on in the record.
        what = [f"{len(ids)} ids"] if ids else []
        what += [] if tag is None else [f"one value of the tag {tag[0]}"]
        with self._audit.change(AuditAction.ERASE, model_id=model_id, subject=", ".join(what)):
            return self._erase(model_id, Erasure(ids=tuple(ids), tag=tag))

    def _erase(self, model_id: str, erasure: Erasure) -> ErasureAnswer:
        """Erase, and wait until no trace is left."""
        rows = matching_rows(self._raw, model_id, erasure)
        position = self._command(model_id, erasure)
        deadline = time.monotonic() + _COMMAND_SECONDS
        while self._journal.read(after=position - 1, upto=position):  # its own batch is the last that goes
            if time.monotonic() > deadline:
                raise StorageUnavailable(
                    "the rows no longer count; their last traces are still being removed"
                )
            time.sleep(_POLL_SECONDS)
        return ErasureAnswer(model_id, rows.num_rows)

    def _command(self, model_id: str, command: Command) -> int:
        """Append a command to the journal, wait until it has taken effect, and return its position.

        Raises
        ------
        StorageUnavailable
            Where that takes longer than a client waits; the command is durable all the same.
        """
        (receipt,) = self._journal.append([command_entry(model_id, command)], now=self._clock())
        self._background.wake()
        position = receipt.position or 0
        self._await(position)
        return position

    def _await(self, position: int) -> None:
        """Wait until the profiles have come to a journal position."""
        deadline = time.monotonic() + _COMMAND_SECONDS
        try:
            while self._profiles.position() < position:
                self._step_or_wait()
                if time.monotonic() > deadline:
                    raise StorageUnavailable(
                        "the change is stored, and takes effect when the background work has caught up"
                    )
        finally:
            self._background.release()

    def catch_up(self, *, timeout: float | None = None) -> bool:
        """Wait until everything acknowledged so far is in the profiles; false where time ran out.

        Where no other process does the background work, this one does it here and now.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        target = self._journal.head()
        try:
            while not self._caught_up(target):
                if deadline is not None and time.monotonic() > deadline:
                    return False
            return True
        finally:
            self._background.release()

    def _caught_up(self, target: int) -> bool:
        """Do, or wait for, one more step; return whether nothing is left to do."""
        worked = self._step_or_wait()
        if worked is not None:
            return not worked
        state = self._profiles.state()
        return self._profiles.position() >= target and not state.dirty and not state.running

    def _step_or_wait(self) -> bool | None:
        """Do a step of the background work, and return whether there may be more.

        Where another process does it, wait for a moment, and return None.
        """
        if self._background.lease():
            try:
                return self._profiler.step()
            except StaleWriter:
                return True
        time.sleep(_POLL_SECONDS)
        return None


def _described(task: Task | None, settings: ModelSettings | None) -> str:
    """Say what is declared, for the record of changes: what differs from the defaults."""
    default = ModelSettings().to_dict()
    given = {} if settings is None else settings.to_dict()
    changed = {name: value for name, value in given.items() if value != default[name]}
    parts = [] if task is None else [f"task: {task.value}"]
    return "; ".join([*parts, *(f"{name}: {_in_words(name, value)}" for name, value in changed.items())])


def _in_words(name: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if name in _DURATIONS and isinstance(value, int):
        return f"{value / HOUR:g} hours"
    return str(value)
