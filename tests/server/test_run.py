"""The server as a process: ready soon, answering what it began, keeping what it acknowledged."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

START = """
import sys, pathlib
from assay.runtime.settings import Settings
from assay.server.run import serve
settings = Settings(data_dir=pathlib.Path(sys.argv[1]), port=0)
serve(settings, on_ready=lambda url: print(url, flush=True))
"""


@contextmanager
def started(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process and its address; killed at the end if it still runs."""
    command = [sys.executable, "-c", START, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            assert url.startswith("http://127.0.0.1:"), url
            yield process, url
        finally:
            process.kill()


def test_it_stops_cleanly_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[int] = []

    def log(number: int) -> None:
        body = {"model_id": "m", "predictions": [{"prediction_id": f"p{number}"}]}
        # Once the server stops, connections are refused; what was answered before counts.
        with suppress(httpx.TransportError):
            if http.post("/api/v1/predictions", json=body).status_code == 200:
                acknowledged.append(number)

    with started(tmp_path / "data") as (process, url):
        with httpx.Client(base_url=url, timeout=20) as http, ThreadPoolExecutor(8) as threads:
            deadline = time.monotonic() + 20
            while http.get("/ready").status_code != 200 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert "server" not in http.get("/health").headers
            work = [threads.submit(log, number) for number in range(400)]
            work[100].result()
            process.send_signal(signal.SIGTERM)
            for one in work:
                one.result()
        assert process.wait(20) in (0, -signal.SIGTERM)
    assert len(acknowledged) >= 100
    with started(tmp_path / "data") as (process, url):
        with httpx.Client(base_url=url, timeout=20) as http:
            view = http.get("/api/v1/models/m", params={"wait": 20}).json()
            assert view["predictions"] >= len(acknowledged)
            for number in acknowledged[:: max(1, len(acknowledged) // 10)]:
                assert http.get(f"/api/v1/models/m/predictions/p{number}").status_code == 200
        process.send_signal(signal.SIGINT)
        process.wait(20)


def test_requests_in_one_connection_are_answered_in_turn(tmp_path: Path) -> None:
    body = b'{"model_id": "m", "predictions": [{}]}'
    one = (
        b"POST /api/v1/predictions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    with started(tmp_path / "data") as (_, url):
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(one * 5)
            seen = b""
            while seen.count(b'"accepted":1') < 5:
                part = connection.recv(65_536)
                assert part, seen
                seen += part
        assert seen.count(b"HTTP/1.1 200") == 5
