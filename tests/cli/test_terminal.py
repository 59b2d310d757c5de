"""What a person at a terminal sees: bars, widths, colours, interruptions, suggestions."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import assay


def in_terminal(*arguments, environment=None, interrupt=None):
    """Run a command with a terminal as its output and error output; return exit code and what it shows."""
    ours, theirs = pty.openpty()
    names = {"TERM": "xterm-256color", "COLUMNS": "80", **(environment or {})}
    process = subprocess.Popen(
        [sys.executable, "-m", "assay.cli", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, **names},
        start_new_session=True,
    )
    os.close(theirs)
    shown, ended = b"", False
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end was closed
                break
            if not part:
                break
            shown += part
            if interrupt is not None and interrupt in shown:
                process.send_signal(signal.SIGINT)
                interrupt = None
        elif ended:
            break
        else:  # what it wrote last may have come since it was looked for
            ended = process.poll() is not None
    os.close(ours)
    return process.wait(30), shown.decode(errors="replace")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    numbers = np.arange(200_000)
    parquet.write_table(pa.table({"prediction": numbers % 2, "amount": numbers * 1.5}), path)
    return path


def test_a_bar_is_shown_on_a_terminal_and_taken_away(rows, tmp_path):
    code, shown = in_terminal("backfill", "m", rows, "--at", tmp_path / "data", "--batch-rows", "20000")
    assert code == 0, shown
    assert "rows, " in shown  # the bar
    assert "/s" in shown
    assert "200,000 rows in" in shown


def test_a_stopped_back_fill_says_how_to_go_on(rows, tmp_path):
    arguments = ["backfill", "m", rows, "--at", tmp_path / "data", "--batch-rows", "500"]
    code, shown = in_terminal(*arguments, interrupt=b"rows, ")
    assert code == 130, shown
    assert "the same command goes on from there" in " ".join(shown.split())
    code, shown = in_terminal("backfill", "m", rows, "--at", tmp_path / "data")
    assert code == 0, shown
    with assay.open(tmp_path / "data") as monitor:
        assert monitor.rows("m").read_all().num_rows == 200_000


def test_colours_are_left_out_where_they_are_not_wanted(tmp_path):
    missing = tmp_path / "nowhere"
    _, coloured = in_terminal("doctor", "--at", missing)
    _, plain = in_terminal("doctor", "--at", missing, environment={"NO_COLOR": "1"})
    assert "\x1b[32m" in coloured
    assert "\x1b[3" not in plain
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 80 for line in plain.splitlines())


def test_ctrl_c_in_a_command_that_looks(tmp_path):
    with assay.open(tmp_path / "data") as monitor:
        monitor.log(model="m", predictions={"prediction": [1]})
    # Interrupted as it begins: wherever that hits, it is one line and the exit code of an interruption.
    process = subprocess.Popen(
        [sys.executable, "-m", "assay.cli", "export", "m", "-o", "-", "--at", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(0.8)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode in (0, 130), err
    assert "Traceback" not in err
    if process.returncode:
        assert err.strip().endswith("interrupted")


@pytest.mark.parametrize(
    ("typed", "meant"), [(["modles"], "models"), (["bakcfill"], "backfill"), (["doctor", "--jsn"], "--json")]
)
def test_a_slip_is_answered_with_what_was_meant(here, typed, meant):
    done = here(*typed)
    assert done.returncode == 2
    assert meant in done.stderr


def test_no_name_steers_a_terminal(here, tmp_path):
    """Neither in an error nor in JSON, which means the same all the same."""
    name = "\x1b[31m\x07\x7f\x9b2J\u202e\u2028\U000e0001z"
    with assay.open(tmp_path / "data") as monitor:
        monitor.log(model=name, predictions={"prediction": [1]})
    file = tmp_path / name
    file.write_text("x", encoding="utf-8")
    code, shown = in_terminal("import", "kserve", file, "--at", tmp_path / "data")
    assert code == 1, shown
    listed, text = in_terminal("models", "--json", "--at", tmp_path / "data")
    assert listed == 0
    for sign in name[:-1]:
        assert sign in "[31m2J" or sign not in shown + text
    assert [model["model_id"] for model in json.loads(text)] == [name]


def test_completion(here):
    script = here("completion", "bash")
    assert "complete -o default" in script.stdout
    asked = {"COMP_WORDS": "assay exp", "COMP_CWORD": "1", "_ASSAY_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv=['assay']; from assay.cli.main import main; main()"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **asked},
    )
    assert done.stdout.split() == ["export"]
    assert here("completion", "tcsh").returncode == 2


def test_models_are_searched_and_counted(here, tmp_path):
    with assay.open(tmp_path / "data") as monitor:
        for name in ("fraud-eu", "fraud-us", "churn", "\x1b[31mRed"):
            monitor.log(model=name, predictions={"prediction": [1]})
    at = ["--at", tmp_path / "data"]
    assert "2 of 4 models" in here("models", "FRAUD", *at).stdout
    assert "and 3 more" in here("models", "--limit", "1", *at).stdout
    assert "none of 4 models" in here("models", "x" * 3, *at).stdout
    assert [one["model_id"] for one in json.loads(here("models", "churn", *at, "--json").stdout)] == ["churn"]
    assert "\x1b" not in here("models", *at).stdout
