"""Verdicts over HTTP: of stored windows, of rows in the request, and on Prometheus's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import assay
from assay.ports.monitor import Monitor
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from assay.testing.names import HOSTILE_NAMES
from tests.monitoring.drift.outcome_traffic import binary
from tests.monitoring.drift.stored_traffic import traffic
from tests.server.conftest import Live, running

DETECT = "/api/v1/performance/drift/detect"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    settings = Settings(data_dir=Path(tmp_path_factory.mktemp("drift")), drift_seconds=0.0)
    service = build_service(settings)
    with running(create_app(service, settings)) as server:
        with assay.open(f"http://localhost:{server.port}") as monitor:
            monitor.configure("m", reference_rows=960)
            monitor.log(model="m", version="1", predictions=traffic(range(72)))
            monitor.log(model="m", version="1", predictions=traffic(range(72, 96), shift=1.5))
            server.http.get("/api/v1/models/m", params={"wait": 10}).raise_for_status()
        yield server
    service.close()


@pytest.fixture
def monitor(live: Live) -> Iterator[Monitor]:
    with assay.open(f"http://localhost:{live.port}") as opened:
        yield opened


def ask(live: Live, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = live.http.post(DETECT, json=body)
    return answer.status_code, answer.json()


def test_the_remote_report_is_whole(monitor: Monitor, live: Live) -> None:
    report = monitor.drift_report("m", period="1d")
    assert (report.drift_detected, report.affected_features) == (True, ("amount",))
    assert report.features["amount"].evidence[0].drifted
    document = live.http.get("/api/v1/models/m/drift-report", params={"period": "1d"}).json()
    assert report.to_dict() | {"computed_at": ""} == (
        document | {"computed_at": "", "start": report.start.isoformat(), "end": report.end.isoformat()}
    )
    assert "drifted" in repr(report)
    empty = monitor.drift_report("m", start="2031-01-01", end="2031-01-02")
    assert empty.status == "not_enough_data"


def test_a_stored_window(live: Live) -> None:
    status, found = ask(live, model_id="m", methods=["psi", "wasserstein", "new_category_share"])
    assert status == 200
    assert (found["drift_detected"], found["drift_type"]) == (True, "DATA_DRIFT")
    assert found["affected_features"] == ["amount"]
    assert 0 < found["drift_severity"] <= 100
    assert found["drift_confidence"] > 0.98
    assert found["verdict"]["model_id"] == "m"
    statistics = {one["feature"]: set(one["statistics"]) for one in found["statistics"]}
    assert statistics == {
        "amount": {"psi", "wasserstein"},
        "flat": {"psi", "wasserstein"},
        "plan": {"psi", "new_category_share"},
    }


def test_asking_about_a_part(live: Live) -> None:
    _, found = ask(live, model_id="m", features=["flat", "plan"])
    assert (found["drift_detected"], found["affected_features"]) == (False, [])
    assert set(found["verdict"]["features"]) == {"flat", "plan"}
    _, found = ask(live, model_id="m", drift_types=["MODEL_DRIFT", "CONCEPT_DRIFT"])
    assert found["drift_detected"] is False
    _, found = ask(live, model_id="m", drift_types=["DATA_DRIFT"], features=["amount"])
    assert (found["drift_type"], found["affected_features"]) == ("DATA_DRIFT", ["amount"])


def test_rows_in_the_request_in_both_forms(live: Live) -> None:
    rows = traffic(range(40), season=0.0)
    columns = {name: rows[name].tolist() for name in ("amount", "plan")}
    moved = [{"amount": value + 1.0, "plan": plan} for value, plan in zip(*columns.values(), strict=True)]
    status, found = ask(live, reference_rows=columns, current_rows=moved)
    assert status == 200
    assert found["affected_features"] == ["amount"]
    assert "model_id" not in found["verdict"]
    _, found = ask(live, reference_rows=moved, current_rows=moved)
    assert found["drift_detected"] is False


def test_columns_of_mixed_values_and_any_name(live: Live) -> None:
    values: list[Any] = [1, "a", True, None, 2.5, 10**400] * 40
    columns = dict.fromkeys(HOSTILE_NAMES[:12], values)
    status, found = ask(live, reference_rows=columns, current_rows=columns)
    assert status == 200
    assert found["drift_detected"] is not True


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({}, 422, "give model_id"),
        ({"model_id": "m", "current_rows": [{"a": 1}]}, 422, "give model_id"),
        ({"reference_rows": [{"a": 1}]}, 422, "give model_id"),
        ({"model_id": "m", "target": "x"}, 422, "columns of rows"),
        ({"reference_rows": [{"a": 1}], "current_rows": [{"a": 1}], "timeframe": "1d"}, 422, "stored rows"),
        ({"reference_rows": [{"a": {}}], "current_rows": [{"a": 1}]}, 422, "reference_rows"),
        ({"reference_rows": [], "current_rows": []}, 422, "body.reference_rows: List should have at least 1"),
        ({"reference_rows": [{"a": 1}], "current_rows": [{"a": 1}], "target": "y"}, 422, "y"),
        ({"model_id": "nobody"}, 404, "no model"),
        ({"model_id": "m", "reference": "other"}, 404, "no reference"),
        ({"model_id": "m", "features": ["zz"]}, 404, "no feature"),
        ({"model_id": "m", "methods": ["zz"]}, 422, "no statistic"),
        ({"model_id": "m", "drift_types": ["zz"]}, 422, "drift_types"),
        ({"model_id": "m", "timeframe": "soon"}, 422, "not a duration"),
        ({"model_id": "m", "timeframe": "1d", "start": "2024-03-04"}, 422, "not both"),
    ],
)
def test_what_does_not_fit_is_said(live: Live, body: dict[str, Any], status: int, told: str) -> None:
    found, answer = ask(live, **body)
    assert (found, answer["status"]) == (status, status)
    assert told in answer["detail"]


def test_the_analysis_and_the_summary_carry_the_verdict(live: Live, monitor: Monitor) -> None:
    body = {"model_id": "m", "analysis_period": "1d"}
    found = live.http.post("/api/v1/performance/analyze", json=body).json()["drift_analysis"]
    assert (found["drift_detected"], found["affected_features"]) == (True, ["amount"])
    assert found["figures"]["n"] == 960
    for _ in range(200):  # the worker comes to the last day in its time
        if len(monitor.drift_history("m").windows) == 4:
            break
        live.http.get("/ready")
    newest = monitor.drift_history("m").windows[-1]
    assert newest.drift_detected
    (model,) = live.http.get("/api/v1/performance/metrics/summary").json()["models"]
    assert model["drift"]["drift_type"] == newest.drift_type == "DATA_DRIFT"
    text = live.http.get("/metrics").text
    assert 'model_data_drift_detected{model_name="m"} 1.0' in text
    assert f'model_drifted_columns_ratio{{model_name="m"}} {1 / 3!r}' in text


def test_the_metrics_tell_of_the_newest_day_that_has_its_labels(live: Live, monitor: Monitor) -> None:
    monitor.configure("labelled", task="binary", reference_rows=960)
    for hours, flip in ((range(48), 0.0), (range(48, 72), 0.4), (range(72, 96), 0.0)):
        rows, labels = binary(hours, flip=flip)
        monitor.log(model="labelled", predictions=rows)
        if hours.stop < 96:  # the last day has none yet
            monitor.label(model="labelled", labels=labels)
    for _ in range(600):  # the worker comes to the last day in its time
        if len(monitor.drift_history("labelled").windows) == 4:
            break
        live.http.get("/ready")
    text = live.http.get("/metrics").text
    lines = re.findall(r'^(model_\w+){model_name="labelled"} (\S+)$', text, re.MULTILINE)
    told = {name: float(value) for name, value in lines}
    judged = [one for one in monitor.drift_history("labelled").windows if one.accuracy is not None]
    assert judged[-1].start.day == 6
    assert told["model_concept_drift_detected"] == 1.0
    before, now = judged[-1].accuracy_before, judged[-1].accuracy
    assert told["model_accuracy_drop_percent"] == pytest.approx(100 * (before - now) / before)
    assert told["model_accuracy_drop_percent"] > 10
