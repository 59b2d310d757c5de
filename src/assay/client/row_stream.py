"""Raw rows from a server, batch by batch, as they come."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx
import pyarrow as pa

from assay.client.transport import Transport
from assay.errors import AssayError, StorageUnavailable

__all__ = ["row_stream"]

_BUFFER = 1 << 20


def row_stream(transport: Transport, path: str, **params: Any) -> pa.RecordBatchReader:
    """Ask for rows and return them as a stream; the answer is closed at its end.

    Raises
    ------
    AssayError
        The error that the server's answer stands for, or that it is no stream of Arrow batches. While the
        stream is read: StorageUnavailable where it breaks off.
    """
    answer = transport.request("GET", path, params=params, stream=True)
    try:
        source = io.BufferedReader(_Body(answer, transport.url), _BUFFER)
        reader = pa.ipc.open_stream(pa.PythonFile(source, mode="r"))
    except BaseException as error:
        answer.close()
        if isinstance(error, pa.ArrowException):
            raise AssayError(
                f"{transport.url} did not answer with an Arrow stream; is it an Assay server?"
            ) from error
        raise

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        finally:
            answer.close()

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


class _Body(io.RawIOBase):
    """An answer's body as a file."""

    def __init__(self, answer: httpx.Response, url: str) -> None:
        self._chunks = answer.iter_bytes()
        self._left = memoryview(b"")
        self._url = url

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        """Fill `target` with what is there; 0 at the end."""
        try:
            while not self._left:
                self._left = memoryview(next(self._chunks))
        except StopIteration:
            return 0
        except httpx.HTTPError as error:
            raise StorageUnavailable(
                f"the rows from {self._url} broke off ({error}); see the server's log, and ask again"
            ) from error
        size = min(len(target), len(self._left))
        target[:size] = self._left[:size]
        self._left = self._left[size:]
        return size
