"""Keys: making, listing and revoking them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from assay.domain.access import ApiKey, KeyList, NewKey, Scope
from assay.monitoring.access.access import Access
from assay.server.reply import reply

__all__ = ["router"]


class KeyRequest(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="For people, at most 200 characters.")
    scopes: list[Scope] = Field(min_length=1, max_length=10, description="What it allows.")
    models: list[str] | None = Field(
        default=None, max_length=1_000, description="The models that it is bound to; absent: all."
    )
    expires: str | None = Field(
        default=None, max_length=20, description="After which time it stops to work, such as 90d."
    )
    rate: float | None = Field(
        default=None, description="Requests a second; absent: what the service's settings say."
    )


def router(access: Access) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1/keys", tags=["access"])

    @routes.get("", response_model=KeyList, summary="List keys, without their secrets")
    def keys() -> Response:
        return reply(KeyList, access.keys.listed())

    @routes.post(
        "",
        response_model=NewKey,
        status_code=201,
        summary="Make a key",
        description="The secret is in this answer and cannot be had again. No key grants more than it has.",
    )
    def create(request: KeyRequest) -> Response:
        made = access.keys.create(
            request.name,
            scopes=request.scopes,
            models=request.models,
            expires=request.expires,
            rate=request.rate,
        )
        return reply(NewKey, made, status=201)

    @routes.delete("/{key_id}", response_model=ApiKey, summary="Revoke a key")
    def revoke(
        key_id: Annotated[str, Path(description="The key: twelve hexadecimal digits.")],
    ) -> Response:
        return reply(ApiKey, access.keys.revoke(key_id))

    return routes
