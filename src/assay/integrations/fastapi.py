"""FastAPI: a dependency that measures and logs a request's prediction, and an orderly end of the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import Any, Protocol

from fastapi import HTTPException, Response
from fastapi.exceptions import RequestValidationError

from assay.client.logger.measurement import Measurement
from assay.client.logger.prediction_logger import PredictionLogger

__all__ = ["ID_HEADER", "Measurement", "closing", "measured"]

ID_HEADER = "X-Prediction-Id"
"""Header of the answer that tells the client the prediction's id."""


class _Closable(Protocol):
    def close(self) -> object: ...


def measured(
    logger: PredictionLogger, *, header: str | None = ID_HEADER
) -> Callable[[Response], AsyncIterator[Measurement]]:
    """Return a dependency that gives each request a :class:`Measurement`, logged when the request is done.

    ``made: Annotated[Measurement, Depends(measured(logger))]``

    It measures from the moment at which the request was read, in ``async`` and other handlers alike. An
    exception of the handler is logged as the prediction's error, unless it says that the request was wrong:
    an HTTPException under 500, a body that does not fit the types. Where the handler sets neither features
    nor a result, nothing is logged.

    Parameters
    ----------
    logger : where predictions go.
    header : header of the answer that tells the prediction's id; None: none. A handler that makes a Response
        of its own sets it itself.
    """

    async def dependency(response: Response) -> AsyncIterator[Measurement]:
        made = logger.measure()
        if header is not None:
            response.headers[header] = made.prediction_id
        try:
            yield made
        except Exception as exc:
            if not _is_the_clients(exc):
                made.finish(exc)
            raise
        made.finish()

    return dependency


def _is_the_clients(error: Exception) -> bool:
    """Whether an exception says that the request was wrong, not the model."""
    if isinstance(error, HTTPException):
        return error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, RequestValidationError)


def closing(*resources: _Closable) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return a lifespan that closes loggers and monitors when the service ends, and delivers what is queued.

    ``app = FastAPI(lifespan=closing(monitor))``
    """

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        for resource in resources:
            await asyncio.to_thread(resource.close)

    return lifespan
