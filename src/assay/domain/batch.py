"""Batches on their way into the journal and out of it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from assay.domain.columns import Kind
from assay.errors import StorageCorrupt

__all__ = ["Entry", "JournalBatch", "Receipt", "decode_table", "encode_table"]

_OPTIONS = pa.ipc.IpcWriteOptions(compression=None)


def encode_table(table: pa.Table) -> bytes:
    """Arrow IPC stream of `table`, as the journal keeps it."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def decode_table(data: bytes) -> pa.Table:
    """Read the table in an Arrow IPC stream that :func:`encode_table` made.

    Raises
    ------
    StorageCorrupt
        Where the bytes do not read back.
    """
    try:
        return pa.ipc.open_stream(data).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise StorageCorrupt(f"a journal batch of {len(data)} bytes does not read back: {error}") from error


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch to append to the journal.

    Attributes
    ----------
    model_id : the model it belongs to.
    kind : what the payload holds.
    payload : Arrow IPC stream of the canonical table; empty where nothing of the request was kept.
    rows : number of rows in the payload.
    idempotency_key : the client's, or None.
    body_hash : hash of the request's body, compared when the key comes again.
    response : bytes of the answer to the request, given again when the key comes again.
    """

    model_id: str
    kind: Kind
    payload: bytes
    rows: int
    idempotency_key: str | None = None
    body_hash: bytes = b""
    response: bytes = b""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an :class:`Entry`.

    Attributes
    ----------
    position : its place in the journal; None where nothing new was stored.
    replayed : the key came before with the same body; `response` is the first answer.
    conflict : the key came before with another body; nothing was stored.
    response : the answer to give.
    """

    position: int | None
    replayed: bool = False
    conflict: bool = False
    response: bytes = b""


@dataclass(frozen=True, slots=True)
class JournalBatch:
    """One batch read from the journal; `appended_at` is in microseconds since the epoch."""

    position: int
    model_id: str
    kind: Kind
    payload: bytes
    rows: int
    appended_at: int

    def table(self) -> pa.Table:
        """Decode the payload into the canonical table."""
        return decode_table(self.payload)
