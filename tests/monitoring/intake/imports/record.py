"""Write recorded.json anew: payloads as the platforms' own libraries write them.

In an environment of its own, since nothing else needs these:

    pip install kserve mlflow-skinny cloudevents pandas
    python tests/monitoring/intake/imports/record.py
"""

from __future__ import annotations

import base64
import io
import json
from importlib.metadata import version
from pathlib import Path

import mlflow.models
import numpy as np
import pandas as pd
from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent
from kserve.protocol.infer_type import InferInput, InferOutput, InferRequest, InferResponse
from mlflow.pyfunc.scoring_server import predictions_to_json

MATRIX = np.array([[1.5, 2], [3, 4]], np.float32)
WORDS = np.array(["a", "grün"], object)
HALF = np.array([0.5, np.nan], np.float16)
FLAGS = np.array([True, False])
FRAME = pd.DataFrame({"amount": [12.5, None], "country": ["DE", "FR"], "night": [True, False]})


def tensor(kind, name, datatype, values, *, binary=False):
    """One tensor of KServe's library."""
    made = kind(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def rest(message):
    """Headers and body of a request or response over HTTP."""
    body, length = message.to_rest()
    headers = {"content-type": "application/json"}
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    else:
        headers["content-type"] = "application/octet-stream"
        headers["inference-header-content-length"] = str(length)
    return headers, body


def kserve(binary):
    """A request and its response, by KServe's library."""
    inputs = [
        tensor(InferInput, "x", "FP32", MATRIX, binary=binary),
        tensor(InferInput, "word", "BYTES", WORDS, binary=binary),
        tensor(InferInput, "flag", "BOOL", FLAGS, binary=binary),
    ]
    outputs = [
        tensor(InferOutput, "predict", "INT64", np.array([1, 0]), binary=binary),
        tensor(InferOutput, "predict_proba", "FP64", np.array([[0.25, 0.75], [0.875, 0.125]]), binary=binary),
    ]
    if binary:
        inputs.append(tensor(InferInput, "half", "FP16", HALF, binary=True))
    yield "request", rest(InferRequest("iris", inputs, request_id="r1"))
    yield "response", rest(InferResponse("r1", "iris", outputs, model_version="3"))


def event(side, data):
    """An event with the attributes of KServe's logger."""
    attributes = {
        "type": f"org.kubeflow.serving.inference.{side}",
        "source": "http://localhost:9081/",
        "id": "call-1",
        "time": "2026-01-05T10:00:00.123456+00:00",
        "inferenceservicename": "iris",
        "namespace": "prod",
        "component": "predictor",
        "endpoint": "default",
    }
    return CloudEvent(attributes, data)


def mlflow_request(example):
    """What MLflow says is sent to its server for an input."""
    return mlflow.models.convert_input_example_to_serving_input(example)


def mlflow_response(predictions):
    """What MLflow's server answers."""
    text = io.StringIO()
    predictions_to_json(predictions, text)
    return text.getvalue()


def main():
    """Write the file."""
    cases = {}
    for binary in (False, True):
        for side, (headers, body) in kserve(binary):
            cases[f"kserve {side}{' binary' if binary else ''}"] = (headers, body)
    for side, data in (("request", {"instances": [[6.8, 2.8]]}), ("response", {"predictions": [1]})):
        cases[f"event {side} binary mode"] = to_binary(event(side, data))
        cases[f"event {side} structured"] = to_structured(event(side, data))
    texts = {
        "mlflow request frame": mlflow_request(FRAME),
        "mlflow request matrix": mlflow_request(MATRIX.astype(float)),
        "mlflow request dict": mlflow_request({"x": np.array([1.5, 2.5]), "y": np.array([1, 2])}),
        "mlflow response vector": mlflow_response(np.array([0.5, 1.5])),
        "mlflow response probabilities": mlflow_response(np.array([[0.25, 0.75], [0.875, 0.125]])),
        "mlflow response frame": mlflow_response(pd.DataFrame({"label": [0, 1], "score": [0.25, 0.75]})),
        "mlflow response dict": mlflow_response({"label": np.array([1, 0]), "score": np.array([0.5, 0.25])}),
    }
    cases |= {name: ({"content-type": "application/json"}, text.encode()) for name, text in texts.items()}
    document = {
        "versions": {name: version(name) for name in ("kserve", "mlflow-skinny", "cloudevents")},
        "cases": {
            name: {"headers": headers, "body": base64.b64encode(body).decode()}
            for name, (headers, body) in cases.items()
        },
    }
    Path(__file__).with_name("recorded.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
