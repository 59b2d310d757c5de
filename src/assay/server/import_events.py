"""Small imports, such as the single events of a logger: the same as the route, without the framework.

A platform sends two events for each call of a model, thousands a second. Whatever is the least bit unusual (a
large or compressed body, an idempotency key, parameters that do not fit) is left to the route.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from assay.domain.imported import ImportAnswer
from assay.errors import InvalidInput
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.imports.options import FORMATS, ImportOptions
from assay.monitoring.intake.imports.reading import Payload
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.server.body import Hold, Inflight, likely_size, read_body
from assay.server.ingest import limits_of
from assay.server.reply import dumped
from assay.server.routes.imports import ImportParameters, media_type
from assay.server.wakeup import Wakeup

__all__ = ["IMPORT_ROUTE", "ImportEvents"]

IMPORT_ROUTE = "/api/v1/import/{format}"
_PATHS = {IMPORT_ROUTE.format(format=name): name for name in FORMATS}
_INLINE = 16 << 10
"""Bodies up to this size are read in the event loop; handing them to a thread would cost more."""
_KNOWN = 256


class ImportEvents:
    """ASGI handler of small imports.

    Parameters
    ----------
    service : takes the payloads.
    settings : limits.
    inflight : bytes of bodies in memory.
    clock : microseconds since the epoch.
    """

    def __init__(
        self, service: Service, settings: Settings, inflight: Inflight, *, clock: Callable[[], int]
    ) -> None:
        self._service = service
        self._settings = settings
        self._limits = limits_of(settings)
        self._inflight = inflight
        self._clock = clock
        self._known: dict[bytes, ImportOptions] = {}
        self._wakeup: Wakeup[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def options(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> ImportOptions | None:
        """Return the options of a request that can be answered here; None for all others."""
        if scope["path"] not in _PATHS or scope["method"] != "POST":
            return None
        length = headers.get(b"content-length", b"")
        if not (length.isdigit() and len(length) < 9 and int(length) <= _INLINE):
            return None
        if b"content-encoding" in headers or b"idempotency-key" in headers:
            return None
        query: bytes = scope["query_string"]
        found = self._known.get(query)
        if found is None:
            found = _options(query)
            if found is not None:
                if len(self._known) >= _KNOWN:
                    self._known.clear()
                self._known[query] = found
        return found

    async def __call__(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], receive: Any, options: ImportOptions
    ) -> bytes:
        """Return the JSON of the answer.

        Raises
        ------
        HttpProblem, AssayError
            As the route.
        """
        texts = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        media = media_type(texts.get("content-type", ""), texts)
        with Hold(self._inflight) as hold:
            body = await read_body(headers, receive, limit=self._settings.max_body_bytes, hold=hold)
            hold.grow(likely_size(body, "", "json", limit=self._settings.max_decoded_bytes))
            context = Context(now=self._clock(), limits=self._limits)
            payload = Payload(body=body, media_type=media, headers=texts)
            begun = self._service.begin_import(_PATHS[scope["path"]], payload, options, context)
            waiter = self._waiter()
            for future in begun.futures:
                await waiter.result(future)
            return dumped(ImportAnswer, begun.answer())

    def _waiter(self) -> Wakeup[Any]:
        """Return the waker of the running loop."""
        loop = asyncio.get_running_loop()
        if self._wakeup is None or loop is not self._loop:
            self._loop, self._wakeup = loop, Wakeup(loop)
        return self._wakeup


def _options(query: bytes) -> ImportOptions | None:
    """Return what the query says; None where the route must say what is wrong with it."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=20)
        if len({name for name, _ in pairs}) < len(pairs):
            return None
        return ImportParameters.model_validate(dict(pairs)).options()
    except (ValueError, ValidationError, InvalidInput):
        return None
