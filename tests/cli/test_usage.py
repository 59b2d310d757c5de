"""A command line that is wrong, and one that is interrupted before it was read: a sentence each."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import assay

WRONG = {
    "models --limit x": "--limit is 'x': it must be a whole number; see assay models --help",
    "models --limit=0": "--limit is '0': it must be at least 1; see assay models --help",
    "serve --port 99999": "--port is '99999': it must be at most 65535; see assay serve --help",
    "completion tcsh": "SHELL: 'tcsh' is not one of 'bash', 'zsh', 'fish'; see assay completion --help",
    "metrics": "missing argument 'MODEL'; see assay metrics --help",
    "models --json=3": "option '--json' does not take a value; see assay models --help",
    "keys make": "no such command 'make'; see assay keys --help",
    "modles": "no such command 'modles'; did you mean 'models'; see assay --help",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_one_sentence(here, line):
    done = here(*line.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"assay: {WRONG[line]}\n"


def test_garbage_is_told_harmlessly(here):
    done = here("models", "--limit", "\x1b[31m" + "9x" * 5_000)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 200
    assert "\x1b" not in done.stderr


def test_a_command_without_its_subcommand_lists_them(here):
    done = here("keys")
    assert done.returncode == 2
    assert "revoke" in done.stderr


def test_the_version_as_json(here):
    assert json.loads(here("version", "--json").stdout) == {"version": assay.__version__}
    assert here("version").stdout == f"assay {assay.__version__}\n"


# Ctrl-C comes while `module` is being imported: the moment is chosen, not hit by chance.
INTERRUPTED = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["assay", "models", "--at", {folder!r}]
from assay.cli.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["assay.cli.main", "typer", "assay.cli.output", "numpy"])
def test_ctrl_c_at_any_import(module, tmp_path):
    assay.open(tmp_path).close()
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(module=module, folder=str(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "assay: interrupted\n")
