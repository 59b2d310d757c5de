"""``assay import``: files as platforms leave them."""

from __future__ import annotations

import gzip
import json

import pytest
from tests.cli.test_commands import run

import assay

OUTPUTS = [{"score": 0.9, "predicted_label": 1}, {"score": 0.1, "predicted_label": 0}]
LINES = [
    {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": f'{number},"a,b"\n{number},c',
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": json.dumps({"predictions": OUTPUTS}),
                "encoding": "JSON",
            },
        },
        "eventMetadata": {"eventId": f"e{number}", "inferenceTime": "2026-01-05T10:00:00Z"},
        "eventVersion": "0",
    }
    for number in range(3)
]


@pytest.fixture
def files(tmp_path):
    text = "\n".join(map(json.dumps, LINES[:2]))
    (tmp_path / "one.jsonl").write_text(text + "\n")
    (tmp_path / "two.jsonl.gz").write_bytes(gzip.compress(json.dumps(LINES[2:], indent=2).encode()))
    return [str(tmp_path / "one.jsonl"), str(tmp_path / "two.jsonl.gz")]


def test_files_are_imported_once(tmp_path, files):
    where = str(tmp_path / "data")
    options = ("--model", "churn", "--feature-names", "days,plan", "--at", where, "--json")
    done = run("import", "sagemaker", *files, *options)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["items"], answer["accepted"], answer["rejected_total"]) == (3, 6, 0)
    again = json.loads(run("import", "sagemaker", *files, *options).stdout)
    assert (again["accepted"], again["duplicates"]) == (0, 6)
    assert [bad["index"] for bad in again["rejected"]] == [0, 0, 1, 1, 2, 2]
    with assay.open(where) as monitor:
        found = monitor.prediction("churn", "e1:0")
        assert found.features == {"days": 1, "plan": "a,b"}
        assert (found.prediction, found.score) == ("1", 0.9)


def test_errors_are_one_sentence(tmp_path, files):
    where = str(tmp_path / "data")
    (tmp_path / "broken.gz").write_bytes(gzip.compress(b"x" * 5_000)[:-9])
    (tmp_path / "none.jsonl").write_text("{}\n")
    for name, words in (
        (str(tmp_path / "nowhere"), "cannot be read"),
        (str(tmp_path / "broken.gz"), "cannot be read to its end"),
        (str(tmp_path / "none.jsonl"), "none.jsonl: not one item is good"),
        (str(tmp_path), "cannot be read"),
    ):
        done = run("import", "sagemaker", name, "--model", "m", "--at", where)
        assert done.returncode == 1
        assert done.stderr.startswith("assay: ")
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == 1
