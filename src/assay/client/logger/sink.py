"""Where a logger's batches go, and what a failure means for the batch."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from assay.client.answers import read
from assay.client.batches import Batch
from assay.client.problems import error_of, members
from assay.client.transport import Transport, retry_after
from assay.domain.answers import IngestAnswer
from assay.domain.columns import Kind
from assay.errors import AssayError, IdempotencyConflict, InvalidInput, TooLarge

__all__ = ["Connect", "Fate", "Postponed", "RemoteSink", "Sink", "fate_of"]

_ALL: Final = frozenset(range(300, 600))


class Sink(Protocol):
    """A monitor, as the sending thread sees it."""

    def send(self, kind: Kind, batch: Batch, key: str) -> IngestAnswer:
        """Deliver a batch once; under the same `key` it counts once, however often it is sent.

        Raises
        ------
        Postponed, AssayError
            Where it did not arrive; :func:`fate_of` says what to do with it.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


Connect: TypeAlias = Callable[[], Sink]
"""Opens a sink; called in the sending thread, again in the child of a fork."""


class Postponed(AssayError):
    """The batch did not arrive; the server asks not to be sent it again for `seconds`."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class Fate(enum.Enum):
    """What becomes of a batch that was not stored."""

    LATER = "it is sent again"
    SPLIT = "it is cut in two"
    REFUSED = "it will never be accepted as it is"


def fate_of(error: Exception) -> Fate:
    """Return what becomes of a batch after `error`.

    A wrong key or a model that is not there stay :attr:`Fate.LATER`: somebody can mend that while rows wait.

    >>> fate_of(TooLarge("too many items"))
    <Fate.SPLIT: 'it is cut in two'>
    """
    if isinstance(error, TooLarge):
        return Fate.SPLIT
    if isinstance(error, (InvalidInput, IdempotencyConflict)):
        return Fate.REFUSED
    return Fate.LATER


class RemoteSink:
    """A server, asked once a call: the sending thread itself waits between attempts.

    Parameters
    ----------
    transport : connections of its own, which tries once (:meth:`Transport.once`).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, kind: Kind, batch: Batch, key: str) -> IngestAnswer:
        """Deliver a batch once; see :class:`Sink`."""
        body, headers = self._transport.packed(batch.body, batch.content_type, key)
        answer = self._transport.request(
            "POST", f"/api/v1/{kind.value}", body=body, headers=headers, accept=_ALL
        )
        if answer.is_success:
            try:
                document = msgspec.json.decode(answer.content)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise AssayError(
                    f"{self._transport.url} did not answer with JSON; is it an Assay server?"
                ) from None
            return read(document, IngestAnswer)
        problem = members(answer.content)
        if isinstance(problem.get("rejected_total"), int):
            # Not one item is good, which is an answer like any other.
            return read({"model_id": "", "accepted": 0, **_rejections(problem)}, IngestAnswer)
        error = error_of(answer.status_code, answer.content, url=self._transport.url)
        if fate_of(error) is Fate.LATER:
            raise Postponed(error.message, retry_after(answer.headers.get("Retry-After")))
        raise error

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()


def _rejections(problem: dict[str, Any]) -> dict[str, Any]:
    """Members of an answer that tell what was rejected."""
    return {name: problem[name] for name in ("rejected_total", "rejected") if name in problem}
