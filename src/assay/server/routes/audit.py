"""The record of changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from assay.domain.audit import AuditPage
from assay.monitoring.access.access import Access
from assay.server.reply import reply

__all__ = ["router"]


class _AuditQuery(BaseModel):
    """A page of the record."""

    model_config = ConfigDict(extra="forbid")

    before: int | None = Field(
        default=None, ge=0, le=2**63 - 1, description="Only entries with numbers below this one."
    )
    limit: int = Field(default=50, ge=1, le=500, description="The most entries of a page.")


def router(access: Access) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/v1/audit", tags=["access"])

    @routes.get("", response_model=AuditPage, summary="Who changed what, the newest first")
    def audit(page: Annotated[_AuditQuery, Query()]) -> Response:
        return reply(AuditPage, access.changes(before=page.before, limit=page.limit))

    return routes
