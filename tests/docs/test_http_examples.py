"""The ``bash`` blocks of the documentation are run against a real server; each must succeed.

Where a ``json`` block follows at once, everything in it must be in the answer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import Page, pages

pytestmark = pytest.mark.examples

WITH_BASH = [
    page for page in pages() if any(block.language == "bash" and not block.reason for block in page.blocks)
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an empty server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    command = [
        sys.executable,
        "-m",
        "assay.cli",
        "serve",
        "--port",
        str(port),
        "--data",
        str(folder / "data"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/ready", process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.mark.skipif(shutil.which("curl") is None and not os.environ.get("CI"), reason="needs curl")
@pytest.mark.parametrize("page", WITH_BASH, ids=lambda page: page.name)
def test_requests_succeed(page: Page, address: str, tmp_path: Path) -> None:
    blocks = page.blocks
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        if block.language == "bash" and not block.reason:
            code = re.sub(r"http://localhost:8004", address, block.code)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", code],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, f"{page.name}:{block.line}\n{done.stdout}\n{done.stderr}"
            if after is not None and after.language == "json":
                answer = json.loads(done.stdout)
                assert contains(answer, json.loads(after.code)), f"{page.name}:{block.line}\n{done.stdout}"


def test_an_answer_that_lacks_something_is_found() -> None:
    assert contains({"a": [{"b": 1, "c": 2}], "d": 3}, {"a": [{"b": 1}]})
    assert not contains({"a": [{"b": 1}]}, {"a": [{"b": 2}]})
    assert not contains({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 1}]})
    assert not contains({"a": 1}, {"b": 1})


def contains(answer: Any, expected: Any) -> bool:
    """Whether all of `expected` is in `answer`; members of objects may be more."""
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(
            name in answer and contains(answer[name], value) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(answer, list)
            and len(answer) == len(expected)
            and all(contains(one, other) for one, other in zip(answer, expected, strict=True))
        )
    return bool(answer == expected)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server is ready."""
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()}")
