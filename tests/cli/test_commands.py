"""Commands, as one types them: what they print, and how they fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

import assay


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "assay.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "100", **environment},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with one model, whose names try to be more than text."""
    where = tmp_path_factory.mktemp("cli") / "data"
    rows = range(100)
    with assay.open(where) as monitor:
        monitor.configure("[red]fraud\x1b[31m", task="binary")
        monitor.log(
            model="[red]fraud\x1b[31m",
            version="1",
            predictions={
                "prediction_id": [f"[bold]{row}" for row in rows],
                "prediction": [row % 2 for row in rows],
                "score": [row / 100 for row in rows],
                "amount": list(rows),
            },
        )
        monitor.label(
            model="[red]fraud\x1b[31m",
            labels={"prediction_id": [f"[bold]{row}" for row in rows], "actual": [row % 2 for row in rows]},
        )
    return str(where)


NAME = "[red]fraud\x1b[31m"


def test_help_names_every_command_and_is_quick():
    started = time.perf_counter()
    done = run("--help")
    assert time.perf_counter() - started < 3.0  # the aim is half a second on an idle machine
    assert done.returncode == 0
    for command in (
        "serve",
        "demo",
        "models",
        "metrics",
        "report",
        "predictions",
        "backfill",
        "export",
        "doctor",
    ):
        assert command in done.stdout
    assert "..." not in done.stdout.replace("[ARGS]...", "")


def test_help_loads_no_heavy_library():
    program = (
        "import sys, contextlib\n"
        "from assay.cli.main import app\n"
        "with contextlib.suppress(SystemExit): app(['--help'])\n"
        "heavy = {'numpy', 'pyarrow', 'duckdb', 'fastapi', 'httpx', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_version(here):
    assert here("version").stdout.strip() == f"assay {assay.__version__}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["models"], ["[red]fraud·[31m", "binary", "100", "100%"]),
        (["metrics", NAME], ["accuracy", "100 predictions", "roc_auc"]),
        (["metrics", NAME, "--step", "1h"], ["predictions", "accuracy"]),
        (["report", NAME], ["accuracy", "amount", "psi"]),
        (["predictions", NAME, "--limit", "2"], ["[bold]", "prediction_id"]),
        (["predictions", NAME, "[bold]7"], ["feature amount", "7"]),
        (["doctor"], ["journal", "ok", "Python"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_tables(here, folder, arguments, words):
    done = here(*arguments, "--at", folder)
    assert (done.returncode, done.stderr) == (0, "")
    for word in words:
        assert word in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "look"),
    [
        (["models"], lambda found: found[0]["model_id"] == NAME),
        (["metrics", NAME], lambda found: found[0]["metrics"]["accuracy"]["value"] == 1.0),
        (["metrics", NAME, "--period", "1d", "--step", "1h"], lambda found: len(found) == 24),
        (["report", NAME], lambda found: found["whole"]["n_predictions"] == 100),
        (["predictions", NAME], lambda found: len(found["predictions"]) == 20),
        (["predictions", NAME, "[bold]7"], lambda found: found["features"] == {"amount": 7}),
        (["doctor"], lambda found: found["ready"] is True),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_json(here, folder, arguments, look):
    done = here(*arguments, "--at", folder, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert look(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["metrics", "nobody"], "there is no model 'nobody'"),
        (["metrics", NAME, "--period", "soon"], "'soon' is not a duration"),
        (["predictions", NAME, "nobody"], "nobody"),
        (["models", "--at", "nowhere"], "there is no data folder 'nowhere'"),
        (["models", "--at", "http://127.0.0.1:9"], "assay serve"),
        (["serve", "--host", "192.0.2.1"], "192.0.2.1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_failure_is_one_sentence(here, folder, tmp_path, arguments, words):
    at = [] if "--at" in arguments or arguments[0] == "serve" else ["--at", folder]
    done = here(*arguments, *at, ASSAY_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("assay: ")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_wrong_call_is_a_usage_error(here):
    assert here("metrics").returncode == 2
    assert here("nosuch").returncode == 2


def test_what_only_looks_makes_no_folder(here, tmp_path):
    done = here("models", ASSAY_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert not (tmp_path / "data").exists()


def test_the_doctor_finds_a_server_that_is_not_there(here):
    done = here("doctor", "--at", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "failed" in done.stdout


def test_output_that_nobody_reads_is_no_failure_with_a_trace_back(folder):
    command = (
        f"{sys.executable} -m assay.cli predictions '[red]fraud\x1b[31m' --json --at {folder} | head -c 1"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_serve_tells_its_address_and_ends_when_asked(tmp_path):
    command = [sys.executable, "-m", "assay.cli", "serve", "--port", "0", "--data", str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        assert "http://127.0.0.1:" in line
        process.terminate()
        _, trouble = process.communicate(timeout=20)
    assert process.returncode == 0, trouble
    assert "Traceback" not in trouble


def test_what_a_program_reads_is_not_folded(folder):
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = subprocess.run(
        [sys.executable, "-m", "assay.cli", "predictions", NAME, "--at", folder, "--limit", "5"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=environment,
    )
    title, header, *rows = done.stdout.splitlines()
    assert "5 predictions" in title
    assert {"prediction_id", "confidence"} < set(header.split())
    assert [row.split()[0] for row in rows[:5]] == [f"[bold]{row}" for row in range(99, 94, -1)]
