"""Signing in, with all that may go wrong there; keys and changes on their page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

import httpx
import pytest

from assay.dashboard.signing import safe_next
from assay.runtime.settings import Settings
from assay.server.app import create_app
from assay.testing.names import HOSTILE_NAMES
from tests.access.conftest import Keyed
from tests.server.conftest import running

PAGE = {"Accept": "text/html"}


def csrf(answer: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', answer.text)
    assert found, answer.text[:500]
    return found[1]


class Browser:
    """A browser: it keeps cookies, and says where its forms come from."""

    opened: ClassVar[list[Browser]] = []

    def __init__(self, keyed: Keyed, **headers: str) -> None:
        self.opened.append(self)
        self.http = httpx.Client(base_url=keyed.url, headers={**PAGE, "Origin": keyed.url, **headers})

    def sign_in(self, secret: str, target: str = "/") -> httpx.Response:
        form = {"csrf": csrf(self.http.get("/sign-in")), "key": secret, "next": target}
        return self.http.post("/sign-in", data=form)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while Browser.opened:
        Browser.opened.pop().http.close()


@pytest.fixture
def browser(keyed: Keyed) -> Browser:
    keyed.access.sessions._slow.succeeded("127.0.0.1")
    return Browser(keyed)


def test_strangers_are_sent_to_sign_in_and_back(keyed: Keyed, browser: Browser) -> None:
    sent = browser.http.get("/models/mine?period=7d&x=a%3Ab")
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/sign-in?next=%2Fmodels%2Fmine%3Fperiod%3D7d%26x%3Da%253Ab",
    )
    form = browser.http.get(sent.headers["location"])
    assert 'value="/models/mine?period=7d&amp;x=a%3Ab"' in form.text
    back = browser.sign_in(keyed.secrets["read"], "/models/mine?period=7d&x=a%3Ab")
    assert (back.status_code, back.headers["location"]) == (303, "/models/mine?period=7d&x=a%3Ab")
    assert browser.http.get(back.headers["location"]).status_code == 200
    assert keyed.live.http.get("/models/mine/figures/volume.json").status_code == 401  # a script is told


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/ü",
        "/" + "x" * 3_000,
        *HOSTILE_NAMES,
    ],
    ids=lambda target: repr(target[:20]),
)
def test_signing_in_leads_nowhere_else(target: str) -> None:
    assert safe_next(target) == "/"


def test_the_cookie(keyed: Keyed, browser: Browser) -> None:
    cookie = browser.sign_in(keyed.secrets["read"]).headers["set-cookie"]
    assert re.fullmatch(r"assay_session=[\w-]{43}; HttpOnly; Max-Age=43200; Path=/; SameSite=lax", cookie), (
        cookie
    )
    secure = Browser(keyed, **{"X-Forwarded-Proto": "https", "Origin": keyed.url.replace("http:", "https:")})
    cookie = secure.sign_in(keyed.secrets["read"]).headers["set-cookie"]
    assert re.fullmatch(
        r"__Host-assay_session=[\w-]{43}; HttpOnly; Max-Age=43200; Path=/; SameSite=lax; Secure", cookie
    ), cookie
    # What plain http may have set is not believed over https.
    name, _, value = cookie.partition(";")[0].partition("=")
    assert name.startswith("__Host-")
    headers = {"Cookie": f"assay_session={value}", "X-Forwarded-Proto": "https"}
    assert keyed.ask("GET", "/models/mine", headers=headers).status_code == 401


def test_each_session_is_new_and_ends_the_one_before(keyed: Keyed, browser: Browser) -> None:
    browser.http.cookies.set("assay_session", "x" * 43, domain="localhost.local")
    browser.sign_in(keyed.secrets["read"])
    first = browser.http.cookies["assay_session"]
    assert first != "x" * 43
    browser.sign_in(keyed.secrets["admin"])
    second = browser.http.cookies["assay_session"]
    assert second != first
    assert keyed.ask("GET", "/", headers={"Cookie": f"assay_session={first}"}).status_code == 401
    assert keyed.ask("GET", "/", headers={"Cookie": f"a=b; assay_session={second}; c"}).status_code == 200


def test_a_key_is_no_session_and_a_session_no_key(keyed: Keyed, browser: Browser) -> None:
    """Also where both were recognised a moment ago."""
    secret = keyed.secrets["admin"]
    token = browser.sign_in(secret).headers["set-cookie"].partition("=")[2].partition(";")[0]
    cookie = {"Cookie": f"assay_session={token}"}
    for _ in range(2):
        assert keyed.ask("GET", "/models/mine", headers=cookie).status_code == 200
        assert keyed.ask("GET", "/models/mine", secret).status_code == 200
        assert keyed.ask("GET", "/models/mine", token).status_code == 401
        cookie_of_key = {"Cookie": f"assay_session={secret}"}
        assert keyed.ask("GET", "/models/mine", headers=cookie_of_key).status_code == 401


def test_signing_out(keyed: Keyed, browser: Browser) -> None:
    browser.sign_in(keyed.secrets["read"])
    token = browser.http.cookies["assay_session"]
    page = browser.http.get("/")
    assert "Sign out" in page.text
    assert browser.http.get("/sign-out").status_code == 405
    out = browser.http.post("/sign-out", data={"csrf": csrf(page)})
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert keyed.ask("GET", "/", headers={"Cookie": f"assay_session={token}"}).status_code == 401


def test_forms_of_others_change_nothing(keyed: Keyed, browser: Browser) -> None:
    browser.sign_in(keyed.secrets["admin"])
    own = csrf(browser.http.get("/access"))
    other = Browser(keyed)
    other.sign_in(keyed.secrets["admin"])
    form = {"name": "forged", "scope-admin": "1"}
    for sent in (
        {},
        {"csrf": ""},
        {"csrf": "0" * 64},
        {"csrf": csrf(other.http.get("/access"))},
        {"csrf": "ü"},
    ):
        assert browser.http.post("/access/keys", data=form | sent).status_code == 403
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = browser.http.post("/access/keys", data=form | {"csrf": own}, headers=headers)
        assert answer.status_code == 403
    plain = browser.http.post("/access/keys", content="csrf=" + own, headers={"Content-Type": "text/plain"})
    assert plain.status_code == 400
    assert "forged" not in browser.http.get("/access").text


def test_making_and_revoking_a_key(keyed: Keyed, browser: Browser) -> None:
    browser.sign_in(keyed.secrets["admin"])
    page = browser.http.get("/access")
    name = "</script><b>\u202e=cmd"
    form = {"csrf": csrf(page), "name": name, "scope-read": "1", "models": "mine\r\nother\r\n", "rate": "9.5"}
    made = browser.http.post("/access/keys", data=form)
    assert made.status_code == 200
    (secret,) = re.findall(r"assay_[0-9a-f]{12}_[\w-]{43}", made.text)
    assert "</script><b>" not in made.text
    assert made.headers["cache-control"] == "no-store"
    assert secret not in browser.http.get("/access").text
    assert keyed.ask("GET", "/api/v1/models/mine", secret).status_code == 200
    gone = browser.http.post(f"/access/keys/{secret[6:18]}/revoke", data={"csrf": csrf(made)})
    assert (gone.status_code, gone.headers["location"]) == (303, "/access")
    assert keyed.ask("GET", "/api/v1/models/mine", secret).status_code == 401
    wrong = browser.http.post(
        "/access/keys", data={"csrf": csrf(made), "name": "n", "scope-read": "1", "rate": "?"}
    )
    assert wrong.status_code == 422
    assert "is no number" in wrong.text
    text = browser.http.get("/access").text
    assert text.index("key.revoke") < text.index("key.create")
    assert secret[19:] not in text


def test_a_reader_sees_no_controls_and_no_other_model(keyed: Keyed, browser: Browser) -> None:
    browser.sign_in(keyed.key("visitor", "read", models=("mine",)))
    page = browser.http.get("/")
    assert "mine" in page.text
    assert "/models/other" not in page.text
    assert "/access" not in page.text
    denied = browser.http.get("/access")
    assert denied.status_code == 403
    assert "Make the key" not in denied.text
    browser.sign_in(keyed.secrets["admin"])
    assert "/models/other" in browser.http.get("/").text  # nothing of one caller is shown to the next
    browser.sign_in(keyed.secrets["visitor"])
    assert "/models/other" not in browser.http.get("/").text


def test_guessing_is_slowed(keyed: Keyed, browser: Browser) -> None:
    for _ in range(5):
        assert browser.sign_in("assay_0123456789ab_" + "x" * 43).status_code == 401
    slowed = browser.sign_in(keyed.secrets["read"])
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1
    elsewhere = Browser(keyed, **{"X-Forwarded-For": "203.0.113.9"})
    assert elsewhere.sign_in(keyed.secrets["read"]).status_code == 303
    entries = keyed.ask("GET", "/api/v1/audit", keyed.secrets["admin"]).json()["entries"]
    told = [(one["action"], one["who"], one["address"], one["outcome"]) for one in entries[:2]]
    assert told[0][::2] == ("sign-in", "203.0.113.9")
    assert told[1] == ("sign-in", "nobody", "127.0.0.1", "failed")
    keyed.access.sessions._slow.succeeded("127.0.0.1")


def test_without_need_of_keys_the_pages_are_open(keyed: Keyed) -> None:
    settings = Settings(data_dir=keyed.settings.data_dir)
    with running(create_app(keyed.service, settings)) as live:
        open_ = Browser(Keyed(live, keyed.service, settings))
        page = open_.http.get("/access")
        assert page.status_code == 200
        assert "Sign out" not in page.text
        assert "go on without" in open_.http.get("/sign-in").text
        form = {"csrf": csrf(page), "name": "made here", "scope-read": "1"}
        assert "made here" in open_.http.post("/access/keys", data=form).text
        assert open_.http.post("/access/keys", data=form | {"csrf": "0" * 64}).status_code == 403
