"""The documentation at /help: files of the built site and nothing else, kept by what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from assay.server.help import router, topics

from .conftest import running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site of three files, next to something that is nobody's business."""
    site = tmp_path / "site"
    (site / "howto" / "deep").mkdir(parents=True)
    (site / "index.html").write_text("<h1>front</h1>")
    (site / "howto" / "index.html").write_text("<h1>howto</h1>")
    (site / "howto" / "deep" / "style.css").write_text("a {}")
    (site / "built.txt").write_text("1")
    (site / "secret.db").write_text("secret")
    (site / "link.html").symlink_to(tmp_path / "outside.html")
    (tmp_path / "outside.html").write_text("secret")
    (tmp_path / "index.md").write_text(
        "# T\n\n## Do\n\n- [Log <b>](howto/log.md)\n- [Out](https://host)\n\n## None\n"
    )
    return site


@pytest.fixture
def http(folder: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    """A server with nothing but the documentation."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(folder, index=tmp_path / "index.md"))
    with running(app) as live:
        yield live.http


def test_pages_are_served_with_their_types(http: httpx.Client) -> None:
    assert http.get("/help").headers["location"] == "/help/"
    for path, text, kind in [
        ("/help/", "<h1>front</h1>", "text/html; charset=utf-8"),
        ("/help/index.html", "<h1>front</h1>", "text/html; charset=utf-8"),
        ("/help/howto/", "<h1>howto</h1>", "text/html; charset=utf-8"),
        ("/help/howto/deep/style.css", "a {}", "text/css; charset=utf-8"),
    ]:
        answer = http.get(path)
        assert (answer.status_code, answer.text) == (200, text), path
        assert answer.headers["content-type"] == kind
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "../outside.html",
        "howto/../../outside.html",
        "%2e%2e/outside.html",
        "..%2foutside.html",
        "%2Fetc/passwd",
        "/etc/passwd",
        "link.html",
        "secret.db",
        "howto",
        "howto/none.html",
        "a" * 5_000,
        "%00",
        "%ff",
    ],
)
def test_no_address_leads_out_of_the_site(folder: Path, tmp_path: Path, path: str) -> None:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(folder, index=tmp_path / "index.md"))
    with running(app) as live:
        answer = live.raw(
            f"GET /help/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), answer[:100]
    assert b"secret" not in answer


def test_what_the_browser_has_is_not_sent_again(http: httpx.Client) -> None:
    first = http.get("/help/")
    tag = first.headers["etag"]
    for asked in (tag, f'"x", {tag}'):
        again = http.get("/help/", headers={"If-None-Match": asked})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert http.get("/help/", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_new_build_is_served_without_a_restart(http: httpx.Client, folder: Path) -> None:
    tag = http.get("/help/").headers["etag"]
    (folder / "index.html").write_text("<h1>other</h1>")
    (folder / "new.html").write_text("new")
    (folder / "built.txt").write_text("2")
    answer = http.get("/help/", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.text) == (200, "<h1>other</h1>")
    assert http.get("/help/new.html").text == "new"


def test_without_a_site_the_page_says_how_to_build_it(http: httpx.Client, folder: Path) -> None:
    (folder / "built.txt").unlink()
    answer = http.get("/help/howto/log.html")
    assert answer.status_code == 503
    assert "make site" in answer.text
    assert "Log &lt;b&gt;" in answer.text
    assert "docs/howto/log.md" in answer.text


def test_topics_of_an_index(tmp_path: Path, folder: Path) -> None:
    assert topics(tmp_path / "index.md") == [("Do", [("Log <b>", "docs/howto/log.md")])]
    assert topics(tmp_path / "none.md") == []
