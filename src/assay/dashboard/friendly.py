"""Routes of pages: whatever goes wrong is shown to a person, or told to a script."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assay.dashboard.pages import error_page, error_problem
from assay.errors import AssayError, Unauthorized

__all__ = ["FriendlyRoute"]

_log = logging.getLogger("assay.dashboard")
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class FriendlyRoute(APIRoute):
    """A route whose errors are shown to a person: a page, or problem details to a script."""

    def get_route_handler(self) -> _Handler:
        """Wrap the handler."""
        handler = super().get_route_handler()

        async def friendly(request: Request) -> Response:
            answer = error_problem if request.url.path.endswith((".json", ".csv", "/events")) else error_page
            try:
                return await handler(request)
            except (HTTPException, Unauthorized):  # whoever has no key is sent to where one signs in
                raise
            except AssayError as error:
                return answer(error)
            except Exception:  # noqa: BLE001 - the last line of defence: logged, answered with a page
                _log.exception("the page %s failed", request.url.path[:200])
                return answer(None)

        return friendly
