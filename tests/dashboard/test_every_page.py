"""Every page that a link leads to, over the real service: accessible, quiet and small."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import numpy as np
import pytest

from assay.domain.columns import Kind
from assay.domain.model import ModelSettings, Task
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from assay.server.scopes import SCOPES
from tests.dashboard import traffic
from tests.server.conftest import Live, running

pytestmark = pytest.mark.browser

HTML_BYTES = 100_000
LARGE = ("/models/{slug}/report.html", "/help/{path:path}")  # files to keep, and a site of its own
GROUND = "getComputedStyle(document.body).backgroundColor"
MOST = 2  # pages looked at of each kind, of different models: one of hostile names, one of plain ones


class _Links(HTMLParser):
    """Collects the addresses that a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (href := dict(attrs).get("href")) and "download" not in dict(attrs):
            self.found.append(href)


def links(html: str) -> list[str]:
    parser = _Links()
    parser.feed(html)
    return parser.found


def fill(service: Service) -> None:
    """Flights with labels, a regression, and a model whose every name is hostile."""
    rng = np.random.default_rng(3)
    service.put_model("flights", task=Task.BINARY, settings=ModelSettings(slices=("origin",)))
    rows = traffic.flights(rng, days=12, per_day=40)
    traffic.send(
        service,
        "flights",
        Kind.PREDICTIONS,
        traffic.prediction_table(rows, rng, prefix="f", version_from=6),
    )
    upto = traffic.START + 12 * traffic.DAY
    traffic.send(service, "flights", Kind.LABELS, traffic.label_table(rows, rng, prefix="f", upto=upto))
    traffic.fill_regression(service)
    traffic.fill_hostile(service)
    assert service.catch_up(timeout=60)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("full"), min_free_bytes=0)
    service = build_service(settings)
    fill(service)
    with running(create_app(service, settings)) as live:
        yield live
    service.close()


def _pattern(path: str) -> re.Pattern[str]:
    """Return what addresses of a route, declared as `path`, look like."""
    parts = re.split(r"\{\w+(:path)?\}", path)  # text, ":path" or None, text, ...
    return re.compile(
        "".join(
            re.escape(part or "") if n % 2 == 0 else ".*" if part else "[^/]+" for n, part in enumerate(parts)
        )
    )


ROUTES = {path: _pattern(path) for method, path in SCOPES if method == "GET"}


def kind_of(path: str) -> str:
    """Return the path, as declared, of the route that answers an address: the most literal one."""
    return min(
        (kind for kind, pattern in ROUTES.items() if pattern.fullmatch(path)),
        key=lambda kind: (kind.count("{"), -len(kind)),
    )


@pytest.fixture(scope="module")
def crawled(full: Live) -> dict[str, list[str]]:
    """Addresses of pages by kind, found by following links from the first page."""
    found: dict[str, list[str]] = {}
    todo, seen = ["/"], {"/"}
    while todo:
        address = todo.pop(0)
        path = urlsplit(address).path
        kind = kind_of(path)
        model = path.split("/")[2] if kind.startswith("/models/") else address
        if len(found.get(kind, [])) >= MOST or any(model in one.split("/") for one in found.get(kind, [])):
            continue
        answer = full.http.get(address)
        assert answer.status_code == httpx.codes.OK, f"{address} is linked and answers {answer.status_code}"
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        found.setdefault(kind, []).append(address)
        for link in links(answer.text):
            target = urlsplit(urljoin(str(full.http.base_url) + address, link))
            next_address = target.path + (f"?{target.query}" if target.query else "")
            if target.netloc == full.http.base_url.netloc.decode() and next_address not in seen:
                seen.add(next_address)
                todo.append(next_address)
    return found


def test_links_lead_to_every_kind_of_page(full: Live, crawled: dict[str, list[str]]) -> None:
    kinds = {path for path in ROUTES if not path.startswith(("/api/", "/static", "/docs/"))}
    fragments = (
        "events",
        "row",
        "feature-lines",
        ".json",
        ".csv",
        "favicon.ico",
        "openapi",
        "health",
        "ready",
        "metrics",
    )
    pages = {path for path in kinds if not path.endswith(fragments)}
    redirects = {"/models", "/help", "/sign-in", "/sign-out"}
    assert pages - redirects <= set(crawled), "pages that nobody finds by clicking"


def test_pages_are_small_and_guarded(full: Live, crawled: dict[str, list[str]]) -> None:
    for kind, addresses in crawled.items():
        for address in addresses:
            answer = full.http.get(address, headers={"Accept-Encoding": "identity"})
            if kind not in LARGE:
                assert len(answer.content) < HTML_BYTES, address
            bare = re.findall(r'(?:href|data-[a-z-]+)="[^"]*[?&]"', answer.text)
            assert bare == [], f"{address} has addresses that end before their parameters"
            policy = answer.headers["content-security-policy"]
            scripts = re.search(r"script-src ([^;]*)", policy)
            allowed = scripts[1] if scripts else policy
            assert "unsafe" not in allowed, address
            assert "http" not in policy, address


def axe() -> str:
    """Return axe-core's program, as it is shipped for tests."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text()


# What axe-core judges differently in the dark: it sees the same elements with the same names.
OF_THE_THEME = {"light": {}, "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}}}


@pytest.mark.timeout(400)
def test_pages_are_accessible_and_quiet(full: Live, crawled: dict[str, list[str]], browser: Any) -> None:
    """No serious finding of axe-core in either theme, no word on the console, no request to another host."""
    program = axe()
    context = browser.new_context(reduced_motion="reduce")
    base = str(full.http.base_url).rstrip("/")
    found: list[str] = []
    for address in (one for addresses in crawled.values() for one in addresses):

        def note(text: str, at: str = address) -> None:
            found.append(f"{at}: {text}")

        page = context.new_page()
        page.set_viewport_size({"width": 1280, "height": 900})
        page.on("console", lambda message, note=note: note(message.text))
        page.on("pageerror", lambda error, note=note: note(str(error)))
        page.on("request", lambda request, note=note: foreign(request.url, base) and note(request.url[:200]))
        page.goto(base + address, wait_until="load")
        page.evaluate(program)
        grounds = set()
        for theme, rules in OF_THE_THEME.items():
            page.emulate_media(color_scheme=theme)  # a page that is open follows it
            page.wait_for_timeout(200)
            grounds.add(page.evaluate(GROUND))
            options = {"resultTypes": ["violations"], **rules}
            for one in page.evaluate("options => axe.run(document, options)", options)["violations"]:
                if one["impact"] in ("serious", "critical"):
                    examples = "; ".join(node["html"][:120] for node in one["nodes"][:3])
                    note(f"{theme}: {one['impact']} {one['id']}: {one['help']}: {examples}")
        if len(grounds) != len(OF_THE_THEME):
            note("has one ground in both themes")
        page.close()
    context.close()
    assert found == []


def foreign(url: str, base: str) -> bool:
    """Whether a request went to somebody else."""
    return not url.startswith((base, "data:", "blob:"))
