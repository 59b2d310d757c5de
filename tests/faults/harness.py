"""A server that gets killed, and clients that keep a ledger of what it acknowledged."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

MODEL = "victim"
ROWS = 40


class Victim:
    """A server over one folder that is started, killed and started again on one port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self.slowest_start = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "assay.cli", "serve", "--port", str(self.port)]
        command += ["--data", str(self.folder / "data"), "--log-level", "WARNING"]
        began = time.monotonic()
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        found = re.search(r"http://\S+?:(\d+)", self.process.stdout.readline())
        assert found, (self.folder / "log").read_text()
        self.port = int(found[1])
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/ready").status_code == httpx.codes.OK:
                    break
            time.sleep(0.01)
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


@dataclass
class Ledger:
    """What was acknowledged: score by prediction id, truth by prediction id."""

    scores: dict[str, float] = field(default_factory=dict)
    truths: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    repeated: int = 0


class Client(threading.Thread):
    """Sends predictions and their labels until it is stopped; a batch is sent again until it is acknowledged.

    A request whose answer is lost may or may not have been stored: only because its key stays the same does
    it count once.
    """

    _numbers = itertools.count()

    def __init__(self, victim: Victim, ledger: Ledger) -> None:
        super().__init__(daemon=True)
        self.number = next(self._numbers)
        self.victim = victim
        self.ledger = ledger
        self.ending = threading.Event()
        self._rng = np.random.default_rng(self.number)

    def run(self) -> None:
        with httpx.Client(timeout=5, trust_env=False) as client:
            for batch in itertools.count():
                if self.ending.is_set():
                    return
                ids = [f"{self.number}-{batch}-{row}" for row in range(ROWS)]
                scores = self._rng.random(ROWS).round(6).tolist()
                items = [
                    {
                        "prediction_id": name,
                        "score": score,
                        "prediction": int(score > 0.5),
                        "features": {"x": score},
                    }
                    for name, score in zip(ids, scores, strict=True)
                ]
                if self._deliver(client, "predictions", items, f"p{self.number}-{batch}"):
                    self.ledger.scores.update(zip(ids, scores, strict=True))
                truths = [int(self._rng.random() < score) for score in scores]
                labels = [
                    {"prediction_id": name, "actual": truth}
                    for name, truth in zip(ids[::2], truths[::2], strict=True)
                ]
                if self._deliver(client, "labels", labels, f"l{self.number}-{batch}"):
                    self.ledger.truths.update(zip(ids[::2], truths[::2], strict=True))

    def _deliver(self, client: httpx.Client, kind: str, items: list[dict[str, object]], key: str) -> bool:
        body = json.dumps({"model_id": MODEL, kind: items})
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        while True:
            try:
                answer = client.post(f"{self.victim.url}/api/v1/{kind}", content=body, headers=headers)
            except httpx.TransportError:
                self.ledger.repeated += 1
                time.sleep(0.02)
                continue
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                time.sleep(0.05)
                continue
            if answer.status_code != httpx.codes.OK or answer.json()["accepted"] != len(items):
                self.ledger.failures.append(answer.text)
                return False
            return True
