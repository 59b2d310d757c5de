"""Where the server may be reached, how fast a key may ask; commands and clients with keys."""

from __future__ import annotations

import shlex
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import assay
from assay.cli.main import main
from assay.client.transport import Retry, Transport
from assay.domain.access import COMMAND_LINE
from assay.errors import Forbidden, InvalidInput, NotFound, RateLimited, Unauthorized
from assay.monitoring.access.caller import calling
from assay.monitoring.access.guard import guarded
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.runtime.wiring import open_access
from assay.server.access import is_loopback, keys_required
from assay.server.app import create_app
from assay.server.run import serve
from tests.access.conftest import Keyed
from tests.server.conftest import running

EVERYWHERE = "0.0.0." + "0"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; its status, and what it printed."""

    def command(arguments: list[str], **environ: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["assay", *arguments])
            patch.setenv("COLUMNS", "200")
            patch.delenv("ASSAY_API_KEY", raising=False)
            for name, value in environ.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return command


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "10.1.2.3", "example.com", "", "127.0.0.1.example.com"])
def test_serving_to_others_needs_a_key_and_says_how_to_make_it(host: str, tmp_path: Path, run: Run) -> None:
    assert not is_loopback(host)
    settings = Settings(host=host, port=0, data_dir=tmp_path / "a folder")
    with pytest.raises(InvalidInput, match="assay keys create --name me --scope admin --at ") as error:
        serve(settings)
    assert not settings.data_dir.exists()
    if host != EVERYWHERE:  # the command is the same for all
        return
    command = str(error.value).partition("make one: assay ")[2].partition(" (or")[0]
    status, secret, problem = run(shlex.split(command))
    assert status == 0, problem
    assert secret.startswith("assay_")
    with open_access(settings) as access:
        assert access.keys.has_admin()


def test_only_an_admin_of_everything_will_do(tmp_path: Path) -> None:
    settings = Settings(host=EVERYWHERE, data_dir=tmp_path)
    with open_access(settings) as access, calling(COMMAND_LINE):
        access.keys.create("reader", scopes=["read", "ingest"])
        access.keys.create("bound", scopes=["admin"], models=["m"])
        revoked = access.keys.create("revoked", scopes=["admin"]).key.key_id
        access.keys.revoke(revoked)
        assert not access.keys.has_admin()
    with pytest.raises(InvalidInput, match="assay keys create"):
        serve(settings)


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, False),
        ({"host": "::1"}, False),
        ({"require_keys": True}, True),
        ({"allowed_hosts": "assay.example.com"}, True),
        ({"host": EVERYWHERE}, True),
    ],
)
def test_when_keys_are_needed(changes: dict[str, object], needed: bool) -> None:
    assert keys_required(Settings(**changes)) is needed  # type: ignore[arg-type]


def test_truths_in_the_environment() -> None:
    for text, value in (
        ("1", True),
        ("true", True),
        ("Yes", True),
        ("0", False),
        ("off", False),
        ("", False),
    ):
        assert Settings.load({"ASSAY_REQUIRE_KEYS": text}).require_keys is value
    with pytest.raises(InvalidInput, match="'maybe' is neither"):
        Settings.load({"ASSAY_REQUIRE_KEYS": "maybe"})


def test_names_by_which_the_server_is_known(keyed: Keyed) -> None:
    settings = Settings(
        data_dir=keyed.settings.data_dir, host=EVERYWHERE, allowed_hosts="assay.example.com, other.example"
    )
    with running(create_app(keyed.service, settings)) as live:
        server = Keyed(live, keyed.service, settings)
        for host, status in (
            ("assay.example.com", 200),
            ("ASSAY.example.com:443", 200),
            ("other.example", 200),
            ("192.168.1.7:8004", 200),
            ("[2001:db8::1]:8004", 200),
            ("localhost", 200),
            ("evil.example", 421),
            ("assay.example.com.evil.example", 421),
            ("", 400),
        ):
            assert server.ask("GET", "/health", headers={"Host": host}).status_code in (
                status,
                421 if not host else status,
            )
        told = server.ask("GET", "/health", headers={"Host": "evil.example"}).json()["detail"]
        assert "ASSAY_ALLOWED_HOSTS" in told


def test_the_origin_is_that_of_the_proxy(keyed: Keyed) -> None:
    def write(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return keyed.ask(
            "PUT", "/api/v1/models/mine", keyed.secrets["admin"], json={}, headers=named
        ).status_code

    host = f"localhost:{keyed.live.port}"
    assert write(Origin=f"http://{host}") == 200
    assert write(Origin=f"https://{host}") == 403
    assert write(Origin=f"https://{host}", X_Forwarded_Proto="https") == 200
    assert write(Origin=f"http://{host}", X_Forwarded_Proto="https") == 403


def test_only_trusted_proxies_are_believed(keyed: Keyed) -> None:
    def recorded(settings: Settings, forwarded: str) -> str:
        with running(create_app(keyed.service, settings)) as live:
            server = Keyed(live, keyed.service, settings)
            server.ask(
                "PUT",
                "/api/v1/models/mine",
                keyed.secrets["admin"],
                json={"task": "binary", "settings": {"reference_rows": 1_000 + len(forwarded)}},
                headers={"X-Forwarded-For": forwarded},
            )
            address: str = server.ask("GET", "/api/v1/audit", keyed.secrets["admin"]).json()["entries"][0][
                "address"
            ]
            return address

    data = keyed.settings.data_dir
    trusting = Settings(data_dir=data, require_keys=True)
    assert recorded(trusting, "198.51.100.1, 203.0.113.7") == "203.0.113.7"  # what the proxy itself saw
    assert recorded(trusting, "203.0.113.7,127.0.0.1") == "203.0.113.7"
    assert recorded(trusting, "203.0.113.7, </script>") == "127.0.0.1"
    distrusting = Settings(data_dir=data, require_keys=True, trusted_proxies="")
    assert recorded(distrusting, "203.0.113.77") == "127.0.0.1"


def test_a_key_that_asks_too_often(keyed: Keyed) -> None:
    secret = keyed.key("slow", "admin", rate=1.0)
    answers = [keyed.ask("GET", "/api/v1/models", secret) for _ in range(4)]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    limited = answers[-1]
    assert limited.status_code == 429
    assert limited.headers["retry-after"] == "1"
    assert limited.json()["code"] == "RateLimited"
    body = {"model_id": "mine", "predictions": [{}]}
    assert keyed.ask("POST", "/api/v1/predictions", secret, json=body).status_code == 429
    assert keyed.ask("GET", "/api/v1/models", keyed.secrets["read"]).status_code == 200
    with assay.open(keyed.url, api_key=secret) as monitor:  # the client waits, and comes through
        assert {model.model_id for model in monitor.models()} >= {"mine", "other"}
    with Transport(keyed.url, api_key=secret, retry=Retry(attempts=1)) as once:

        def ask_often() -> None:
            for _ in range(9):
                once.get("/api/v1/models")

        with pytest.raises(RateLimited, match="1 requests a second"):
            ask_often()


def test_the_client_sends_its_key(keyed: Keyed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSAY_API_KEY", raising=False)
    with assay.open(keyed.url) as monitor, pytest.raises(Unauthorized, match="a key is needed"):
        monitor.models()
    with assay.open(keyed.url, api_key=keyed.secrets["ingest"]) as monitor:
        assert monitor.log(model="mine", predictions={"prediction": [1, 0]}).accepted == 2
        with pytest.raises(Forbidden, match="no scope read"):
            monitor.models()
        assert keyed.secrets["ingest"] not in repr(monitor)
    monkeypatch.setenv("ASSAY_API_KEY", keyed.secrets["bound"])
    with assay.open(keyed.url) as monitor:
        assert [model.model_id for model in monitor.models()] == ["mine"]
        with pytest.raises(NotFound, match="no model 'other'"):
            monitor.log(model="other", predictions={"prediction": [1]})
        big = {"prediction": [1] * 60_000, "x": [0.1] * 60_000}  # decoded in a thread
        with pytest.raises(NotFound, match="no model 'other'"):
            monitor.log(model="other", predictions=big)
    for nonsense in ("", " ", "a\nb", "ü"):
        with pytest.raises(InvalidInput, match="copied whole") as error:
            assay.open(keyed.url, api_key=nonsense)
        assert nonsense.strip() == "" or nonsense not in str(error.value)


def test_bound_keys_learn_of_nothing_else(keyed: Keyed) -> None:
    bound = keyed.secrets["bound"]
    for path in ("/api/v1/models", "/api/v1/performance/metrics/summary", "/api/v1/keys", "/"):
        answer = keyed.ask("GET", path, bound)
        assert answer.status_code == 200
        assert "other" not in answer.text.replace("another", "").replace("others", ""), path
    assert keyed.ask("GET", "/metrics", bound).status_code == 403
    missing = keyed.ask("POST", "/api/v1/performance/analyze", bound, json={"model_id": "never"})
    hidden = keyed.ask("POST", "/api/v1/performance/analyze", bound, json={"model_id": "other"})
    assert (hidden.status_code, hidden.text) == (404, missing.text.replace("never", "other"))
    assert (
        keyed.ask("PUT", "/api/v1/models/other", keyed.secrets["admin"], json={"task": "binary"}).status_code
        == 200
    )
    entries = keyed.ask("GET", "/api/v1/audit", bound).json()["entries"]
    assert {one["model_id"] for one in entries} <= {"mine"}


def test_strangers_learn_only_whether_it_is_ready(keyed: Keyed) -> None:
    assert keyed.ask("GET", "/ready").json() == {"ready": True, "parts": []}
    assert keyed.ask("GET", "/ready", keyed.secrets["read"]).json()["parts"]
    parts = keyed.ask("GET", "/ready", keyed.secrets["bound"]).json()["parts"]  # which, not how much
    assert parts
    assert all(part["status"] and not part["message"] and not part["figures"] for part in parts)
    assert keyed.ask("GET", "/health").json() == {"status": "alive"}


def test_the_api_of_keys(keyed: Keyed) -> None:
    admin = keyed.secrets["admin"]
    made = keyed.ask(
        "POST", "/api/v1/keys", admin, json={"name": "ci", "scopes": ["ingest"], "expires": "90d"}
    )
    assert made.status_code == 201
    secret, key_id = made.json()["secret"], made.json()["key"]["key_id"]
    listed = keyed.ask("GET", "/api/v1/keys", admin)
    assert key_id in listed.text
    assert secret[19:] not in listed.text
    grown = keyed.ask("POST", "/api/v1/keys", keyed.secrets["bound"], json={"name": "x", "scopes": ["read"]})
    assert grown.status_code == 403
    assert keyed.ask("DELETE", f"/api/v1/keys/{key_id}", admin).json()["revoked_at"]
    assert keyed.ask("DELETE", f"/api/v1/keys/{key_id}", admin).status_code == 404
    assert keyed.ask("GET", "/health", secret).status_code == 401
    newest = keyed.ask("GET", "/api/v1/audit?limit=2", admin).json()
    assert [one["action"] for one in newest["entries"]] == ["key.revoke", "key.create"]
    after = keyed.ask("GET", f"/api/v1/audit?limit=1&before={newest['next']}", admin).json()["entries"]
    assert after[0]["entry_id"] < newest["entries"][-1]["entry_id"]


def test_commands_beside_a_running_server(keyed: Keyed, run: Run) -> None:
    folder = str(keyed.settings.data_dir)
    made = run(["keys", "create", "--name", "cli", "--scope", "read", "--scope", "ingest", "--at", folder])
    secret = made[1].strip()
    assert keyed.ask("GET", "/api/v1/models", secret).status_code == 200
    _, shown, _ = run(["keys", "list", "--at", keyed.url], ASSAY_API_KEY=keyed.secrets["admin"])
    assert secret[6:18] in shown
    assert secret[19:] not in shown
    status, _, problem = run(["keys", "list", "--at", keyed.url], ASSAY_API_KEY=secret)
    assert (status, "no scope admin" in problem) == (1, True)
    assert run(["keys", "revoke", secret[6:18], "--at", folder])[0] == 0
    deadline = time.monotonic() + 20
    while keyed.ask("GET", "/api/v1/models", secret).status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert '"who": "command line"' in run(["audit", "--at", folder, "--json"])[1]
    assert run(["audit", "--at", folder + "-not"])[0] == 1
    assert not Path(folder + "-not").exists()


def test_embedded_changes_are_recorded(tmp_path: Path) -> None:
    with assay.open(tmp_path) as monitor:
        monitor.log(model="m", predictions={"prediction_id": ["private"], "prediction": [1], "x": [1.0]})
        monitor.configure("m", task="binary", slices=["country", "shop"], retention="90d")
        monitor.set_reference("m", {"x": [1.0, 2.0]}, name="training")
        monitor.erase("m", ids=["private"])
        with pytest.raises(InvalidInput):
            monitor.configure("m", slices=[""])
    with open_access(Settings(data_dir=tmp_path)) as access:
        found = access.changes().entries
    assert [(one.who, one.action.value, one.model_id, one.outcome) for one in found] == [
        ("embedded", "predictions.erase", "m", "done"),
        ("embedded", "reference.put", "m", "done"),
        ("embedded", "model.declare", "m", "done"),
    ]
    assert found[0].subject == "1 ids"
    assert found[2].subject == "task: binary; slices: country, shop; retention: 2160 hours"
    assert "private" not in repr(found)


def test_the_guard_has_decided_on_every_use_case(keyed: Keyed) -> None:
    service = guarded(keyed.service)
    for name in vars(Service):
        if not name.startswith("_"):
            getattr(service, name)


def test_a_use_case_nobody_decided_on_is_refused(keyed: Keyed) -> None:
    class Wider:
        def everything(self) -> str:
            return "secret"

    with pytest.raises(TypeError, match="say it in"):
        guarded(Wider()).everything()  # type: ignore[arg-type, attr-defined]


def test_a_thread_without_the_request_may_nothing(keyed: Keyed) -> None:
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            guarded(keyed.service).model("mine")
        except Unauthorized as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert len(failed) == 1


@pytest.mark.parametrize("name", ["Host", "Authorization", "X-API-Key", "Origin"])
def test_what_decides_is_said_once(keyed: Keyed, name: str) -> None:
    """A proxy on the way may have read the other one."""
    good = {
        "Host": "localhost",
        "Authorization": f"Bearer {keyed.secrets['read']}",
        "X-API-Key": keyed.secrets["read"],
        "Origin": "http://localhost",
    }
    head = "".join(f"{key}: {value}\r\n" for key, value in good.items())

    def status(more: str) -> bytes:
        asked = f"GET /models/mine HTTP/1.1\r\n{more}{head}Connection: close\r\n\r\n"
        return keyed.live.raw(asked.encode()).split(b" ", 2)[1]

    assert status("") == status("Accept: a/b\r\nAccept: c/d\r\n") == b"200"
    assert status(f"{name}: evil.example\r\n") == status(f"{name}: {good[name]}\r\n") == b"400"


@pytest.mark.parametrize(
    "host",
    ["user:pw@localhost", "localhost/evil", "localhost#<b>", "localhost:99999999", "localhost:x", "[::1", ""],
)
def test_a_host_is_a_name_and_a_port(keyed: Keyed, host: str) -> None:
    assert keyed.live.raw(f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).startswith(
        b"HTTP/1.1 421"
    )
