"""From a batch of the client's to a judged one, in process; and the end that a logger delivers to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from assay.client.batches import ARROW, Batch
from assay.domain.answers import IngestAnswer
from assay.domain.columns import Kind
from assay.monitoring.intake.arrow import read_arrow
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context, Limits
from assay.monitoring.intake.json_body import read_json
from assay.runtime.wiring import wall_clock

__all__ = ["LIMITS", "EmbeddedSink", "intake_of"]

# Bodies are cut by this process itself; the limits guard a server against strangers.
LIMITS = Limits(cells=1 << 40, values=1 << 40, decoded_bytes=1 << 40)


def intake_of(kind: Kind, batch: Batch, key: str | None) -> Intake:
    """Judge one batch, which counts once under its `key`."""
    context = Context(
        now=wall_clock(),
        limits=LIMITS,
        idempotency_key=key,
        body_hash=b"" if key is None else hashlib.blake2b(batch.body, digest_size=16).digest(),
    )
    read = read_arrow if batch.content_type == ARROW else read_json
    return read(kind, batch.body, context)


class EmbeddedSink:
    """A monitor in process, as the thread of a logger sees it; see :class:`assay.client.logger.sink.Sink`.

    Parameters
    ----------
    store : stores a judged batch and returns when it is durable.
    close : called at the end.
    """

    def __init__(self, store: Callable[[Intake], IngestAnswer], close: Callable[[], None]) -> None:
        self._store = store
        self._close = close

    def send(self, kind: Kind, batch: Batch, key: str) -> IngestAnswer:
        """Store one batch."""
        return self._store(intake_of(kind, batch, key))

    def close(self) -> None:
        """Let go of what was opened for this logger alone."""
        self._close()
