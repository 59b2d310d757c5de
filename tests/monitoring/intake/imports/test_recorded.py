"""Payloads that the platforms' own libraries wrote; record.py says how."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import pytest

from assay.monitoring.intake.context import Limits
from assay.monitoring.intake.imports.exchange import Exchange, joined, records_of
from assay.monitoring.intake.imports.options import ImportOptions
from assay.monitoring.intake.imports.reading import Payload, read_import

RECORDED = json.loads(Path(__file__).with_name("recorded.json").read_text())["cases"]


def payload(name: str) -> Payload:
    case = RECORDED[name]
    headers = {key.lower(): value for key, value in case["headers"].items()}
    media = headers.get("content-type", "").partition(";")[0]
    return Payload(body=base64.b64decode(case["body"]), media_type=media, headers=headers)


def exchange(name: str, format_: str, **options: Any) -> Exchange:
    reading = read_import(format_, payload(name), ImportOptions(**options), Limits())
    assert reading.rejected == []
    (one,) = reading.exchanges
    return one[1]


@pytest.mark.parametrize("suffix", ["", " binary"])
@pytest.mark.parametrize("format_", ["open-inference"])
def test_tensors_of_kserves_library(suffix: str, format_: str) -> None:
    request = exchange("kserve request" + suffix, format_)
    response = exchange("kserve response" + suffix, format_)
    first, second = records_of(joined(request, response))
    more = [{}, {}]
    if suffix:
        assert math.isnan(second["features"].pop("half"))
        more[0] = {"half": 0.5}
    assert first == {
        "prediction_id": "r1:0",
        "model_version": "3",
        "features": {"x_0": 1.5, "x_1": 2.0, "word": "a", "flag": True} | more[0],
        "prediction": 1,
        "probabilities": {"0": 0.25, "1": 0.75},
        "score": 0.75,
    }
    assert second["features"] == {"x_0": 3.0, "x_1": 4.0, "word": "grün", "flag": False}
    assert (second["prediction"], second["score"]) == (0, 0.125)


@pytest.mark.parametrize("mode", ["binary mode", "structured"])
def test_events_of_the_library_of_cloudevents(mode: str) -> None:
    request = exchange(f"event request {mode}", "kserve", feature_names=("length", "width"))
    response = exchange(f"event response {mode}", "kserve")
    assert records_of(joined(request, response)) == [
        {
            "prediction_id": "call-1",
            "model_version": "default",
            "timestamp": "2026-01-05T10:00:00.123456+00:00",
            "tags": {"namespace": "prod"},
            "features": {"length": 6.8, "width": 2.8},
            "prediction": 1,
        }
    ]
    assert request.model == "iris"


@pytest.mark.parametrize(
    ("request_name", "features"),
    [
        (
            "frame",
            [
                {"amount": 12.5, "country": "DE", "night": True},
                {"amount": math.nan, "country": "FR", "night": False},
            ],
        ),
        ("matrix", [{"f0": 1.5, "f1": 2.0}, {"f0": 3.0, "f1": 4.0}]),
        ("dict", [{"x": 1.5, "y": 1}, {"x": 2.5, "y": 2}]),
    ],
)
@pytest.mark.parametrize(
    ("response_name", "outcomes"),
    [
        ("vector", [{"prediction": 0.5}, {"prediction": 1.5}]),
        (
            "probabilities",
            [
                {"probabilities": {"0": 0.25, "1": 0.75}, "prediction": 1, "score": 0.75},
                {"probabilities": {"0": 0.875, "1": 0.125}, "prediction": 0, "score": 0.125},
            ],
        ),
        ("frame", [{"score": 0.25, "prediction": 0}, {"score": 0.75, "prediction": 1}]),
        ("dict", [{"score": 0.5, "prediction": 1}, {"score": 0.25, "prediction": 0}]),
    ],
)
def test_requests_and_responses_of_mlflow(
    request_name: str, features: list[dict[str, Any]], response_name: str, outcomes: list[dict[str, Any]]
) -> None:
    item = {
        "request": payload(f"mlflow request {request_name}").body.decode(),
        "response": payload(f"mlflow response {response_name}").body.decode(),
    }
    body = Payload(body=json.dumps(item).encode())
    reading = read_import("mlflow", body, ImportOptions(model="m"), Limits())
    assert reading.rejected == []
    ((_, one),) = reading.exchanges
    assert repr(one.features) == repr(features)  # NaN equals nothing
    assert one.outcomes == outcomes
