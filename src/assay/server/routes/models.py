"""Models, their references and findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from assay.domain.answers import ModelView
from assay.domain.model import Model, ModelSettings
from assay.errors import NotFound
from assay.monitoring.service import Service
from assay.server.query import ModelName, Reading
from assay.server.reply import reply
from assay.server.schemas.answers import FindingList, ModelList
from assay.server.schemas.requests import ModelChange

__all__ = ["router"]


class _Page(Reading):
    """A page of models."""

    after: str = Field(default="", description="Begin after this name.")
    limit: int = Field(default=1_000, ge=1, le=1_000, description="The most models of a page.")


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1/models", tags=["models"])

    @routes.get("", response_model=ModelList, summary="List models")
    def models(page: Annotated[_Page, Query()]) -> Response:
        _wait(service, page)
        found = service.models(after=page.after, limit=page.limit)
        return reply(ModelList, ModelList.model_construct(models=found))

    @routes.get("/{model_id}", response_model=ModelView, summary="Show a model")
    def model(model_id: ModelName, reading: Annotated[Reading, Query()]) -> Response:
        _wait(service, reading)
        return reply(ModelView, service.model(model_id))

    @routes.put("/{model_id}", response_model=Model, summary="Declare or change a model")
    def put_model(model_id: ModelName, change: ModelChange) -> Response:
        settings = None
        if change.settings is not None:
            given = change.settings.model_dump(exclude_unset=True)
            for name in ("slices", "classes"):
                if name in given:
                    given[name] = tuple(given[name] or ())
            nullable = ("positive_class", "retention")
            given = {name: value for name, value in given.items() if value is not None or name in nullable}
            try:
                known = service.model(model_id).model.settings
            except NotFound:
                known = ModelSettings()
            settings = replace(known, **given)
        return reply(Model, service.put_model(model_id, task=change.task, settings=settings))

    @routes.get("/{model_id}/findings", response_model=FindingList, summary="What was noticed")
    def findings(model_id: ModelName, reading: Annotated[Reading, Query()]) -> Response:
        _wait(service, reading)
        found = list(service.model(model_id).findings)
        return reply(FindingList, FindingList.model_construct(findings=found))

    return routes


def _wait(service: Service, reading: Reading) -> None:
    """Wait as long as the reader wants to, until the profiles hold everything."""
    if reading.wait:
        service.catch_up(timeout=reading.wait)
