"""OpenAPI of keys: how they are sent, which scope an operation needs, and what is answered without one."""

from __future__ import annotations

from typing import Any, Final

from assay.server.schemas.ingest import problem_response
from assay.server.scopes import SCOPES

__all__ = ["SECURITY_SCHEMES", "describe_access"]

SECURITY_SCHEMES: Final[dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key, made with `assay keys create`. On a loopback address none is needed.",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
}


def describe_access(paths: dict[str, Any]) -> None:
    """Add to each operation how to send a key, and the answers to those who may not.

    An operation that anybody may use has no security requirement.
    """
    for path, item in paths.items():
        for method, operation in item.items():
            scope = SCOPES.get((method.upper(), path))
            if scope is None:
                operation["security"] = []
                continue
            operation["security"] = [{"bearer": []}, {"header": []}]
            operation["x-scope"] = scope.value
            answers = operation["responses"]
            answers.setdefault("401", problem_response("A key is needed, and none that is good was sent."))
            answers.setdefault("403", problem_response(f"The key has no scope `{scope.value}`."))
            answers.setdefault("429", problem_response("Too many requests; come again after Retry-After."))
