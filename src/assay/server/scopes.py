"""The scope that each route needs. A route that is not in this table is denied to everybody.

A route of the framework is named by its method and its path as it was declared, with the names of its
parameters. Where those are ``model_id`` (percent-encoded) or ``slug`` (of a page's address), the caller's key
must be for that model too; see :mod:`assay.server.access`.
"""

from __future__ import annotations

from typing import Final

from assay.domain.access import Scope

__all__ = ["SCOPES"]

_ANYBODY: Final = None
_MODEL = "/api/v1/models/{model_id}"
_PAGE = "/models/{slug}"

SCOPES: Final[dict[tuple[str, str], Scope | None]] = {
    # state
    ("GET", "/health"): _ANYBODY,
    ("GET", "/ready"): _ANYBODY,  # strangers learn whether, not why
    ("GET", "/metrics"): Scope.READ,
    # ingest
    ("POST", "/api/v1/predictions"): Scope.INGEST,
    ("POST", "/api/v1/labels"): Scope.INGEST,
    ("POST", "/api/v1/import/{format}"): Scope.INGEST,
    # models
    ("GET", "/api/v1/models"): Scope.READ,
    ("GET", _MODEL): Scope.READ,
    ("PUT", _MODEL): Scope.ADMIN,
    ("GET", f"{_MODEL}/findings"): Scope.READ,
    ("GET", f"{_MODEL}/references"): Scope.READ,
    ("POST", f"{_MODEL}/references"): Scope.ADMIN,
    # metrics
    ("GET", f"{_MODEL}/metrics"): Scope.READ,
    ("GET", f"{_MODEL}/calibration"): Scope.READ,
    ("GET", f"{_MODEL}/drift"): Scope.READ,
    ("GET", f"{_MODEL}/drift-report"): Scope.READ,
    ("GET", f"{_MODEL}/drift-history"): Scope.READ,
    ("GET", f"{_MODEL}/features/{{feature}}"): Scope.READ,
    ("GET", f"{_MODEL}/estimate"): Scope.READ,
    ("GET", f"{_MODEL}/report"): Scope.READ,
    # predictions
    ("GET", f"{_MODEL}/predictions"): Scope.READ,
    ("GET", f"{_MODEL}/predictions/{{prediction_id}}"): Scope.READ,
    ("GET", f"{_MODEL}/rows"): Scope.READ,
    ("POST", f"{_MODEL}/erasures"): Scope.ADMIN,
    # performance
    ("POST", "/api/v1/performance/analyze"): Scope.READ,
    ("POST", "/api/v1/performance/drift/detect"): Scope.READ,
    ("GET", "/api/v1/performance/metrics/summary"): Scope.READ,
    ("GET", "/api/v1/performance/{model_id}/latest"): Scope.READ,
    # access
    ("GET", "/api/v1/keys"): Scope.ADMIN,
    ("POST", "/api/v1/keys"): Scope.ADMIN,
    ("DELETE", "/api/v1/keys/{key_id}"): Scope.ADMIN,
    ("GET", "/api/v1/audit"): Scope.ADMIN,
    # descriptions of the API
    ("GET", "/docs"): Scope.READ,
    ("GET", "/docs/{family}"): Scope.READ,
    ("GET", "/openapi.json"): Scope.READ,
    # the documentation: the same for everybody, and of no model
    ("GET", "/help"): _ANYBODY,
    ("GET", "/help/{path:path}"): _ANYBODY,
    # pages
    ("GET", "/"): Scope.READ,
    ("GET", "/models"): Scope.READ,
    ("GET", "/events"): Scope.READ,
    ("GET", _PAGE): Scope.READ,
    ("GET", f"{_PAGE}/row"): Scope.READ,
    ("GET", f"{_PAGE}/report.html"): Scope.READ,
    ("GET", f"{_PAGE}/events"): Scope.READ,
    ("GET", f"{_PAGE}/features"): Scope.READ,
    ("GET", f"{_PAGE}/verdict"): Scope.READ,
    ("GET", f"{_PAGE}/features/{{key}}/verdict"): Scope.READ,
    ("GET", f"{_PAGE}/feature-lines"): Scope.READ,
    ("GET", f"{_PAGE}/features/{{key}}"): Scope.READ,
    ("GET", f"{_PAGE}/figures/{{name}}.json"): Scope.READ,
    ("GET", f"{_PAGE}/figures/{{name}}.csv"): Scope.READ,
    ("GET", "/sign-in"): _ANYBODY,
    ("POST", "/sign-in"): _ANYBODY,
    ("POST", "/sign-out"): _ANYBODY,
    ("GET", "/access"): Scope.ADMIN,
    ("POST", "/access/keys"): Scope.ADMIN,
    ("POST", "/access/keys/{key_id}/revoke"): Scope.ADMIN,
    ("GET", f"{_PAGE}/predictions"): Scope.READ,
    ("GET", f"{_PAGE}/predictions.csv"): Scope.READ,
    ("GET", f"{_PAGE}/predictions/{{prediction}}"): Scope.READ,
    ("GET", "/static/{name}"): _ANYBODY,
    ("GET", "/favicon.ico"): _ANYBODY,
}
"""Method and path of a route to the scope that it needs; None: anybody may ask."""
