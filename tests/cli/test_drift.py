"""``assay drift``: verdicts on two files, their exit codes, and what is told where none can be given."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyarrow import csv, feather, parquet

import assay
from assay.cli.backfill.files import Reading
from assay.cli.frame_files import read_frame_files

HOSTILE = "</script><script>alert(1)</script>"
CODES = {"same": 0, "shifted": 2}


def rows(n: int, *, shift: float = 0.0, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "id": [f"r{place}" for place in range(n)],
            "when": pa.array(
                np.datetime64("2026-01-01", "us") + rng.permutation(n) * np.timedelta64(60, "s")
            ),
            "amount": rng.normal(10 + shift, 2, n),
            "plan": rng.choice(["a", "b"], n),
            HOSTILE: rng.normal(size=n),
        }
    )


WRITERS = {
    "parquet": lambda table, path: parquet.write_table(table, path),
    "csv": lambda table, path: csv.write_csv(table, path),
    "jsonl": lambda table, path: path.write_text(
        "".join(json.dumps(row, default=str) + "\n" for row in table.to_pylist())
    ),
    "feather": lambda table, path: feather.write_feather(table, path),
    "delta": lambda table, path: write_deltalake(str(path), table),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Each table in every format."""
    where = tmp_path_factory.mktemp("drift")
    tables = {"reference": rows(2000), "same": rows(600, seed=2), "shifted": rows(600, shift=1.0, seed=3)}
    for name, table in tables.items():
        for suffix, write in WRITERS.items():
            write(table, where / f"{name}.{suffix}")
    return where


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("current", CODES)
def test_the_exit_code_is_the_verdict_whatever_the_format(here, folder, suffix, current):
    files = folder / f"reference.{suffix}", folder / f"{current}.{suffix}"
    done = here("drift", *files, "--leave-out", "id", "--timestamp", "when", "--json")
    assert (done.returncode, done.stderr) == (CODES[current], "")
    answer = json.loads(done.stdout)
    assert answer["status"] == {0: "no_drift", 2: "drift"}[CODES[current]]
    assert (answer["n_reference"], answer["n_current"]) == (2000, 600)
    assert list(answer["features"]) == ["amount", "plan", HOSTILE]
    assert answer["affected_features"] == (["amount"] if CODES[current] else [])
    assert "profiles" not in answer


def test_the_verdict_of_files_is_that_of_frames(here, folder):
    done = here("drift", folder / "reference.csv", folder / "shifted.jsonl", "--feature", "amount", "--json")
    before, after = (parquet.read_table(folder / f"{name}.parquet") for name in ("reference", "shifted"))
    expected = assay.detect_drift(before, after, features=["amount"]).to_dict()
    found = json.loads(done.stdout)
    assert found == json.loads(json.dumps(expected))


def test_people_read_the_feature_the_figures_and_no_control_characters(here, folder):
    done = here("drift", folder / "reference.parquet", folder / "shifted.parquet", "--leave-out", "id")
    assert done.returncode == 2
    assert "DATA_DRIFT, severity" in done.stdout
    assert "amount: median" in done.stdout


def test_text_among_numbers_is_told_and_not_taken_for_categories(here, folder, tmp_path):
    spoilt = rows(600, seed=2)
    texts = pa.array(["broken"] * 300 + [str(value) for value in spoilt["amount"].to_pylist()[300:]])
    csv.write_csv(spoilt.set_column(2, "amount", texts), tmp_path / "spoilt.csv")
    done = here("drift", folder / "reference.csv", tmp_path / "spoilt.csv", "--leave-out", "id", "--json")
    assert done.returncode == 2
    amount = json.loads(done.stdout)["features"]["amount"]
    missing = next(one for one in amount["evidence"] if one["aspect"] == "missing")
    assert (missing["drifted"], missing["effect"]) == (True, 0.5)


def test_types_are_those_of_the_reference(folder, tmp_path):
    (tmp_path / "before.csv").write_text(
        "n,code,empty,when\n1,007,,2026-01-01T00:00:00Z\n2.5,x,,2026-01-02\n"
    )
    (tmp_path / "after.csv").write_text("n,code,empty,when\n3,8,4,2026-02-01\n,9,5,2026-02-02\n")
    before, after = read_frame_files(str(tmp_path / "before.csv"), str(tmp_path / "after.csv"), Reading())
    assert before.columns["n"].to_pylist() == [1.0, 2.5]
    assert after.columns["n"].to_pylist() == [3.0, None]
    assert after.columns["code"].to_pylist() == ["8", "9"]
    assert after.columns["empty"].to_pylist() == [4.0, 5.0]
    assert pa.types.is_timestamp(after.columns["when"].type)


