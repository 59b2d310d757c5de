"""A disk that takes no more: nothing is acknowledged, reading goes on, and all is well once there is room."""

from __future__ import annotations

import resource
import time

import httpx
import pytest

from tests.faults.harness import MODEL, Victim


@pytest.fixture
def victim(tmp_path):
    server = Victim(tmp_path)
    server.start()
    yield server
    server.stop()


def send(victim, names):
    items = [{"prediction_id": name, "features": {"x": 1.0, "padding": "x" * 5_000}} for name in names]
    return httpx.post(
        f"{victim.url}/api/v1/predictions", json={"model_id": MODEL, "predictions": items}, timeout=30
    )


def stored(victim):
    answer = httpx.get(f"{victim.url}/api/v1/models/{MODEL}?wait=20", timeout=30)
    assert answer.status_code == 200
    return answer.json()["predictions"]


def limit_files(victim, size):
    """Let no file of the server grow beyond `size`: writes past it fail as on a device that is full."""
    resource.prlimit(victim.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_is_told_survived_and_left_behind(victim):
    assert send(victim, ["before"]).json()["accepted"] == 1
    assert stored(victim) == 1
    limit_files(victim, 1)
    began = time.monotonic()
    refused = [send(victim, [f"during-{number}"]) for number in range(5)]
    assert {answer.status_code for answer in refused} <= {503, 507}
    assert all(answer.headers["Retry-After"] for answer in refused)
    assert all(answer.headers["Content-Type"].startswith("application/problem+json") for answer in refused)
    assert time.monotonic() - began < 20
    # Reading goes on meanwhile.
    assert httpx.get(f"{victim.url}/api/v1/models/{MODEL}", timeout=30).status_code == 200
    assert httpx.get(f"{victim.url}/health", timeout=30).status_code == 200
    limit_files(victim, resource.RLIM_INFINITY)
    # It recovers by itself; what was refused can be sent again.
    answer = None
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer = send(victim, [f"during-{number}" for number in range(5)])
        if answer.status_code == 200:
            break
        time.sleep(0.1)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 5)
    assert stored(victim) == 6


def test_what_is_kept_in_reserve_is_not_written_to(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_MIN_FREE_BYTES", str(1 << 60))
    victim = Victim(tmp_path)
    victim.start()
    try:
        answer = send(victim, ["a"])
        assert answer.status_code == 507
        assert "Retry-After" in answer.headers
        assert answer.json()["code"] == "StorageFull"
        assert httpx.get(f"{victim.url}/api/v1/models").json()["models"] == []
    finally:
        assert victim.stop() == 0
