"""Payloads of serving platforms, as they are."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from assay.domain.imported import ImportAnswer
from assay.errors import InvalidInput
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.imports.cloud_events import is_binary_mode
from assay.monitoring.intake.imports.options import ImportOptions
from assay.monitoring.intake.imports.reading import MEDIA_TYPES, Payload
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.server.body import Hold, Inflight, decompress, likely_size, read_body
from assay.server.errors import HttpProblem
from assay.server.ingest import limits_of
from assay.server.reply import reply
from assay.server.schemas.imports import import_body, import_problems

__all__ = ["ImportParameters", "media_type", "router"]

Format = Annotated[
    Literal["kserve", "open-inference", "sagemaker", "mlflow"], Path(description="What logged the payloads.")
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=512,
        description="A key of your choice; the same request sent again under it is stored once.",
    ),
]


class ImportParameters(BaseModel):
    """What the payloads do not say themselves."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(default="", description="The model; by default the one that each payload names.")
    version: str = Field(default="", description="The version; by default the one that each payload names.")
    feature_names: str = Field(
        default="",
        description="Names of the values that come without, in order and with commas between (CSV); "
        "by default f0, f1, ...",
    )
    output: str = Field(
        default="",
        description="The output that is the prediction. One of several values is named with its place: "
        "predict_proba_1.",
    )
    score: str = Field(default="", description="The output that is the probability of the positive class.")
    classes: str = Field(
        default="", description="Names of the classes, in the order of the probabilities (CSV)."
    )

    def options(self) -> ImportOptions:
        """Return them as the use case takes them."""
        return ImportOptions(
            model=self.model,
            version=self.version,
            feature_names=_names("feature_names", self.feature_names),
            output=self.output,
            score=self.score,
            classes=_names("classes", self.classes),
        )


def router(service: Service, settings: Settings, inflight: Inflight, *, now: Callable[[], int]) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/api/v1/import", tags=["ingest"])

    @routes.post(
        "/{format}",
        response_model=ImportAnswer,
        responses=import_problems(),
        summary="Import what a serving platform logged",
        description="Answers once the good items are stored durably. Bad items are answered one by one "
        "and do not hinder the good ones. Requests and responses that come on their own wait for each other, "
        "also over restarts. The body may be compressed (Content-Encoding gzip or zstd).",
        openapi_extra={"requestBody": import_body()},
    )
    async def take(
        format: Format,  # noqa: A002 - the word in the address
        named: Annotated[ImportParameters, Query()],
        request: Request,
        key: Key = None,
    ) -> Response:
        headers: dict[bytes, bytes] = dict(request.scope["headers"])
        texts = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        encoding = texts.get("content-encoding", "")
        content_type = texts.get("content-type", "")
        media = media_type(content_type, texts)
        options = named.options()

        def work(body: bytes) -> ImportAnswer:
            plain = decompress(body, encoding, limit=settings.max_decoded_bytes)
            tag = b"" if key is None else _hash(format, content_type, request.scope["query_string"], body)
            context = Context(now=now(), limits=limits_of(settings), idempotency_key=key, body_hash=tag)
            payload = Payload(body=plain, media_type=media, headers=texts)
            return service.begin_import(format, payload, options, context).answer()

        with Hold(inflight) as hold:
            body = await read_body(headers, request.receive, limit=settings.max_body_bytes, hold=hold)
            hold.grow(likely_size(body, encoding, "json", limit=settings.max_decoded_bytes))
            return reply(ImportAnswer, await run_in_threadpool(work, body))

    return routes


def media_type(content_type: str, headers: dict[str, str]) -> str:
    """Return the media type, if it is one that can be read.

    An event in binary mode has the type of the model's request, which may be any.

    Raises
    ------
    HttpProblem
        415 where it is not.
    """
    media = content_type.partition(";")[0].strip().lower()
    if media not in MEDIA_TYPES and not is_binary_mode(headers):
        given = (
            f"Content-Type {shown(media)} is not understood" if media else "the request has no Content-Type"
        )
        raise HttpProblem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            f"{given}; send {', '.join(MEDIA_TYPES)}",
        )
    return media


def _names(what: str, text: str) -> tuple[str, ...]:
    """Return a list of names; one that holds a comma stands in double quotes.

    >>> _names("classes", 'cat,"dog, large"')
    ('cat', 'dog, large')
    """
    if not text:
        return ()
    try:
        (names,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError):
        raise InvalidInput(f"{what} is {shown(text)}; write names with commas between") from None
    if not all(names):
        raise InvalidInput(f"{what} holds an empty name: {shown(text)}")
    if len(set(names)) < len(names):
        raise InvalidInput(f"{what} holds a name twice: {shown(text)}")
    return tuple(names)


def _hash(*parts: Any) -> bytes:
    """Hash of everything that gives a request its meaning."""
    digest = hashlib.blake2b(digest_size=16)
    texts: Sequence[bytes] = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    for text in texts:
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.digest()
