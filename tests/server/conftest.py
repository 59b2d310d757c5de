"""A real server over a real service, on a free port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app


@dataclass(frozen=True)
class Live:
    """A running server."""

    port: int
    app: FastAPI
    http: httpx.Client

    def raw(self, data: bytes, *, timeout: float = 10.0) -> bytes:
        """Send bytes as they are and return what comes until the server closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.settimeout(timeout)
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(data)
            answer = b""
            try:
                while part := connection.recv(65_536):
                    answer += part
                    head, blank, body = answer.partition(b"\r\n\r\n")
                    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                    if blank and length.isdigit() and len(body) >= int(length):
                        break
            except ConnectionResetError:
                pass
            return answer


@contextmanager
def running(app: FastAPI) -> Iterator[Live]:
    """Serve an application in a thread."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=2, proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        with httpx.Client(base_url=f"http://localhost:{port}", timeout=20) as http:
            yield Live(port, app, http)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("server") / "data"
    return Settings(data_dir=Path(folder), max_body_bytes=4 << 20, max_decoded_bytes=16 << 20)


@pytest.fixture(scope="session")
def service(settings: Settings) -> Iterator[Service]:
    service = build_service(settings)
    yield service
    service.close()


@pytest.fixture(scope="session")
def live(service: Service, settings: Settings) -> Iterator[Live]:
    with running(create_app(service, settings)) as live:
        yield live


@pytest.fixture
def serve_app() -> Iterator[Callable[[FastAPI], Live]]:
    """Serve other applications for one test."""
    open_: list[object] = []

    def serve(app: FastAPI) -> Live:
        context = running(app)
        open_.append(context)
        return context.__enter__()

    yield serve
    for context in open_:
        context.__exit__(None, None, None)  # type: ignore[attr-defined] # a context manager
