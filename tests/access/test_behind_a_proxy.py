"""The configurations of the guide, run by the real nginx and the real Caddy."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.nightly

NAME = "assay.example.com"
GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "behind-a-proxy.md"
CLI = [sys.executable, "-m", "assay.cli"]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def documented(proxy: str) -> str:
    """The configuration in the guide, as it stands there."""
    section = GUIDE.read_text(encoding="utf-8").partition(f"\n## {proxy}\n")[2]
    found = re.search(r"```text\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={NAME}",
    ]
    command += ["-keyout", "assay.key", "-out", "assay.pem", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@contextmanager
def process(command: list[str], port: int, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """A process that listens on a port."""
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env={**os.environ, **environment}
        )
        try:
            deadline = time.monotonic() + 60
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert running.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)
            yield
        finally:
            running.terminate()
            running.wait(30)


def proxy_command(proxy: str, certificate: Path, folder: Path, listen: int, server: int) -> list[str]:
    """Write the guide's configuration with this machine's ports and certificate, and say how to run it."""
    text = documented(proxy).replace("127.0.0.1:8004", f"127.0.0.1:{server}")
    if proxy == "nginx":
        text = text.replace("/etc/ssl/", f"{certificate}/").replace("listen 443", f"listen {listen}")
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
            f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{text}}}"
        )
        return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    files = f"tls {certificate}/assay.pem {certificate}/assay.key"
    text = text.replace(f"{NAME} {{", f"https://{NAME}:{listen} {{\n{files}", 1)
    options = "{\nadmin off\ngrace_period 1s\nauto_https disable_redirects\n}\n"
    (folder / "Caddyfile").write_text(options + text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


class Client:
    """Somebody who comes through the proxy from an address of their own."""

    def __init__(self, certificate: Path, port: int, address: str) -> None:
        self.origin = f"https://{NAME}:{port}"
        trusted = ssl.create_default_context(cafile=str(certificate / "assay.pem"))
        self.http = httpx.Client(
            transport=httpx.HTTPTransport(verify=trusted, local_address=address),
            base_url=f"https://127.0.0.1:{port}",
            headers={"Host": f"{NAME}:{port}", "Origin": self.origin, "Accept": "text/html,*/*"},
            timeout=30,
        )
        self.extensions = {"sni_hostname": NAME}

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path, extensions=self.extensions)

    def sign_in(self, key: str) -> httpx.Response:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get("/sign-in").text)
        assert found
        form = {"csrf": found[1], "key": key, "next": "/"}
        return self.http.post("/sign-in", data=form, extensions=self.extensions)

    def first_event(self) -> float:
        """Seconds until something comes of the live updates."""
        began = time.monotonic()
        with self.http.stream("GET", "/events", extensions=self.extensions) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            next(answer.iter_raw())
        return time.monotonic() - began


@pytest.mark.parametrize("proxy", ["nginx", "Caddy"])
def test_the_guide_holds(proxy: str, certificate: Path, tmp_path: Path) -> None:
    if shutil.which(proxy.lower()) is None:
        pytest.skip(f"{proxy} is not installed")
    (folder := tmp_path / "proxy").mkdir()
    data = str(tmp_path / "data")
    made = subprocess.run(
        [*CLI, "keys", "create", "--name", "me", "--scope", "admin", "--at", data],
        capture_output=True,
        text=True,
        check=True,
    )
    key = made.stdout.strip()
    server, listen = free_port(), free_port()
    with ExitStack() as stack:
        serve = [*CLI, "serve", "--port", str(server), "--data", data]
        stack.enter_context(process(serve, server, tmp_path, {"ASSAY_ALLOWED_HOSTS": NAME}))
        command = proxy_command(proxy, certificate, folder, listen, server)
        home = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        stack.enter_context(process(command, listen, folder, home))

        def client(address: str) -> Client:
            one = Client(certificate, listen, address)
            stack.callback(one.http.close)
            return one

        me = client("127.0.0.2")
        assert me.get("/").status_code == 303  # to the page for signing in
        signed = me.sign_in(key)
        assert (signed.status_code, signed.headers["location"]) == (303, "/"), signed.text[:500]
        cookie = signed.headers["set-cookie"]
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert me.get("/").status_code == 200
        assert me.first_event() < 5

        batch = {"model_id": "m", "predictions": [{"features": {"text": "x" * 4_000_000}}]}
        sent = me.http.post("/api/v1/predictions", json=batch, extensions=me.extensions)
        assert sent.status_code != 413  # it is Assay that judges, and not the proxy

        guesser = client("127.0.0.3")
        for _ in range(20):
            guessed = guesser.sign_in("ask_" + "0" * 43)
            if guessed.status_code == 429:
                break
        assert guessed.status_code == 429
        # Who guesses waits; others, who come through the same proxy, do not.
        assert client("127.0.0.4").sign_in(key).status_code == 303
        told = me.get("/api/v1/audit").text
        assert "127.0.0.2" in told
