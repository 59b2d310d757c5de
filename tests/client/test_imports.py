"""Importing in Python, in process and over HTTP: the same calls, the same answers."""

from __future__ import annotations

import json

import pytest

import assay
from assay.client.imports import bodies
from assay.errors import InvalidInput


def pair(number, **more):
    return {
        "request": {"dataframe_records": [{"amount": number, "country": "DE"}]},
        "response": {"predictions": [[0.25, 0.75]]},
        "client_request_id": f"r{number}",
    } | more


def test_payloads_of_every_form_mean_the_same(monitor, model):
    items = [pair(number) for number in range(4)]
    lines = "\n".join(map(json.dumps, items))
    forms = [items, lines, lines.encode(), json.dumps(items), iter(lines.splitlines()), items[0]]
    for place, form in enumerate(forms):
        answer = monitor.import_payloads("mlflow", form, model=f"{model}-{place}", classes=["ham", "a,b"])
        count = 1 if form is items[0] else 4
        assert (answer.items, answer.accepted) == (count, count)
        assert [(one.model_id, one.predictions) for one in answer.models] == [(f"{model}-{place}", count)]
        assert "highest probability" in answer.notes[0]
        found = monitor.prediction(f"{model}-{place}", "r0")
        assert found.prediction == "a,b"
        assert found.score == 0.75
        assert found.features == {"amount": 0, "country": "DE"}


def test_a_repeated_call_counts_once(monitor, model):
    item = {"request": {"instances": [[1]]}, "response": {"predictions": [1]}}
    for _ in range(2):
        answer = monitor.import_payloads("mlflow", item, model=model, idempotency_key="same " + model)
        assert answer.accepted == 1
    assert len(monitor.predictions(model)) == 1
    monitor.import_payloads("mlflow", item, model=model)
    assert len(monitor.predictions(model)) == 2


def test_halves_wait_for_each_other(monitor, model):
    tensor = {"shape": [1], "datatype": "FP64", "data": [2.5]}
    request = {"id": "a/ä", "model_name": model, "inputs": [{"name": "x", **tensor}]}
    response = {"id": "a/ä", "model_name": model, "outputs": [{"name": "y", **tensor}]}
    first = monitor.import_payloads("open-inference", response)
    assert (first.accepted, first.waiting) == (0, 1)
    second = monitor.import_payloads("open-inference", request)
    assert (second.accepted, second.waiting) == (1, 0)
    found = monitor.prediction(model, "a/ä")
    assert (found.features, found.prediction) == ({"x": 2.5}, 2.5)


def test_bad_payloads_are_told_by_their_place(monitor, model):
    answer = monitor.import_payloads("mlflow", [pair(0), {"x": 1}, pair(2)], model=model)
    assert (answer.accepted, answer.rejected_total) == (2, 1)
    assert [(bad.index, bad.code) for bad in answer.rejected] == [(1, "no_inputs")]
    assert "item 1" in repr(answer)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("mlflow", [{"x": 1}], "request"),
        ("mlflow", "nonsense", "JSON"),
        ("cortex", [{}], "kserve"),
        ("", [{}], "."),
        ("../models", [{}], "kserve"),
        ("mlflow", [5], "dict"),
        ("mlflow", [{"x": object()}], "JSON"),
    ],
)
def test_what_cannot_be_used_raises(monitor, model, name, data, words):
    with pytest.raises((InvalidInput, assay.errors.NotFound), match=words):
        monitor.import_payloads(name, data, model=model)


def test_a_text_is_no_list_of_names(monitor):
    with pytest.raises(InvalidInput, match="list of names"):
        monitor.import_payloads("mlflow", [], feature_names="abc")


def test_nothing_is_nothing(monitor):
    answer = monitor.import_payloads("mlflow", [])
    assert (answer.items, answer.accepted, answer.models) == (0, 0, ())


def test_long_input_is_cut_between_lines():
    lines = [json.dumps({"n": number, "x": "y" * 5_000}).encode() for number in range(4_000)]
    for data in (lines, b"\n".join(lines)):
        cut = list(bodies(data))
        assert len(cut) > 1
        assert max(len(body) for _, body in cut) <= 9 << 20
        firsts = [json.loads(body.partition(b"\n")[0])["n"] for _, body in cut]
        assert firsts == [first for first, _ in cut]
        assert b"\n".join(body for _, body in cut) == b"\n".join(lines)
    whole = json.dumps([{"x": "y" * 5_000}] * 4_000, indent=1)
    assert len(list(bodies(whole))) == 1
