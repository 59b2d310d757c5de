"""A server in a process of its own."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.machine import cpu_seconds, resident_bytes


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    process: int
    folder: Path
    seconds_to_ready: float

    @property
    def resident(self) -> int:
        return resident_bytes(self.process)

    @property
    def cpu(self) -> float:
        return cpu_seconds(self.process)

    def figures(self) -> dict[str, float]:
        text = httpx.get(f"{self.url}/metrics", timeout=30).text
        return {
            name.removeprefix("assay_"): float(value)
            for name, value in re.findall(r"^(assay_\w+) (\S+)$", text, re.MULTILINE)
        }

    def settle(self, *, seconds: float = 600.0) -> float:
        """Wait until nothing lags; return the seconds that took."""
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            if self.figures()["lag_rows"] == 0:
                return time.perf_counter() - started
            time.sleep(0.1)
        raise TimeoutError(f"still behind after {seconds} s")


@contextlib.contextmanager
def running(folder: Path | None = None) -> Iterator[Server]:
    """Start a server over a new folder (beside this program: /tmp may be memory) and end it."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            cache = Path(".cache/bench")
            cache.mkdir(parents=True, exist_ok=True)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=cache)))
        log = stack.enter_context((folder / "server.log").open("w"))
        command = [sys.executable, "-m", "assay.cli", "serve", "--port", "0", "--data", str(folder)]
        command += ["--log-level", "WARNING"]
        started = time.perf_counter()
        process = stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        )
        stack.callback(process.terminate)
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, (folder / "server.log").read_text()
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{found[0]}/ready").status_code == httpx.codes.OK:
                    break
            time.sleep(0.01)
        yield Server(found[0], process.pid, folder, time.perf_counter() - started)
