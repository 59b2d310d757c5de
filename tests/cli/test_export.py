"""Exports: whole or not at all, in every format, and good for a back-fill."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import assay

ROWS = 200
FORMULA = '=HYPERLINK("http://x")'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model with everything that a row can have, half of it labelled twice."""
    where = tmp_path_factory.mktemp("export") / "data"
    numbers = np.arange(ROWS)
    rng = np.random.default_rng(5)
    score = rng.random(ROWS)
    with assay.open(where) as monitor:
        monitor.configure("m", task="binary", slices=["country"])
        monitor.log(
            model="m",
            version="v1",
            predictions={
                "prediction_id": [f"-{n}" for n in numbers],
                "timestamp": pa.array(1_704_067_200_123_456 + numbers * 60_000_000).cast(
                    pa.timestamp("us", "UTC")
                ),
                "prediction": (score > 0.5).astype(int),
                "score": score,
                "latency_ms": rng.random(ROWS) * 10,
                "amount": [float("nan") if n == 3 else n * 0.1 for n in numbers],
                "code": [7 if n % 2 else "seven" for n in numbers],
                "open": [bool(n % 2) for n in numbers],
                "country": [None if n == 5 else FORMULA if n == 6 else "NL" for n in numbers],
                "sure": score,
            },
            tags=["country"],
            probabilities=["sure"],
        )
        for flip, day in ((0, 1), (1, 2)):
            ids = [f"-{n}" for n in numbers[: ROWS // 2]]
            actual = [(int(s > rng.random()) + flip) % 2 for s in score[: ROWS // 2]]
            when = [f"2024-02-0{day}T00:00Z"] * len(ids)
            labels = {"prediction_id": ids, "actual": actual, "observed_at": when}
            monitor.label(model="m", labels=labels)
    return where


def everything(where, model="m"):
    with assay.open(where) as monitor:
        whole = monitor.metrics(model, period="7d")[0]
        drift = monitor.drift(model, period="7d")[0]
        rows = monitor.rows(model, kind="joined").read_all().sort_by("prediction_id")
        return whole, drift, rows


@pytest.mark.parametrize("name", ["out.parquet", "out.arrow"])
def test_what_goes_out_and_comes_in_again_is_the_same(here, folder, tmp_path, name):
    assert here("export", "m", "--at", folder, "-o", tmp_path / name, "--kind", "joined").returncode == 0
    with assay.open(tmp_path / "again") as monitor:
        monitor.configure("m", task="binary", slices=["country"])
    done = here("backfill", "m", tmp_path / name, "--at", tmp_path / "again")
    assert done.returncode == 0, done.stderr
    before, moved_before, rows_before = everything(folder)
    after, moved_after, rows_after = everything(tmp_path / "again")
    assert rows_after.to_pydict().keys() == rows_before.to_pydict().keys()
    for column in rows_before.column_names:
        ours, theirs = rows_before.column(column).to_pylist(), rows_after.column(column).to_pylist()
        assert np.array_equal(
            np.array(ours, dtype=object)[[v == v for v in ours]],
            np.array(theirs, dtype=object)[[v == v for v in theirs]],
        ), column
    assert after.metrics.keys() == before.metrics.keys()
    for metric, estimate in before.metrics.items():
        assert after.metrics[metric].value == pytest.approx(estimate.value, rel=1e-12, nan_ok=True), metric
    assert after.coverage == before.coverage == 0.5
    assert moved_after.features.keys() == moved_before.features.keys()


def test_csv_comes_in_again_with_its_formulas_defused(here, folder, tmp_path):
    out = tmp_path / "out.csv"
    here("export", "m", "--at", folder, "-o", out, "--kind", "joined")
    text = out.read_text()
    assert f'"\'{FORMULA.replace(chr(34), chr(34) * 2)}"' in text
    records = list(csv.DictReader(io.StringIO(text)))
    assert len(records) == ROWS
    for record in records:
        for name, value in record.items():
            figure = name.startswith(("feature.amount", "score", "prob", "prediction", "actual", "latency"))
            assert not value.startswith(("=", "+", "@")), name
            assert figure or not value.startswith("-"), name
    done = here("backfill", "m", out, "--at", tmp_path / "again", "--defused")
    assert done.returncode == 0, done.stderr
    before, after = everything(folder)[2], everything(tmp_path / "again")[2]
    for column in (
        "prediction_id",
        "timestamp",
        "prediction",
        "actual",
        "tag.country",
        "feature.open",
        "score",
    ):
        assert after.column(column).to_pylist() == before.column(column).to_pylist(), column


def test_raw_csv_has_texts_as_they_are(here, folder):
    columns = ["--column", "prediction_id", "--column", "tag.country"]
    done = here("export", "m", "--at", folder, "-o", "-", "--raw", *columns)
    texts = {row["tag.country"] for row in csv.DictReader(io.StringIO(done.stdout))}
    assert texts == {"", "NL", FORMULA}


def test_json_lines_are_json(here, folder):
    done = here("export", "m", "--at", folder, "-o", "-", "--format", "jsonl")
    rows = {record["prediction_id"]: record for record in map(json.loads, done.stdout.splitlines())}
    assert len(rows) == ROWS
    assert "feature.amount" not in rows["-3"]  # JSON has no NaN
    assert rows["-0"]["timestamp"] == "2024-01-01T00:00:00.123456+00:00"


def test_arrow_on_the_standard_output_is_a_stream(here, folder):
    done = here("export", "m", "--at", folder, "-o", "-", "--format", "arrow")
    assert pa.ipc.open_stream(done.bytes).read_all().num_rows == ROWS


def test_a_window_a_version_columns_and_labels(here, folder, tmp_path):
    out = tmp_path / "out.parquet"

    def names_and_rows(*arguments):
        done = here("export", "m", "--at", folder, "-o", out, *arguments, "--json")
        assert done.returncode == 0, done.stderr
        found = parquet.read_table(out)
        assert json.loads(done.stdout)["rows"] == found.num_rows
        return found.column_names, found.num_rows

    assert names_and_rows("--start", "2024-01-01T01:00", "--end", "2024-01-01T02:00")[1] == 60
    assert names_and_rows("--version", "v2")[1] == 0
    assert names_and_rows("--kind", "labels") == (["prediction_id", "actual", "observed_at"], ROWS)
    assert names_and_rows("--column", "score", "--column", "feature.amount")[0] == ["score", "feature.amount"]


def test_over_http_it_is_the_same(here, server_url, tmp_path):
    model = f"m-{os.getpid()}"
    with assay.open(server_url) as monitor:
        monitor.log(model=model, predictions={"prediction_id": ["a", "b"], "amount": [1, 2]})
        monitor.label(model=model, labels={"prediction_id": ["a"], "actual": [1]})
    out = tmp_path / "out.parquet"
    assert here("export", model, "--at", server_url, "-o", out, "--kind", "joined").returncode == 0
    found = {row["prediction_id"]: row["actual"] for row in parquet.read_table(out).to_pylist()}
    assert found == {"a": 1.0, "b": None}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody", "-o", "x.csv"], "there is no model 'nobody'"),
        (["m", "-o", "x.xls"], "the formats are parquet, csv, jsonl, arrow"),
        (["m", "-o", "-", "--format", "parquet"], "Parquet cannot be printed"),
        (["m", "-o", "nowhere/x.csv"], "'nowhere/x.csv' cannot be written"),
        (["m", "-o", "."], "tells no format"),
        (["m", "-o", "x.csv", "--column", "none"], "there is no column 'none'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_failure_is_one_sentence_and_leaves_nothing(here, folder, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    done = here("export", *arguments, "--at", folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_there_stays_until_the_new_one_is_whole(here, folder, tmp_path, monkeypatch):
    from assay.cli import exporting

    out = tmp_path / "out.csv"
    out.write_text("before")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting._Csv, "write", fail)
    done = here("export", "m", "--at", folder, "-o", out)
    assert done.returncode == 1
    assert "no space is left" in done.stderr
    assert out.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_reader_that_goes_away_is_no_failure_with_a_trace_back(folder):
    command = f"{sys.executable} -m assay.cli export m --at {folder} -o - --format jsonl | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""


def test_asked_to_end_nothing_half_written_stays(folder, tmp_path):
    program = (
        "import os, signal, sys\n"
        "from assay.cli import exporting, main\n"
        "exporting._Csv.write = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        f"sys.argv = ['assay', 'export', 'm', '--at', {str(folder)!r}, '-o', 'x.csv']\n"
        "main.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 143, done.stderr
    assert list(tmp_path.iterdir()) == []
