"""A server of its own for the demonstration: started, awaited and ended with it."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from assay.errors import InvalidInput, StorageUnavailable

__all__ = ["check_port", "running_server"]

_HOST = "127.0.0.1"
_START_SECONDS = 30.0
_END_SECONDS = 15.0


def check_port(port: int) -> None:
    """See that nobody listens on the port.

    Raises
    ------
    InvalidInput
        Where somebody does, or the port may not be used.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as exc:
            raise InvalidInput(
                f"port {port} is taken ({exc.strerror}); stop what runs there, or choose another one: "
                f"assay demo --port {port + 1}"
            ) from exc


@contextlib.contextmanager
def running_server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``assay serve`` over `folder` and give its process once it is ready.

    Raises
    ------
    StorageUnavailable
        Where it does not become ready; the message holds the end of its log.
    """
    log = folder / "server.log"
    command = [sys.executable, "-m", "assay.cli", "serve", "--port", str(port), "--data", str(folder)]
    with log.open("ab") as output:
        # Its own session: Ctrl-C at the terminal reaches the demonstration alone, which then ends the server.
        process = subprocess.Popen(  # noqa: S603 - this very program
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        with _ended_by_sigterm():
            _await_ready(process, port, log)
            yield process
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end this process like an exit, so that what it started is ended too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _await_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server says that it is ready."""
    deadline = time.monotonic() + _START_SECONDS
    with httpx.Client(trust_env=False, timeout=2.0) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            with contextlib.suppress(httpx.TransportError):
                if client.get(f"http://{_HOST}:{port}/ready").status_code == httpx.codes.OK:
                    return
            time.sleep(0.05)
    lines = log.read_text(errors="replace").splitlines()[-3:]
    raise StorageUnavailable(f"the server did not start: {' '.join(lines) or 'it said nothing'}")
