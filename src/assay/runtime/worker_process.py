"""The background work in a process of its own.

Decoding requests and summarising rows both want the interpreter for themselves. In two processes neither
waits for the other, and a server's answers stay quick while it catches up.

The child reads its settings as one line of JSON from its standard input, then wake-ups as single bytes;
it ends when the input does, so it never outlives its parent. On its standard output it tells its state
as lines of JSON.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from typing import Any

from assay.runtime.settings import Settings

__all__ = ["WorkerProcess", "main"]

_log = logging.getLogger(__name__)
_REPORT_SECONDS = 0.5
_RESTART_SECONDS = 1.0
_STOP_SECONDS = 20.0


class WorkerProcess:
    """Starts the worker's process, wakes it, knows its state, and starts it again should it die.

    It is used like :class:`assay.runtime.worker.Worker`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.failure: str | None = None
        self.figures: dict[str, float] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="assay-worker-watch", daemon=True),
            threading.Thread(target=self._pass_on, name="assay-worker-wake", daemon=True),
        ]

    def start(self) -> None:
        """Start the process."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that there is something new."""
        self._wake.set()

    def stop(self) -> None:
        """Let the process finish its step, and end it."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        """Keep one process running."""
        while not self._stop.is_set():
            with subprocess.Popen(
                [sys.executable, "-m", "assay.runtime.worker_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            ) as process:
                self._process = process
                self._tell((json.dumps(self._settings.to_dict()) + "\n").encode())
                self._wake.set()
                self._listen(process)
                self._process = None
            if not self._stop.is_set():
                self.failure = f"the worker's process ended with status {process.returncode}; it starts again"
                _log.warning(self.failure)
                self._stop.wait(_RESTART_SECONDS)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Read the process's state until it ends."""
        assert process.stdout is not None  # noqa: S101 - asked for above
        for line in process.stdout:
            state: dict[str, Any] = json.loads(line)
            self.failure = state["failure"]
            self.figures = state["figures"]
            if self._stop.is_set():
                break
        if self._stop.is_set() and process.stdin is not None:
            process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def _pass_on(self) -> None:
        """Pass wake-ups on, several as one."""
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            self._tell(b"w")
            time.sleep(0.02)

    def _tell(self, data: bytes) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        try:
            process.stdin.write(data)
            process.stdin.flush()
        except (OSError, ValueError):
            _log.debug("the worker's process does not listen; it is started again")


def main() -> None:
    """Run the worker for the settings on standard input, until that ends."""
    from assay.runtime.wiring import build_worker, open_stores, wall_clock

    settings = Settings(**Settings.plain(json.loads(sys.stdin.buffer.readline())))
    logging.basicConfig(level=settings.log_level, stream=sys.stderr)
    ended = threading.Event()
    stores = open_stores(settings)
    worker = build_worker(settings, stores, clock=wall_clock)

    def listen() -> None:
        while os.read(sys.stdin.fileno(), 4_096):
            worker.wake()
        ended.set()

    threading.Thread(target=listen, name="assay-parent", daemon=True).start()
    worker.start()
    worker.wake()
    try:
        while not ended.wait(_REPORT_SECONDS):
            print(json.dumps({"failure": worker.failure, "figures": worker.figures}), flush=True)  # noqa: T201 - the parent reads it
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    finally:
        worker.stop()
        stores.close()


if __name__ == "__main__":
    import signal

    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the parent says when to end
    main()
