"""Signing in, making a key, using it and taking it back, as a person does it in a browser."""

from __future__ import annotations

import re

import pytest

from tests.access.conftest import Keyed
from tests.dashboard.conftest import Site, browser, contexts, visit  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser


def test_a_reader_sees_the_pages_and_no_more(keyed: Keyed, visit) -> None:  # noqa: F811
    page = visit(Site(None, keyed.url))
    page.open("/models/mine")
    page.until("location.pathname === '/sign-in'")
    page.page.get_by_label("Key", exact=True).fill("assay_wrong_key")
    page.page.get_by_role("button", name="Sign in").click()
    page.until("document.querySelector('[role=alert]')")
    page.page.get_by_label("Key", exact=True).fill(keyed.secrets["read"])
    page.page.get_by_role("button", name="Sign in").click()
    page.until("location.pathname === '/models/mine'")
    cookies = page.page.context.cookies()
    assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [(True, "Lax")]
    assert page.page.get_by_role("heading", name="mine").is_visible()
    assert page.page.get_by_role("link", name="Access").count() == 0
    assert page.page.goto(keyed.url + "/access").status == 403
    page.open("/")
    page.page.get_by_role("button", name="Sign out").click()
    page.until("location.pathname === '/sign-in'")
    assert page.page.goto(keyed.url + "/models/mine").url.startswith(keyed.url + "/sign-in")
    refused = [text for text in page.console if "status of 401" in text or "status of 403" in text]
    assert refused == page.console


def test_an_administrator_makes_a_key_and_takes_it_back(keyed: Keyed, visit) -> None:  # noqa: F811
    page = visit(Site(None, keyed.url), theme="dark")
    page.open("/sign-in?next=/access")
    page.page.get_by_label("Key", exact=True).fill(keyed.secrets["admin"])
    page.page.get_by_role("button", name="Sign in").click()
    page.until("location.pathname === '/access'")
    page.page.get_by_label("Name", exact=True).fill("nightly <b>job</b>")
    page.page.get_by_role("checkbox", name=re.compile("ingest")).check()
    page.page.get_by_label("Only these models").fill("mine")
    page.page.get_by_role("button", name="Make the key").click()
    page.until("document.querySelector('#secret')")
    secret = page.page.locator("#secret").inner_text()
    body = {"model_id": "mine", "predictions": [{"prediction_id": "of the job"}]}
    assert keyed.ask("POST", "/api/v1/predictions", secret, json=body).status_code == 200
    body["model_id"] = "other"
    assert keyed.ask("POST", "/api/v1/predictions", secret, json=body).status_code == 404
    page.open("/access")
    assert secret not in page.page.content()
    row = page.page.get_by_role("row").filter(has_text="nightly <b>job</b>").first
    row.get_by_text("Revoke", exact=True).click()
    row.get_by_role("button", name="Revoke for good").click()
    page.until("document.body.innerText.includes('revoked')")
    body["model_id"] = "mine"
    assert keyed.ask("POST", "/api/v1/predictions", secret, json=body).status_code == 401
    page.page.get_by_role("button", name="Sign out").click()
    page.until("location.pathname === '/sign-in'")
    page.check()