def test_folders_are_read_whole_and_columns_may_be_absent_in_a_part(tmp_path):
    for place, table in enumerate([pa.table({"x": [1, 2], "k": ["a", "b"]}), pa.table({"x": [0.5]})]):
        (tmp_path / "parts").mkdir(exist_ok=True)
        parquet.write_table(table, tmp_path / "parts" / f"{place}.parquet")
    before, _ = read_frame_files(str(tmp_path / "parts"), str(tmp_path / "parts"), Reading())
    assert before.rows == 3
    assert before.columns["x"].to_pylist() == [1.0, 2.0, 0.5]
    assert before.columns["k"].to_pylist() == ["a", "b", None]


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("few") / "few.parquet"
    parquet.write_table(rows(4, seed=5), path)
    return path


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 3)])
def test_too_few_rows_are_told_and_no_drift_unless_strict(here, folder, few, options, code):
    done = here("drift", folder / "reference.parquet", few, "--leave-out", "id", *options)
    assert done.returncode == code
    assert done.stderr.startswith(
        "assay: Not enough data for a verdict: the window has 4 rows. (a window like"
    )
    assert done.stderr.count("\n") == 1


WRONG = {
    "reference.parquet nowhere.parquet": "there is no file '{}/nowhere.parquet'",
    "reference.parquet same.parquet --score p": "score: there is no column 'p' in the reference frame",
    "reference.parquet same.parquet --feature q": "features: there is no column 'q' in the reference",
    "reference.parquet same.parquet --floor size=1": "--floor 'size=1' names no floor; give one of",
    "reference.parquet same.parquet --floor new=x": "--floor 'new=x': 'x' is no number",
    "reference.parquet same.parquet --floor new=1": "the floor new must be a number from 0 to below 1;",
    "reference.parquet same.parquet --false-alarm-rate 2": "false_alarm_rate must be between 0 and 1;",
    "reference.parquet same.parquet --engine x": "--engine is 'x': 'x' is not one of 'assay', 'evidently'",
    "reference.parquet": "missing argument 'CURRENT'; see assay drift --help",
    "reference.parquet same.parquet --flaw 1": "no such option: --flaw",
    "reference.parquet same.parquet --html /nowhere/x.html": "the report cannot be written to",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_cannot_be_judged_ends_with_one_and_a_sentence(here, folder, line):
    words = [str(folder / word) if word.endswith(".parquet") else word for word in line.split()]
    done = here("drift", *words)
    assert done.returncode == 1, "2 would look like drift"
    assert done.stderr.startswith("assay: " + WRONG[line].format(folder)), done.stderr
    assert done.stderr.count("\n") == 1


def test_lines_that_are_no_rows_are_counted(here, folder, tmp_path):
    path = tmp_path / "cut.csv"
    path.write_text((folder / "same.csv").read_text() + "1,2\n")
    done = here("drift", folder / "reference.csv", path, "--leave-out", "id", "--timestamp", "when")
    assert done.returncode == 0
    assert done.stderr == f"assay: {path}: 1 line was no row and left out\n"


@pytest.mark.parametrize("current", CODES)
def test_the_report_is_one_file_and_the_code_stays(here, folder, tmp_path, current):
    path = tmp_path / "drift.html"
    files = folder / "reference.parquet", folder / f"{current}.parquet"
    done = here("drift", *files, "--leave-out", "id", "--html", path)
    assert done.returncode == CODES[current]
    assert done.stderr.startswith(f"assay: {path}: the report in 0.")
    html = path.read_text()
    assert f"{current}.parquet" in html
    assert str(folder) not in html, "where files lie is nobody's business"
    assert HOSTILE not in html


def test_the_report_goes_to_standard_output(here, folder):
    done = here(
        "drift", folder / "reference.parquet", folder / "same.parquet", "--leave-out", "id", "--html", "-"
    )
    assert done.stdout.startswith("<!doctype html>")


def test_without_evidently_the_extra_is_named(here, folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "evidently", None)
    path = tmp_path / "none.html"
    files = folder / "reference.parquet", folder / "same.parquet"
    done = here("drift", *files, "--engine", "evidently", "--html", path)
    assert done.returncode == 1
    assert done.stderr == (
        'assay: Evidently\'s report needs an optional library: pip install "assay[evidently]"\n'
    )
    assert not path.exists()


def test_a_pipeline_sees_the_code_of_a_process_of_its_own(folder):
    command = [sys.executable, "-m", "assay.cli", "drift", "reference.parquet", "shifted.parquet", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert json.loads(done.stdout)["drift_type"] == "DATA_DRIFT"
