"""One monitor in process and one over HTTP: each test that asks for `monitor` runs on both."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import count

import pytest

import assay

_number = count(1)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory):
    """Address of a server in a process of its own."""
    folder = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "assay.cli", "serve", "--port", "0", "--data", str(folder)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, (folder / "log").read_text()
        yield found[0]
        process.terminate()
        assert process.wait(20) == 0, (folder / "log").read_text()


@pytest.fixture(scope="session")
def embedded(tmp_path_factory):
    with assay.open(tmp_path_factory.mktemp("embedded")) as monitor:
        yield monitor


@pytest.fixture(scope="session")
def remote(server_url):
    with assay.open(server_url) as monitor:
        yield monitor


@pytest.fixture(params=["embedded", "remote"])
def monitor(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def model():
    """A name that no other test uses."""
    return f"model-{next(_number)}"
