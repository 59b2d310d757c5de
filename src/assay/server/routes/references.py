"""References: what a model's current data is compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from assay.domain.answers import ReferenceView
from assay.domain.columns import Kind
from assay.monitoring.intake.context import Context
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.server.body import Hold, Inflight, decompress, likely_size, read_body
from assay.server.ingest import ItemsRejected, limits_of, read_intake
from assay.server.query import ModelName
from assay.server.reply import reply
from assay.server.schemas.answers import ReferenceList
from assay.server.schemas.ingest import reference_body

__all__ = ["router"]


class _Named(BaseModel):
    """The name of a reference."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(default="", description="A name for people, such as training-2026-01.")


def router(service: Service, settings: Settings, inflight: Inflight, *, now: Callable[[], int]) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1/models/{model_id}/references", tags=["models"])

    @routes.get("", response_model=ReferenceList, summary="References of a model, newest first")
    def references(model_id: ModelName) -> Response:
        found = service.references(model_id)
        return reply(ReferenceList, ReferenceList.model_construct(references=found))

    @routes.post(
        "",
        response_model=ReferenceView,
        summary="Give a dataset as the reference",
        description="Rows as in POST /api/v1/predictions, of which the features count. Each must be good.",
        openapi_extra={"requestBody": reference_body()},
    )
    async def put_reference(
        model_id: ModelName, named: Annotated[_Named, Query()], request: Request
    ) -> Response:
        headers: dict[bytes, bytes] = dict(request.scope["headers"])

        encoding = headers.get(b"content-encoding", b"").decode("latin-1")
        content_type = headers.get(b"content-type", b"").decode("latin-1")

        def work(body: bytes) -> ReferenceView:
            plain = decompress(body, encoding, limit=settings.max_decoded_bytes)
            context = Context(now=now(), limits=limits_of(settings))
            intake = read_intake(Kind.PREDICTIONS, plain, content_type, context, {}, model_id=model_id)
            if intake.rejected_total:
                raise ItemsRejected(intake, "every row of a reference must be good, and")
            return service.put_reference(model_id, intake.table, name=named.name)

        with Hold(inflight) as hold:
            body = await read_body(headers, request.receive, limit=settings.max_body_bytes, hold=hold)
            hold.grow(likely_size(body, encoding, content_type, limit=settings.max_decoded_bytes))
            return reply(ReferenceView, await run_in_threadpool(work, body))

    return routes
