"""Servers and browsers for the pages' tests."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from assay.dashboard.routes import router
from tests.dashboard import traffic
from tests.dashboard.memory import MemoryService

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Site:
    """A running server with its service."""

    service: Any
    address: str


def application(service: Any) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.stopping = threading.Event()
    app.include_router(router(service))
    return app


def serve(service: Any) -> Iterator[Site]:
    """Run the pages on a free port of the loopback address."""
    app = application(service)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3, lifespan="off")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    try:
        yield Site(service, f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        app.state.stopping.set()
        server.should_exit = True
        thread.join(10)
        listener.close()


def demo_service(*, per_day: int = 60) -> MemoryService:
    """A service with a year of flights, a provisional reference, a regression and hostile names."""
    service = MemoryService()
    traffic.fill_flights(service, per_day=per_day)
    traffic.fill_multiclass(service)
    traffic.fill_regression(service)
    traffic.fill_hostile(service)
    service.judged |= {"flights", traffic.HOSTILE[0]}
    return service


@pytest.fixture(scope="package")
def demo() -> MemoryService:
    return demo_service()


@pytest.fixture(scope="package")
def site(demo: MemoryService) -> Iterator[Site]:
    yield from serve(demo)


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.address, timeout=30) as client:
        yield client


@pytest.fixture
def fresh() -> MemoryService:
    """A service without models."""
    return MemoryService()


@pytest.fixture(
    scope="module"
)  # Playwright keeps an event loop running, which other modules' tests cannot bear
def browser() -> Iterator[Any]:
    """Headless Chromium; absent ones skip the tests, except where everything is meant to be installed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if sync_playwright is None or not CHROMIUM.exists():
        reason = f"needs Playwright and Chromium at {CHROMIUM}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page in the browser, with everything that went wrong on it."""

    page: Any
    address: str
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path, wait_until="domcontentloaded")

    def until(self, condition: str, *, seconds: float = 20.0) -> None:
        """Wait until an expression is true; a page's policy forbids Playwright's own way to wait."""
        deadline = time.monotonic() + seconds
        while not self.true(condition):
            assert time.monotonic() < deadline, f"never true: {condition}"
            self.page.wait_for_timeout(50)

    def true(self, condition: str) -> bool:
        """Whether an expression is true now; not while one page makes way for the next."""
        from playwright.sync_api import Error

        try:
            return bool(self.page.evaluate(condition))
        except Error as error:
            if "context was destroyed" in str(error):
                return False
            raise

    def whole(self) -> None:
        """Make the window as tall as the page, so that all figures are in sight, and wait for them."""
        width = self.page.viewport_size["width"]
        for _ in range(2):
            height = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({"width": width, "height": height})
            self.until("[...document.querySelectorAll('[data-figure]')].every(item => item.dataset.drawn)")
            self.until("!document.querySelector('[data-panel]:not([data-filled])')")
            self.until("!document.querySelector('[data-lines-src]')")
        self.page.wait_for_timeout(150)

    def check(self) -> None:
        """Nothing was complained about, and nobody else was asked for anything."""
        assert self.console == []
        foreign = [url for url in self.requests if not url.startswith((self.address, "blob:", "data:"))]
        assert foreign == []


@pytest.fixture(scope="module")
def contexts(browser: Any) -> dict[str, Any]:
    """Browser profiles by theme, which keep the compiled scripts from test to test."""
    return {theme: browser.new_context(color_scheme=theme) for theme in ("light", "dark")}


@pytest.fixture
def visit(contexts: dict[str, Any]) -> Iterator[Callable[..., Visit]]:
    pages = []

    def start(site: Site, *, theme: str = "light", width: int = 1440) -> Visit:
        page = contexts[theme].new_page()
        page.set_viewport_size({"width": width, "height": 900})
        pages.append(page)
        made = Visit(page, site.address)
        page.on("console", lambda message: made.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: made.console.append(f"error: {error}"))
        page.on("request", lambda request: made.requests.append(request.url))
        return made

    yield start
    for page in pages:
        page.evaluate("try { localStorage.clear() } catch {}")
        page.close()


@pytest.fixture
def offline(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Open a file in a browser that has no network."""
    contexts = []

    def start(path: Path, *, theme: str = "light", width: int = 1280, **options: Any) -> Visit:
        context = browser.new_context(
            color_scheme=theme, offline=True, viewport={"width": width, "height": 900}, **options
        )
        contexts.append(context)
        page = context.new_page()
        made = Visit(page, path.as_uri())
        page.on("console", lambda message: made.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: made.console.append(f"error: {error}"))
        page.on("request", lambda request: made.requests.append(request.url))
        page.goto(path.as_uri())
        return made

    yield start
    for context in contexts:
        context.close()
