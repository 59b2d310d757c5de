"""Events of KServe's inference logger: a request and its response come on their own, in any order.

The logger (``pkg/logger`` of KServe) sends CloudEvents in binary mode, with one id for both; it sends no
response where the model did not answer with 200.
"""

from __future__ import annotations

from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.imports.cloud_events import Event
from assay.monitoring.intake.imports.exchange import Exchange
from assay.monitoring.intake.imports.options import BadItem, ImportOptions
from assay.monitoring.intake.imports.outcomes import outcome_of
from assay.monitoring.intake.imports.payloads import input_rows, output_rows

__all__ = ["half_of"]

_REQUEST = "org.kubeflow.serving.inference.request"
_RESPONSE = "org.kubeflow.serving.inference.response"


def half_of(event: Event, options: ImportOptions, notes: set[str]) -> Exchange:
    """Return the half of an exchange that an event is.

    The model is the inference service, the version the response's ``model_version`` or the endpoint
    (``default`` or ``canary``), the time that of the request's event; the namespace becomes a tag.

    Raises
    ------
    BadItem
        Where it is another event, or lacks an id or a model.
    """
    kind = event.text("type")
    if kind not in (_REQUEST, _RESPONSE):
        raise BadItem(
            "other_event",
            f"events of type {shown(kind)} are not read; the logger sends {_REQUEST} and {_RESPONSE}",
        )
    request_id = event.text("id")
    if not request_id:
        raise BadItem("no_id", "the event has no id, so that request and response cannot be joined")
    component = event.text("component")
    if component not in ("", "predictor"):
        raise BadItem(
            "other_component",
            f"the event is of the component {shown(component)}; only what the predictor logs is read",
        )
    model = options.model or event.text("inferenceservicename")
    if not model:
        raise BadItem("no_model", "the event names no inferenceservicename; name the model with model=NAME")
    namespace = event.text("namespace")
    time = event.text("time") or None
    version = options.version or event.text("endpoint")
    tags = {"namespace": namespace} if namespace else {}
    if kind == _REQUEST:
        return Exchange(
            model=model,
            request_id=request_id,
            version=version,
            timestamp=time,
            features=input_rows(event.data, options, event.binary),
            tags=tags,
            whole=False,
        )
    named = event.data.get("model_version") if isinstance(event.data, dict) else None
    if not options.version and isinstance(named, str) and named:
        version = named
    outputs = output_rows(event.data, event.binary)
    return Exchange(
        model=model,
        request_id=request_id,
        version=version,
        timestamp=time,
        outcomes=[outcome_of(row, options, notes) for row in outputs],
        tags=tags,
        whole=False,
    )
