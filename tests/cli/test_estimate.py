"""``assay estimate``: of files it says what the function says, of a model what the monitor says."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

import assay


def rows(n, seed, *, blind=False, sure=1.0):
    rng = np.random.default_rng(seed)
    score = rng.random(n)
    table = {"id": [f"r{place}" for place in range(n)], "score": score, "age": rng.normal(size=n)}
    if not blind:
        table["late"] = (rng.random(n) < 0.5 + sure * (score - 0.5)).astype(int)
    return pa.table(table)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("estimate")
    parquet.write_table(rows(2_000, 1), where / "old.parquet")
    parquet.write_table(rows(600, 2), where / "new.parquet")
    csv.write_csv(rows(600, 2, blind=True), where / "blind.csv")
    parquet.write_table(rows(2_000, 3, sure=0.0), where / "idle.parquet")
    rng = np.random.default_rng(4)
    chance = rng.dirichlet([1, 1, 1], 2_000)
    truth = (rng.random(2_000)[:, None] > np.cumsum(chance, axis=1)).sum(axis=1).clip(0, 2)
    several = {f"p{k}": chance[:, k] for k in range(3)} | {"kind": np.array(list("abc"))[truth]}
    parquet.write_table(pa.table(several), where / "several.parquet")
    return where


def test_of_files_it_says_what_the_function_says(here, folder):
    common = ["--target", "late", "--score", "score", "--leave-out", "id", "--chunk-size", 300, "--json"]
    done = here("estimate", folder / "old.parquet", folder / "new.parquet", *common)
    assert (done.returncode, done.stderr) == (0, "")
    before, after = (
        parquet.read_table(folder / f"{name}.parquet").drop_columns(["id"]) for name in ("old", "new")
    )
    expected = assay.estimate_performance(before, after, target="late", score="score", chunk_size=300)
    assert json.loads(done.stdout) == json.loads(json.dumps(expected.to_dict()))
    # The truth of the rows that are judged has no part in it.
    blind = here("estimate", folder / "old.parquet", folder / "blind.csv", *common)
    for ours, theirs in zip(json.loads(blind.stdout)["chunks"], expected.chunks, strict=True):
        for name, one in ours["metrics"].items():
            assert one["value"] == pytest.approx(theirs.metrics[name].value)
            assert one["realised"] is None


def test_people_read_a_table(here, folder):
    given = ("--target", "late", "--score", "score", "--leave-out", "id", "--metric", "roc_auc")
    done = here("estimate", folder / "old.parquet", folder / "new.parquet", *given)
    assert done.returncode == 0
    assert "roc_auc" in done.stdout
    assert "95% interval" in done.stdout
    assert "accuracy" not in done.stdout


def test_several_classes_and_what_predictions_are_worth(here, folder):
    path = folder / "several.parquet"
    scores = [part for k, name in enumerate("abc") for part in ("--score", f"{name}=p{k}")]
    done = here("estimate", path, path, "--target", "kind", *scores, "--json")
    assert json.loads(done.stdout)["task"] == "multiclass"
    values = [part for text in ("tp=10", "fp=-5", "tn=0", "fn=-1") for part in ("--value", text)]
    given = ("--target", "late", "--score", "score", "--leave-out", "id", *values, "--json")
    found = json.loads(here("estimate", folder / "old.parquet", folder / "new.parquet", *given).stdout)
    one = found["chunks"][0]["metrics"]["business_value"]
    table = parquet.read_table(folder / "new.parquet")
    truth, guess = table["late"].to_numpy() == 1, table["score"].to_numpy() >= 0.5
    real = 10 * (truth & guess).sum() - 5 * (~truth & guess).sum() - (truth & ~guess).sum()
    assert one["realised"] == pytest.approx(real)


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 3)])
def test_a_refusal_is_said_and_a_failure_when_strict(here, folder, strict, code):
    given = ("--target", "late", "--score", "score", "--leave-out", "id", *strict)
    done = here("estimate", folder / "idle.parquet", folder / "blind.csv", *given)
    assert done.returncode == code
    assert done.stderr.startswith("assay: nothing was estimated: the scores carry no information")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("old.parquet", "new.parquet"), "--target"),
        (("old.parquet", "new.parquet", "--target", "late", "--step", "1d"), "--step does not go with this"),
        (("fraud", "--target", "late"), "--target does not go with this"),
        (
            ("old.parquet", "new.parquet", "--target", "late", "--score", "a=score", "--score", "b"),
            "CLASS=COL",
        ),
        (
            ("old.parquet", "new.parquet", "--target", "late", "--score", "score", "--value", "tp"),
            "NAME=NUMBER",
        ),
        (("old.parquet", "none.parquet", "--target", "late", "--score", "score"), "none.parquet"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(here, folder, monkeypatch, given, said):
    monkeypatch.chdir(folder)
    done = here("estimate", *given)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_of_a_model_it_says_what_the_monitor_says(here, tmp_path):
    rng = np.random.default_rng(5)
    n = 10 * 300
    score = rng.random(n)
    hours = np.sort(rng.integers(0, 240, n))
    ids = [f"p{place}" for place in range(n)]
    data = tmp_path / "data"
    with assay.open(data) as monitor:
        monitor.configure("fraud", task="binary", reference_rows=1_000)
        monitor.log(
            model="fraud",
            version="v1",
            predictions={
                "prediction_id": ids,
                "timestamp": np.datetime64("2026-03-01", "us") + hours * np.timedelta64(1, "h"),
                "prediction": (score > 0.5).astype(int),
                "score": score,
            },
        )
        truth = (rng.random(n) < score).astype(int)
        monitor.label(model="fraud", labels={"prediction_id": ids, "actual": truth.tolist()})
        expected = monitor.estimate("fraud", step="1d").to_dict()
    done = here("estimate", "fraud", "--at", data, "--step", "1d", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads(json.dumps(expected, default=str))
    (tmp_path / "lone.parquet").write_bytes(b"")
    lone = here("estimate", tmp_path / "lone.parquet", "--at", data)
    assert "CURRENT" in lone.stderr
    assert lone.returncode == 1
