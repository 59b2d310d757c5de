"""The hot path: POST /api/v1/predictions and /api/v1/labels, from the socket to the journal.

These two routes are plain ASGI: what a framework does for a request costs as much as what is to be done.
Their description for OpenAPI is in :mod:`assay.server.schemas.ingest`.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec

from assay.domain.answers import IngestAnswer
from assay.domain.columns import Kind
from assay.errors import InvalidInput
from assay.monitoring.intake.arrow import read_arrow
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context, Limits
from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.json_body import read_json
from assay.runtime.settings import Settings
from assay.server.body import Hold, Inflight, decompress, likely_size, read_body
from assay.server.errors import HttpProblem
from assay.server.memory import LARGE, release
from assay.server.wakeup import Wakeup

__all__ = [
    "ARROW",
    "INGEST_PATHS",
    "JSON",
    "Ingest",
    "ItemsRejected",
    "Submitter",
    "limits_of",
    "read_intake",
]

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
INGEST_PATHS = {f"/api/v1/{kind.value}": kind for kind in (Kind.PREDICTIONS, Kind.LABELS)}

_INLINE = 256 << 10
"""Bodies up to this size are decoded in the event loop; handing them to a thread would cost more."""
_KEY = 512
_MOST_PARAMETERS = 10
_PARAMETERS = ("model_id", "model_version", "return_ids")
_THREADS = 4
_encode = msgspec.json.Encoder().encode


class Submitter(Protocol):
    """The one use case that the hot path needs."""

    def submit(self, intake: Intake) -> Future[IngestAnswer]:
        """Queue a judged batch; the future is done once it is durable."""
        ...


def limits_of(settings: Settings) -> Limits:
    """Limits on what one request may hold."""
    return Limits(
        items=settings.max_items, columns=settings.max_columns, decoded_bytes=settings.max_decoded_bytes
    )


def read_intake(
    kind: Kind,
    body: bytes,
    content_type: str,
    context: Context,
    query: Mapping[str, str],
    *,
    model_id: str | None = None,
) -> Intake:
    """Decode a body by its Content-Type.

    `model_id` is the model that the address names; without it, body or query do.

    Raises
    ------
    HttpProblem
        415 where the type is neither JSON nor an Arrow stream.
    Unreadable, InvalidInput, TooLarge
        Where the body cannot be used.
    """
    media, _, parameters = content_type.partition(";")
    media = media.strip().lower()
    if media == JSON:
        charset = parameters.strip().lower().removeprefix("charset=").strip('"')
        if charset not in ("", "utf-8", "utf8", "us-ascii"):
            raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", "send JSON as UTF-8")
        if "model_id" in query or "model_version" in query:
            raise InvalidInput("with a JSON body, model_id and model_version belong into the body")
        return read_json(kind, body, context, model_id=model_id)
    if media == ARROW:
        return read_arrow(
            kind,
            body,
            context,
            model_id=query.get("model_id", model_id),
            model_version=query.get("model_version"),
        )
    given = f"Content-Type {media[:80]!r} is not understood" if media else "the request has no Content-Type"
    raise HttpProblem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", f"{given}; send {JSON} or {ARROW}"
    )


class Ingest:
    """ASGI handler of both routes.

    Parameters
    ----------
    service : takes the judged batches.
    settings : limits.
    clock : microseconds since the epoch.
    """

    def __init__(self, service: Submitter, settings: Settings, *, clock: Callable[[], int]) -> None:
        self._service = service
        self._settings = settings
        self._limits = limits_of(settings)
        self._clock = clock
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="assay-decode")
        self._wakeup: Wakeup[IngestAnswer] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.inflight = Inflight(settings.max_inflight_bytes)
        self.requests = 0
        self.decode_seconds = 0.0  # of processor time, until the batch is queued for the journal

    async def __call__(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], receive: Any
    ) -> tuple[int, bytes]:
        """Return status and JSON of the answer to one request; `headers` have lower-case names.

        Raises
        ------
        HttpProblem, AssayError
            Where nothing of the request was stored.
        """
        kind = INGEST_PATHS[scope["path"]]
        self.requests += 1
        query = _query(scope["query_string"])
        key = _key(headers)
        size = 0
        try:
            with Hold(self.inflight) as hold:
                body = await read_body(headers, receive, limit=self._settings.max_body_bytes, hold=hold)
                encoding = headers.get(b"content-encoding", b"").decode("latin-1")
                if encoding or len(body) > _INLINE:
                    content_type = headers.get(b"content-type", b"").decode("latin-1")
                    size = likely_size(body, encoding, content_type, limit=self._settings.max_decoded_bytes)
                    hold.grow(size)
                intake, future = await self._begin(
                    kind, headers, query, key, body, encoding, scope["query_string"]
                )
                # The journal's queue holds the batch from here on, among the bytes in flight.
                answer = _without_rows(intake) if future is None else await self._waiter().result(future)
        finally:
            if size > LARGE:
                with suppress(RuntimeError):  # the threads are stopped already
                    self._threads.submit(release)
        document: Any = answer
        if query.get("return_ids") in ("true", "1"):
            document = answer.to_dict() | {"prediction_ids": None if answer.replayed else _ids(intake)}
        return HTTPStatus.OK, _encode(document)

    async def _begin(
        self,
        kind: Kind,
        headers: Mapping[bytes, bytes],
        query: Mapping[str, str],
        key: str | None,
        body: bytes,
        encoding: str,
        query_string: bytes,
    ) -> tuple[Intake, Future[IngestAnswer] | None]:
        """Decode and submit, in a thread where the body is large."""
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        tag = b"" if key is None else _hash(kind, content_type, query_string, body)
        context = Context(now=self._clock(), limits=self._limits, idempotency_key=key, body_hash=tag)

        def work() -> tuple[Intake, Future[IngestAnswer] | None]:
            started = time.thread_time()
            try:
                return decode()
            finally:
                self.decode_seconds += time.thread_time() - started

        def decode() -> tuple[Intake, Future[IngestAnswer] | None]:
            plain = decompress(body, encoding, limit=self._settings.max_decoded_bytes) if encoding else body
            intake = read_intake(kind, plain, content_type, context, query)
            if intake.table.num_rows:
                return intake, self._service.submit(intake)
            if intake.rejected_total:
                raise ItemsRejected(intake, "not one item is good:")
            return intake, None

        if len(body) <= _INLINE and not encoding:
            return work()
        # The thread must know who asks.
        known = contextvars.copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self._threads, known, work)

    def _waiter(self) -> Wakeup[IngestAnswer]:
        """Return the waker of the running loop."""
        loop = asyncio.get_running_loop()
        if self._wakeup is None or loop is not self._loop:
            self._loop, self._wakeup = loop, Wakeup(loop)
        return self._wakeup

    def close(self) -> None:
        """Stop the decoding threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class ItemsRejected(InvalidInput):
    """Items of a request cannot be used, and nothing of it was stored; the answer lists them."""

    def __init__(self, intake: Intake, why: str) -> None:
        super().__init__(
            f"{why} {intake.rejected_total} cannot be used; the first: {intake.rejected[0].message}"
        )
        self.members = {
            "rejected_total": intake.rejected_total,
            "rejected": [item.to_dict() for item in intake.rejected],
        }


