"""Changes that go through the journal like data: declarations, references, erasures.

In the journal they are durable at once, and take effect at their place among the rows, exactly once, in
whichever process does the background work.
"""

from __future__ import annotations

from typing import Any

import msgspec

from assay.domain.batch import Entry
from assay.domain.columns import Kind
from assay.domain.model import Model, ModelSettings, Task
from assay.errors import StorageCorrupt

__all__ = ["Command", "Declaration", "Erasure", "NewReference", "command_entry", "read_command"]


class Declaration(msgspec.Struct, frozen=True):
    """Set a model's task and settings; what is None stays as it is."""

    task: str | None = None
    settings: dict[str, Any] | None = None

    def apply(self, model: Model) -> Model:
        """Return the model as declared."""
        if self.task is not None:
            model = model.with_(task=Task(self.task), task_declared=True)
        if self.settings is not None:
            seen = {} if self.settings.get("classes") else {"classes": model.settings.classes}
            model = model.with_(settings=ModelSettings.from_dict({**self.settings, **seen}))
        return model


class Erasure(msgspec.Struct, frozen=True):
    """Delete predictions by id, or all where a tag has a value."""

    ids: tuple[str, ...] = ()
    tag: tuple[str, str] | None = None


class NewReference(msgspec.Struct, frozen=True):
    """Make a dataset's cells (bytes of a Reference) the model's reference."""

    payload: bytes
    name: str = ""


Command = Declaration | Erasure | NewReference
_KINDS: dict[type[Any], Kind] = {
    Declaration: Kind.DECLARATION,
    Erasure: Kind.ERASURE,
    NewReference: Kind.REFERENCE,
}
_TYPES = {kind: command for command, kind in _KINDS.items()}


def command_entry(model_id: str, command: Command) -> Entry:
    """Return the journal entry of a command."""
    payload = msgspec.msgpack.encode(command)
    return Entry(model_id=model_id, kind=_KINDS[type(command)], payload=payload, rows=0)


def read_command(kind: Kind, payload: bytes) -> Command:
    """Read a command from a journal batch.

    Raises
    ------
    StorageCorrupt
        Where the bytes do not read back.
    """
    try:
        command: Command = msgspec.msgpack.decode(payload, type=_TYPES[kind])
    except (KeyError, msgspec.MsgspecError) as error:
        raise StorageCorrupt(f"a journal batch of kind {kind} does not read back: {error}") from error
    return command
