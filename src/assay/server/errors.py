"""From errors to answers: the one place where HTTP statuses are assigned (RFC 9457, problem details)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from assay import errors

__all__ = ["PROBLEM_TYPE", "HttpProblem", "Problem", "problem_of"]

PROBLEM_TYPE = "application/problem+json"

# The first class that an error is an instance of counts.
_STATUSES: tuple[tuple[type[errors.AssayError], HTTPStatus], ...] = (
    (errors.Unreadable, HTTPStatus.BAD_REQUEST),
    (errors.TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.Unauthorized, HTTPStatus.UNAUTHORIZED),
    (errors.Denied, HTTPStatus.FORBIDDEN),
    (errors.RateLimited, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.StaleWriter, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.Conflict, HTTPStatus.CONFLICT),
    (errors.MissingExtra, HTTPStatus.NOT_IMPLEMENTED),
    (errors.StorageFull, HTTPStatus.INSUFFICIENT_STORAGE),
    (errors.StorageUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)
_RETRY_AFTER = {HTTPStatus.SERVICE_UNAVAILABLE: "1", HTTPStatus.INSUFFICIENT_STORAGE: "30"}


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that is an error.

    Attributes
    ----------
    status : the HTTP status.
    code : a short name for programs: the class of :mod:`assay.errors`, or of the HTTP error.
    detail : one sentence: what happened, with which value, what to do.
    headers : further headers, such as Retry-After.
    extra : further members of the document.
    """

    status: int
    code: str
    detail: str
    headers: tuple[tuple[str, str], ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the document."""
        return msgspec.json.encode(
            {
                "type": "about:blank",
                "title": HTTPStatus(self.status).phrase,
                "status": self.status,
                "detail": self.detail,
                "code": self.code,
                **self.extra,
            }
        )


class HttpProblem(Exception):
    """An error of HTTP itself, which the use cases know nothing of."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, *, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(int(status), code, detail, tuple(headers))


def problem_of(error: BaseException, *, extra: dict[str, Any] | None = None) -> Problem:
    """Return the answer to an error; of one that nobody foresaw, nothing is told.

    Examples
    --------
    >>> problem_of(errors.NotFound("there is no model 'x'")).status
    404
    """
    if isinstance(error, HttpProblem):
        return error.problem
    if isinstance(error, errors.AssayError):
        status = next(
            (status for kind, status in _STATUSES if isinstance(error, kind)),
            HTTPStatus.INTERNAL_SERVER_ERROR,
        )
        wait = _RETRY_AFTER.get(status)
        if isinstance(error, errors.RateLimited):
            wait = str(max(1, math.ceil(error.retry_after)))
        headers = (("Retry-After", wait),) if wait else ()
        if status is HTTPStatus.UNAUTHORIZED:
            headers = (("WWW-Authenticate", 'Bearer realm="assay"'),)
        # A lone surrogate of a hostile name cannot be written; the rest of the message can.
        detail = error.message.encode(errors="replace").decode()
        code = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
        return Problem(int(status), code, detail, headers, extra or {})
    return Problem(
        int(HTTPStatus.INTERNAL_SERVER_ERROR),
        "InternalError",
        "the server failed; its log has the details",
    )