def _without_rows(intake: Intake) -> IngestAnswer:
    """Answer a request without items."""
    return IngestAnswer(model_id=intake.model_id, accepted=0, notes=("the request has no items",))


def _ids(intake: Intake) -> list[str | None]:
    """Prediction id of each item of the request, null where it was rejected."""
    ids: list[str | None] = intake.table.column("prediction_id").to_pylist()
    if intake.index is None:
        return ids
    result: list[str | None] = [None] * (len(ids) + intake.rejected_total)
    for place, name in zip(intake.index.tolist(), ids, strict=True):
        result[place] = name
    return result


def _query(query_string: bytes) -> dict[str, str]:
    """Return the query parameters.

    Raises
    ------
    InvalidInput
        Where one is unknown or comes twice.
    """
    if not query_string:
        return {}
    result: dict[str, str] = {}
    if query_string.count(b"&") > _MOST_PARAMETERS:
        raise InvalidInput(f"there are more than {_MOST_PARAMETERS} parameters in the address")
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    for name, value in pairs:
        if name not in _PARAMETERS:
            known = ", ".join(_PARAMETERS)
            raise InvalidInput(f"there is no parameter {shown(name)}; the parameters are {known}")
        if name in result:
            raise InvalidInput(f"the parameter {name} comes twice")
        result[name] = value
    if result.get("return_ids", "true") not in ("true", "false", "1", "0"):
        raise InvalidInput(f"return_ids is {shown(result['return_ids'])}; it must be true or false")
    return result


def _key(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the Idempotency-Key, which a client sends again with the same body.

    Raises
    ------
    InvalidInput
        Where it is empty or too long.
    """
    given = headers.get(b"idempotency-key")
    if given is None:
        return None
    if not 0 < len(given) <= _KEY:
        raise InvalidInput(f"the Idempotency-Key has {len(given)} characters; it must have 1 to {_KEY}")
    return given.decode("latin-1")


def _hash(kind: Kind, content_type: str, query_string: bytes, body: bytes) -> bytes:
    """Hash of everything that gives a request its meaning."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (kind.value.encode(), content_type.encode(), query_string):
        digest.update(len(part).to_bytes(8, "big") + part)
    digest.update(body)
    return digest.digest()
