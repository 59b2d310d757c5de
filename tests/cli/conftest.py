"""Running commands: in this process, which is quick, and in one of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from assay.cli.main import main


@pytest.fixture
def here(capsysbinary, monkeypatch):
    """Run a command in this process, which is much quicker than one of its own."""

    def call(*arguments, **environment):
        monkeypatch.setattr(sys, "argv", ["assay", *map(str, arguments)])
        for name, value in {"COLUMNS": "100", **environment}.items():
            monkeypatch.setenv(name, value)
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        out, err = capsysbinary.readouterr()
        return SimpleNamespace(
            returncode=code, stdout=out.decode(errors="replace"), stderr=err.decode(), bytes=out
        )

    return call


@pytest.fixture(scope="session")
def server_url(tmp_path_factory):
    """Address of a server in a process of its own."""
    folder = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "assay.cli", "serve", "--port", "0", "--data", str(folder), "--json"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        line = process.stdout.readline()
        assert line, (folder / "log").read_text()
        yield json.loads(line)["address"]
        process.terminate()
        assert process.wait(20) == 0, (folder / "log").read_text()
