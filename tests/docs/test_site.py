"""The documentation's site builds without a warning, asks nobody else for anything, and serves everybody."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from tests.dashboard.conftest import ARGUMENTS, CHROMIUM
from tests.server.conftest import Live, running

from assay.server.help import router

from .conftest import DOCS, ROOT


def load(path: Path) -> ModuleType:
    """Import the program at `path`."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The program that builds the site."""
    return load(ROOT / "scripts" / "build_site.py")


@pytest.fixture(scope="module")
def site(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built; a warning would have been an error."""
    folder = tmp_path_factory.mktemp("site")
    script.build(folder)
    (folder / script.MARK).write_text("test")
    return folder


def test_every_page_is_in_the_site_and_in_its_navigation(site: Path) -> None:
    front = (site / "index.html").read_text()
    decisions = (site / "decisions" / "index.html").read_text()
    for path in DOCS.rglob("*.md"):
        page = path.relative_to(DOCS).with_suffix(".html")
        assert (site / page).exists()
        if page.name == "index.html":
            continue
        links = front if page.parent.name != "decisions" else decisions
        assert f'href="{page if links is front else page.name}"' in links, page


def test_no_page_needs_an_exception_from_the_policy(script: ModuleType, site: Path) -> None:
    found = [text for path in site.rglob("*.html") for text in script.forbidden(path)]
    assert found == []


@pytest.mark.parametrize(
    "markup",
    [
        "<script>1</script>",
        "<style>a {}</style>",
        "<p style='color: red'>",
        "<p onclick='1'>",
        "<script src='https://host/x.js'></script>",
        "<link rel=stylesheet href='//host/x.css'>",
        "<img src=http://host/x.png>",
    ],
)
def test_what_the_policy_forbids_is_found(script: ModuleType, tmp_path: Path, markup: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><title>t</title>{markup}")
    assert len(script.forbidden(path)) == 1


def test_inline_scripts_and_styles_become_files(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "deep").mkdir()
    path = tmp_path / "deep" / "page.html"
    path.write_text("<style>a {}</style><script>f()</script>")
    path.write_text(script.without_inline(path, tmp_path))
    assert script.forbidden(path) == []
    assert sorted(file.read_text() for file in (tmp_path / "_static").iterdir()) == ["a {}\n", "f()\n"]
    for file in (tmp_path / "_static").iterdir():
        assert f'"../_static/{file.name}"' in path.read_text()


def test_a_page_with_a_broken_link_is_not_built(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("docs/conf.py", "pyproject.toml", "src/assay/dashboard/static/icon.svg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    shutil.copytree(DOCS / "_site", tmp_path / "docs" / "_site")
    (tmp_path / "docs" / "index.md").write_text("# T\n\n## Do\n\n- [x](x.md)\n")
    (tmp_path / "docs" / "x.md").write_text("# X\n\n[none](none.md)\n")
    monkeypatch.setattr(script, "DOCS", tmp_path / "docs")
    with pytest.raises(SystemExit, match="not built"):
        script.build(tmp_path / "out")
    assert "none.md" in capfd.readouterr().err


def test_the_lists_of_an_index_are_the_navigation() -> None:
    conf = load(DOCS / "conf.py")
    text = "# T\n\n## Do\n\n- [A](howto/a.md): x\n- [B](b.md)\n\n## Other\n\nNothing [c](c.md) here.\n"
    tree = "```{toctree}\n:hidden:\n:caption: Do\n\nhowto/a\nb\n```"
    assert conf.navigation(text) == tree
    assert conf.navigation("# T\n\n1. [A](0001-a.md)\n") == "```{toctree}\n:hidden:\n\n0001-a\n```"


@pytest.fixture(scope="module")
def live(site: Path) -> Iterator[Live]:
    """A server that shows the site."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(site))
    with running(app) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    if not CHROMIUM.exists():
        reason = f"needs Chromium at {CHROMIUM}"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Visit:
    """A page in the browser, with everything that it complained about."""

    def __init__(self, context: Any, live: Live) -> None:
        self.page = context.new_page()
        self.address = f"http://localhost:{live.port}"
        self.wrong: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.wrong.append(f"asked {request.url}")

    def open(self, path: str) -> None:
        self.page.goto(self.address + path, wait_until="load")

    def barriers(self) -> list[str]:
        """What axe-core finds that keeps somebody from reading the page."""
        import axe_playwright_python

        axe = Path(axe_playwright_python.__file__).parent / "axe.min.js"
        self.page.evaluate(axe.read_text(encoding="utf-8") + ";0")
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in found["violations"]]


@pytest.mark.browser
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_pages_are_for_everybody_and_ask_nobody_else(
    browser: Any, live: Live, theme: str, width: int
) -> None:
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900})
    visit = Visit(context, live)
    for name in ("", "tutorial", "howto/read-the-pages", "reference/metrics", "reference/http-api"):
        visit.open(f"/help/{name and name + '.html'}")
        assert visit.barriers() == [], name
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not visit.page.evaluate(wide), name
    colour = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 17, 22)"}[theme]
    assert visit.wrong == []
    context.close()


@pytest.mark.browser
def test_the_theme_chosen_on_the_pages_is_kept(browser: Any, live: Live) -> None:
    context = browser.new_context(color_scheme="light")
    visit = Visit(context, live)
    visit.open("/help/")
    visit.page.evaluate("localStorage.setItem('assay-theme', 'dark')")
    visit.open("/help/tutorial.html")
    assert visit.page.evaluate("document.body.dataset.theme") == "dark"
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 17, 22)"
    assert visit.wrong == []
    context.close()


@pytest.mark.browser
def test_search_finds_pages_without_a_network(browser: Any, live: Live) -> None:
    context = browser.new_context()
    visit = Visit(context, live)
    visit.open("/help/")
    visit.page.locator("input[name=q]").first.fill("population stability index")
    visit.page.locator("input[name=q]").first.press("Enter")
    found = visit.page.locator("ul.search li a")
    found.first.wait_for(timeout=10_000)
    assert any("reference/metrics.html" in str(link.get_attribute("href")) for link in found.all())
    found.first.click()
    visit.page.wait_for_load_state("load")
    assert visit.page.locator("article h1").count() == 1
    assert visit.wrong == []
    context.close()
