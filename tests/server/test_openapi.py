"""The description of the API is exact: every answer fits the shape that it names, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.server.conftest import Live

TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def problems(schema: dict[str, Any], value: Any, root: dict[str, Any], path: str = "$") -> list[str]:
    """Where `value` does not fit; an object may have no member that its schema does not name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return problems(root["components"]["schemas"][name], value, root, path)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            found = [problems(option, value, root, path) for option in schema[word]]
            fits = sum(not one for one in found)
            return [] if fits == 1 or (fits and word == "anyOf") else [f"{path}: {found}"]
    kinds = schema.get("type")
    if kinds is not None:
        kinds = kinds if isinstance(kinds, list) else [kinds]
        fitting = [kind for kind in kinds if isinstance(value, TYPES[kind])]
        if isinstance(value, bool) and "boolean" not in kinds:
            fitting = []
        if not fitting:
            return [f"{path}: {value!r} is not {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is not in {schema['enum']}"]
    result: list[str] = []
    if isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
        named = schema.get("properties", {})
        rest = schema.get("additionalProperties", False)
        for key, inner in value.items():
            if key in named:
                result += problems(named[key], inner, root, f"{path}.{key}")
            elif isinstance(rest, dict):
                result += problems(rest, inner, root, f"{path}.{key}")
            elif rest is not True:
                result.append(f"{path}.{key} is not described")
        result += [f"{path}.{key} is missing" for key in schema.get("required", []) if key not in value]
    if isinstance(value, list) and "items" in schema:
        for place, inner in enumerate(value):
            result += problems(schema["items"], inner, root, f"{path}[{place}]")
    return result


@pytest.fixture(scope="module")
def schema(live: Live) -> dict[str, Any]:
    document: dict[str, Any] = live.http.get("/openapi.json").json()
    return document


