"""A server that can be killed and started again, and a proxy in front of it that misbehaves on demand."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import assay
from assay.errors import StorageUnavailable


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server over one folder and on one port, in a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "assay.cli", "serve", "--port", str(self.port)]
        command += ["--data", str(self.folder), "--log-level", "WARNING"]
        with (self.folder.parent / "server.log").open("ab") as log:
            # A group of its own, so that its worker dies with it.
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        assert re.search(r"http://\S+", self.process.stdout.readline())

    def kill(self):
        """End it like the loss of power does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.stdout.close()
        self.process.wait()
        self.process = None

    def stop(self):
        if self.process is not None:
            self.kill()

    def stored(self, model, *, wait=20.0):
        """How often each prediction id is stored, by the raw rows."""
        with assay.open(self.url) as monitor:
            deadline = time.monotonic() + wait
            while True:
                try:
                    count = monitor.model(model).predictions
                    found = monitor.predictions(model, limit=10_000)
                    return count, [one.prediction_id for one in found]
                except StorageUnavailable:
                    assert time.monotonic() < deadline


class Proxy:
    """Passes requests on to `url`; `mode` says what goes wrong.

    ``up``: nothing. ``500``, ``503``, ``401``: that status, nothing is passed on. ``garbage``: a page of
    another program. ``slow``: answers late. ``cut``: passes on, but the answer gets lost, so that the client
    cannot know.
    """

    def __init__(self, url):
        self.mode = "up"
        self.seconds = 1.0
        self.retry_after = None
        self.requests = []  # (moment, Idempotency-Key, body)
        host = url.removeprefix("http://")
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proxy.requests.append((time.monotonic(), self.headers["Idempotency-Key"], body))
                mode = proxy.mode
                if mode == "slow":
                    time.sleep(proxy.seconds)
                if mode in ("500", "503", "401"):
                    self.answer(int(mode), b'{"detail": "not today"}')
                    return
                if mode == "garbage":
                    self.answer(200, b"<html>Welcome to the hotel</html>")
                    return
                connection = http.client.HTTPConnection(host, timeout=30)
                try:
                    connection.request("POST", self.path, body, {**self.headers, "Host": host})
                    answer = connection.getresponse()
                    content = answer.read()
                except OSError:
                    self.answer(502, b"")
                    return
                finally:
                    connection.close()
                if mode == "cut":
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.answer(answer.status, content)

            def answer(self, status, content):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                if proxy.retry_after is not None and status >= 400:
                    self.send_header("Retry-After", str(proxy.retry_after))
                self.end_headers()
                self.wfile.write(content)

        class Listener(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # clients that go away are what is tested

        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.listener.server_port}"
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()


@contextmanager
def proxy_to(url):
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
