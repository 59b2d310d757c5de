"""From an answer that is an error to the exception that the same call in process would raise."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from assay import errors

__all__ = ["error_of", "members"]

_BY_STATUS: dict[int, type[errors.AssayError]] = {
    HTTPStatus.BAD_REQUEST: errors.Unreadable,
    HTTPStatus.UNAUTHORIZED: errors.Unauthorized,
    HTTPStatus.FORBIDDEN: errors.Forbidden,
    HTTPStatus.NOT_FOUND: errors.NotFound,
    HTTPStatus.CONFLICT: errors.Conflict,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: errors.TooLarge,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: errors.InvalidInput,
    HTTPStatus.UNPROCESSABLE_ENTITY: errors.InvalidInput,
    HTTPStatus.TOO_MANY_REQUESTS: errors.RateLimited,
    HTTPStatus.SERVICE_UNAVAILABLE: errors.StorageUnavailable,
    HTTPStatus.INSUFFICIENT_STORAGE: errors.StorageFull,
}


def members(body: bytes) -> dict[str, Any]:
    """Members of a problem details document (RFC 9457); none where the body is no such document."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return document if isinstance(document, dict) else {}


def error_of(status: int, body: bytes, *, url: str) -> errors.AssayError:
    """Return the error that an answer stands for.

    The class is the one that the document's ``code`` names, else the one that goes with the status.
    """
    document = members(body)
    kind = getattr(errors, str(document.get("code", "")), None)
    if not (isinstance(kind, type) and issubclass(kind, errors.AssayError)):
        kind = _BY_STATUS.get(status, errors.AssayError)
    detail = document.get("detail") or document.get("title")
    return kind(
        str(detail) if detail else f"{url} answered with status {status}, which Assay's server never does"
    )