@pytest.fixture(scope="module")
def filled(live: Live) -> str:
    """A model with everything."""
    items = [
        {
            "prediction_id": f"p{i}",
            "timestamp": f"2026-01-{i % 28 + 1:02d}T0{i % 10}:00:00",
            "features": {"x": i / 7, "k": i, "c": "ab"[i % 2], "flag": i % 3 == 0, "inf": float("inf")},
            "prediction": i % 2,
            "score": (i % 10) / 10,
            "latency_ms": i % 5,
            "tags": {"region": "eu"},
            **({"error_type": "Timeout"} if i % 50 == 0 else {}),
        }
        for i in range(400)
    ]
    live.http.put("/api/v1/models/full", json={"task": "binary", "settings": {"slices": ["region"]}})
    body = json.dumps({"model_id": "full", "predictions": items})
    answer = live.http.post("/api/v1/predictions", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["accepted"] == 400
    labels = [{"prediction_id": f"p{i}", "actual": (i // 2) % 2} for i in range(300)]
    assert live.http.post("/api/v1/labels", json={"model_id": "full", "labels": labels}).status_code == 200
    assert live.http.get("/api/v1/models/full", params={"wait": 20}).json()["labelled"] == 300
    return "full"


CALLS: list[tuple[str, str, Any, int]] = [
    ("POST", "/api/v1/predictions", {"model_id": "shape", "predictions": [{}, 5]}, 200),
    ("POST", "/api/v1/predictions?return_ids=true", {"model_id": "shape", "predictions": [{}, 5]}, 200),
    ("POST", "/api/v1/predictions", {"model_id": "shape", "predictions": [5]}, 422),
    ("POST", "/api/v1/labels", {"model_id": "shape", "labels": [{"prediction_id": "x", "actual": 1}]}, 200),
    (
        "POST",
        "/api/v1/import/{format}?model=shape",
        [{"request": {"instances": [[1.5, "x"]]}, "response": {"predictions": [1]}}, 5],
        200,
    ),
    ("POST", "/api/v1/import/{format}?model=shape", [5], 422),
    ("GET", "/api/v1/models", None, 200),
    ("GET", "/api/v1/models/{model_id}", None, 200),
    ("PUT", "/api/v1/models/{model_id}", {"settings": {"reference_rows": 100}}, 200),
    ("PUT", "/api/v1/models/{model_id}", {"task": "x"}, 422),
    ("GET", "/api/v1/models/{model_id}/findings", None, 200),
    ("GET", "/api/v1/models/{model_id}/references", None, 200),
    ("GET", "/api/v1/models/{model_id}/metrics?step=7d", None, 200),
    ("GET", "/api/v1/models/{model_id}/metrics?slice=region:eu&metrics=accuracy,volume&period=7d", None, 200),
    ("GET", "/api/v1/models/{model_id}/calibration", None, 200),
    ("GET", "/api/v1/models/{model_id}/drift?step=7d&features=x,c", None, 200),
    ("GET", "/api/v1/models/{model_id}/drift-report?period=7d", None, 200),
    ("GET", "/api/v1/models/{model_id}/drift-report?slice=region:eu&version=2", None, 200),
    ("GET", "/api/v1/models/{model_id}/drift-history?step=1h", None, 200),
    ("GET", "/api/v1/models/{model_id}/estimate?step=7d", None, 200),
    ("GET", "/api/v1/models/{model_id}/features/{feature}?step=7d", None, 200),
    ("GET", "/api/v1/models/{model_id}/features/nobody", None, 404),
    ("GET", "/api/v1/models/{model_id}/report?step=7d", None, 200),
    ("GET", "/api/v1/models/{model_id}/predictions?limit=5", None, 200),
    ("GET", "/api/v1/models/{model_id}/predictions/{prediction_id}", None, 200),
    ("GET", "/api/v1/models/{model_id}/predictions/nobody", None, 404),
    ("POST", "/api/v1/performance/analyze", {"model_id": "full", "benchmark_comparison": True}, 200),
    (
        "POST",
        "/api/v1/performance/analyze",
        {"model_id": "full", "timeframe": "7d", "metrics": ["accuracy"]},
        200,
    ),
    ("POST", "/api/v1/performance/drift/detect", {"model_id": "full", "methods": ["psi"]}, 200),
    (
        "POST",
        "/api/v1/performance/drift/detect",
        {"reference_rows": {"x": [1, 2.5, None]}, "current_rows": [{"x": 9}, {"x": "a"}]},
        200,
    ),
    ("POST", "/api/v1/performance/drift/detect", {"model_id": "full", "methods": ["x"]}, 422),
    ("GET", "/api/v1/performance/{model_id}/latest", None, 200),
    ("GET", "/api/v1/performance/metrics/summary", None, 200),
    ("POST", "/api/v1/models/{model_id}/erasures", {"ids": ["p399"]}, 200),
    (
        "POST",
        "/api/v1/models/{model_id}/references?name=training",
        {"columns": {"features": {"x": [1.0, 2.0], "c": ["a", "b"]}}},
        200,
    ),
    ("GET", "/api/v1/models/{model_id}/references", None, 200),
    ("POST", "/api/v1/keys", {"name": "ci", "scopes": ["ingest"], "models": ["full"], "rate": 2.5}, 201),
    ("POST", "/api/v1/keys", {"name": "ci", "scopes": []}, 422),
    ("GET", "/api/v1/keys", None, 200),
    ("DELETE", "/api/v1/keys/{key_id}", None, 200),
    ("GET", "/api/v1/audit?limit=2", None, 200),
    ("GET", "/health", None, 200),
    ("GET", "/ready", None, 200),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"), CALLS, ids=[f"{c[0]} {c[1]} {c[3]}" for c in CALLS]
)
def test_answers_fit_their_description(
    live: Live, schema: dict[str, Any], filled: str, method: str, path: str, body: Any, status: int
) -> None:
    url = path.replace("{model_id}", filled).replace("{prediction_id}", "p3").replace("{format}", "mlflow")
    url = url.replace("{feature}", "x")
    if "{key_id}" in path:
        made = live.http.post("/api/v1/keys", json={"name": "gone", "scopes": ["read"]}).json()
        url = path.replace("{key_id}", made["key"]["key_id"])
    answer = live.http.request(method, url, json=body)
    assert answer.status_code == status, answer.text
    template = path.partition("?")[0].replace("/predictions/nobody", "/predictions/{prediction_id}")
    template = template.replace("/features/nobody", "/features/{feature}")
    described = schema["paths"][template][method.lower()]["responses"][str(status)]
    media = answer.headers["content-type"]
    assert media in described["content"]
    assert problems(described["content"][media]["schema"], answer.json(), schema) == []


def test_every_operation_is_tried_above(schema: dict[str, Any]) -> None:
    tried = {(method, path.partition("?")[0]) for method, path, _, _ in CALLS}
    tried |= {("GET", "/metrics"), ("GET", "/api/v1/models/{model_id}/rows")}  # these answer no JSON
    there = {(method.upper(), path) for path, item in schema["paths"].items() for method in item}
    assert there == {(m, p) for m, p in tried if "nobody" not in p}


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    names = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= schema["components"]["schemas"].keys()
    assert "#/$defs" not in text


def test_requests_of_the_hot_path_fit_their_description(schema: dict[str, Any]) -> None:
    def body(path: str) -> dict[str, Any]:
        shape: dict[str, Any] = schema["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        return shape

    for path in ("/api/v1/predictions", "/api/v1/labels"):
        assert problems(body(path)["schema"], body(path)["example"], schema) == []
    assert problems(body("/api/v1/labels")["schema"], {"model_id": "m", "labels": [{"actual": 1}]}, schema)
    assert problems(
        body("/api/v1/predictions")["schema"], {"model_id": "m", "predictions": [{"x": 1}]}, schema
    )


def test_the_report_has_the_specified_fields(live: Live, filled: str) -> None:
    report = live.http.post("/api/v1/performance/analyze", json={"model_id": filled}).json()
    assert report.keys() >= {
        "report_id",
        "model_id",
        "analysis_period",
        "performance_metrics",
        "drift_analysis",
        "benchmark_comparison",
        "recommendations",
        "timestamp",
    }
    assert report["drift_analysis"].keys() >= {
        "drift_detected",
        "drift_type",
        "drift_severity",
        "drift_confidence",
        "affected_features",
    }
    specified = {
        "DIRECTIONAL_ACCURACY",
        "CONFIDENCE_CALIBRATION",
        "SHARPE_RATIO",
        "INFORMATION_RATIO",
        "MAXIMUM_DRAWDOWN",
        "HIT_RATE",
    }
    values = report["performance_metrics"]
    assert values.keys() >= specified
    for name in specified:
        assert (values[name] is None) == (name in report["unavailable"])
    assert values["HIT_RATE"] == values["accuracy"]
    latest = live.http.get(f"/api/v1/performance/{filled}/latest").json()
    assert latest == report


def test_the_pages_of_the_api_name_every_route_and_shape(live: Live) -> None:
    schema = live.http.get("/openapi.json").json()
    overview = live.http.get("/docs").text
    families = {
        (operation.get("tags") or ["other"])[0]
        for item in schema["paths"].values()
        for operation in item.values()
    }
    pages = {family: live.http.get(f"/docs/{family}") for family in families}
    assert {answer.status_code for answer in pages.values()} == {200}
    for path in schema["paths"]:
        assert path in overview
        assert any(path in answer.text for answer in pages.values())
    for name, page in pages.items():
        for shape in re.findall(r'href="#shape-(\w+)"', page.text):
            assert f'id="shape-{shape}"' in page.text, (name, shape)
    assert live.http.get("/docs/nothing").status_code == 404


def test_metrics_for_prometheus(live: Live) -> None:
    lines = live.http.get("/metrics").text.splitlines()
    for line in lines:
        if not line.startswith("#"):
            name, value = line.split(" ")
            assert name.startswith("assay_")
            float(value)
    assert len(lines) == len(set(lines)) < 200


def test_every_operation_says_who_may(schema: dict[str, Any]) -> None:
    assert set(schema["components"]["securitySchemes"]) == {"bearer", "header"}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            open_ = (method, path) in {("get", "/health"), ("get", "/ready")}
            assert operation["security"] == ([] if open_ else [{"bearer": []}, {"header": []}]), path
            assert open_ or {"401", "403", "429"} <= operation["responses"].keys()
