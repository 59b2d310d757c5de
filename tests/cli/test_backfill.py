"""Back-fills: every row once, whatever the file, and however often it is interrupted."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

import assay
from assay.cli.backfill.infer import Narrowing, typed
from assay.cli.spreadsheets import defused, undefused


def table(rows=100, first=0):
    numbers = np.arange(first, first + rows)
    return pa.table(
        {
            "when": pa.array(1_704_067_200 + numbers * 60).cast(pa.timestamp("s", "UTC")),
            "key": numbers.astype(str),
            "amount": numbers * 1.5,
            "country": np.where(numbers % 2, "NL", "DE"),
            "guess": (numbers % 2).astype("int8"),
            "chance": (numbers % 10) / 10,
            "truth": pa.array([int(n % 3 == 0) if n % 4 else None for n in numbers], pa.int8()),
        }
    )


OPTIONS = ["--timestamp", "when", "--prediction", "guess", "--score", "chance", "--target", "truth"]
OPTIONS += ["--tag", "country"]
WITH_ID = [*OPTIONS, "--id", "key"]


@pytest.fixture
def into(here, tmp_path):
    """Run a back-fill into a folder of the test and return what it says."""

    def call(*arguments, code=0, at="data"):
        done = here("backfill", "m", *arguments, "--at", tmp_path / at, "--json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    return call


def rows_of(folder, model="m", kind="joined"):
    with assay.open(folder) as monitor:
        return monitor.rows(model, kind=kind).read_all().sort_by("prediction_id")


def write_csv(path, frame):
    from pyarrow import csv

    csv.write_csv(frame, path)
    return path


def write_json(path, frame):
    path.write_text("".join(json.dumps(row, default=str) + "\n" for row in frame.to_pylist()))
    return path


def write_gz(path, frame):
    plain = write_csv(path.with_suffix(""), frame)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    return path


def write_arrow(path, frame):
    with pa.ipc.new_file(path, frame.schema) as writer:
        writer.write_table(frame)
    return path


def write_delta(path, frame):
    from deltalake import write_deltalake

    write_deltalake(path, frame, partition_by=["country"])
    return path


def write_parquet(path, frame):
    parquet.write_table(frame, path, row_group_size=30)
    return path


FORMATS = {
    "rows.parquet": write_parquet,
    "rows.csv": write_csv,
    "rows.csv.gz": write_gz,
    "rows.jsonl": write_json,
    "rows.arrow": write_arrow,
    "delta": write_delta,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_brings_predictions_and_labels_at_once(into, tmp_path, name):
    path = FORMATS[name](tmp_path / name, table())
    told = into(path, *WITH_ID)
    assert (told["rows"], told["accepted"], told["labels"], told["rejected"]) == (100, 100, 75, 0)
    found = rows_of(tmp_path / "data")
    want = table().sort_by("key")
    assert found.column("prediction_id").to_pylist() == want.column("key").to_pylist()
    assert found.column("feature.amount").to_pylist() == want.column("amount").to_pylist()
    assert found.column("tag.country").to_pylist() == want.column("country").to_pylist()
    assert found.column("actual").to_pylist() == want.column("truth").to_pylist()
    stamps = want.column("when").cast(pa.timestamp("us", "UTC")).to_pylist()
    assert found.column("timestamp").to_pylist() == stamps
    assert "feature.truth" not in found.column_names


def test_a_second_run_sends_nothing_and_a_new_file_alone_is_sent(into, tmp_path):
    folder = tmp_path / "days"
    folder.mkdir()
    write_parquet(folder / "1.parquet", table())
    assert into(folder, *OPTIONS)["rows_sent_now"] == 100
    assert into(folder, *OPTIONS)["rows_sent_now"] == 0
    write_parquet(folder / "2.parquet", table(50, first=100))
    told = into(folder, *OPTIONS)
    assert (told["rows_sent_now"], told["rows"]) == (50, 150)
    assert into(str(folder / "*.parquet"), *OPTIONS)["rows_sent_now"] == 0
    assert rows_of(tmp_path / "data").num_rows == 150


def test_rows_without_an_id_get_the_same_one_every_time(into, tmp_path):
    path = write_parquet(tmp_path / "rows.parquet", table())
    into(path, *OPTIONS)
    told = into(path, *OPTIONS, "--restart")
    # The same batches: the first answers again, and nothing is stored twice.
    assert told["rows"] == 100
    assert rows_of(tmp_path / "data").num_rows == 100
    into(path, *OPTIONS, "--restart", "--batch-rows", "7")  # other batches: known by their ids
    assert rows_of(tmp_path / "data").num_rows == 100
    into(path, *OPTIONS, at="other")
    first, second = (rows_of(tmp_path / name).column("prediction_id") for name in ("data", "other"))
    assert first == second


def test_killed_at_any_moment_everything_arrives_once(tmp_path):
    path = write_parquet(tmp_path / "rows.parquet", table(15_000))
    command = [sys.executable, "-m", "assay.cli", "backfill", "m", str(path), *OPTIONS]
    command += ["--at", str(tmp_path / "data"), "--batch-rows", "500", "--json"]
    record = tmp_path / "data" / "backfill"
    kills = 0
    for after in (1, 12):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < deadline:
                notes = (
                    [json.loads(one.read_text()) for one in record.glob("*.json")] if record.exists() else []
                )
                rows = sum(each["rows"] for note in notes for each in note["files"].values())
                if rows >= 500 * after:
                    process.kill()
                    kills += 1
                    break
                time.sleep(0.005)
            process.communicate()
    assert kills == 2
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["rows"] == 15_000
    assert told["rows_sent_now"] < 15_000
    ids = rows_of(tmp_path / "data", kind="predictions").column("prediction_id").to_pylist()
    assert len(ids) == len(set(ids)) == 15_000


def test_a_changed_file_is_noticed(into, tmp_path):
    path = write_parquet(tmp_path / "rows.parquet", table())
    into(path, *OPTIONS)
    write_parquet(path, table(101))
    assert "has changed since 100 of its rows were sent" in into(path, *OPTIONS, code=1)


def test_other_options_for_the_same_file_are_noticed(into, tmp_path):
    path = write_parquet(tmp_path / "rows.parquet", table())
    into(path, *OPTIONS)
    assert "other options" in into(path, *OPTIONS, "--leave-out", "amount", code=1)


def test_a_folder_made_anew_gets_everything_again(into, tmp_path):
    path = write_parquet(tmp_path / "rows.parquet", table())
    into(path, *OPTIONS)
    (tmp_path / "data").rename(tmp_path / "old")
    assert into(path, *OPTIONS)["rows_sent_now"] == 100


def test_bad_rows_are_counted_listed_and_written_with_their_reason(into, tmp_path):
    path = tmp_path / "rows.csv"
    good = "a,2024-01-01T00:00Z,0.5,1\n"
    path.write_text(
        "prediction_id,timestamp,score,prediction\n" + good + "b,soon,0.5,1\n" + "c\n" + good[:-2]
    )
    rejects = tmp_path / "bad.jsonl"
    told = into(path, "--rejects", rejects, code=1)
    assert (told["rejected"], told["accepted"]) == (2, 2 - 1 + 0 if told["duplicates"] else 2)
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert {line["code"] for line in lines} == {"bad_timestamp", "malformed"}
    by_code = {line["code"]: line for line in lines}
    assert by_code["bad_timestamp"]["row"] == 2
    assert by_code["bad_timestamp"]["record"]["prediction_id"] == "b"
    assert by_code["malformed"]["line"] == 4
    assert by_code["malformed"]["text"] == "c"
    assert (
        into(path, code=1)["rejected"] == 2
    )  # the answer of the whole job, also when there is nothing to do


def test_more_bad_rows_than_one_answer_lists_are_all_written(into, tmp_path):
    frame = pa.table({"prediction_id": [str(n) for n in range(3_000)], "score": ["x"] * 2_999 + ["0.5"]})
    path = write_parquet(tmp_path / "rows.parquet", frame)
    rejects = tmp_path / "bad.jsonl"
    told = into(path, "--rejects", rejects, code=1)
    # Parquet says what is text: there the score of the last row is no number either.
    assert told["rejected"] == 3_000
    assert sorted(json.loads(line)["row"] for line in rejects.read_text().splitlines()) == list(
        range(1, 3_001)
    )


def test_a_label_of_a_bad_prediction_is_not_sent(into, tmp_path):
    frame = pa.table({"prediction_id": ["a", "b"], "timestamp": ["2024-01-01", "soon"], "actual": [1, 0]})
    told = into(write_parquet(tmp_path / "rows.parquet", frame), code=1)
    assert (told["accepted"], told["labels"], told["rejected"]) == (1, 1, 1)


def test_labels_alone(into, tmp_path):
    into(
        write_parquet(tmp_path / "rows.parquet", table().drop_columns(["truth"])),
        *WITH_ID[:-6],
        *WITH_ID[-4:],
    )
    labels = pa.table({"key": ["1", "2"], "y": [1, 0], "other": [1, 2]})
    told = into(
        write_parquet(tmp_path / "labels.parquet", labels), "--labels", "--id", "key", "--target", "y"
    )
    assert (told["accepted"], told["labels"]) == (0, 2)
    found = {row["prediction_id"]: row["actual"] for row in rows_of(tmp_path / "data").to_pylist()}
    assert (found["1"], found["2"], found["3"]) == (1.0, 0.0, None)


def test_a_dry_run_says_what_columns_become_and_makes_nothing(here, tmp_path):
    path = write_csv(tmp_path / "rows.csv", table())
    told = here("backfill", "m", path, *WITH_ID, "--dry-run", "--json", "--at", tmp_path / "data")
    columns = json.loads(told.stdout)["columns"]
    assert {name: one["becomes"] for name, one in columns.items()} == {
        "when": "timestamp",
        "key": "prediction_id",
        "amount": "feature.amount",
        "country": "tag.country",
        "guess": "prediction",
        "chance": "score",
        "truth": "actual",
    }
    assert columns["amount"]["first"] == [0.0, 1.5, 3.0]
    shown = here("backfill", "m", path, *WITH_ID, "--dry-run", "--at", tmp_path / "data")
    assert "nothing was sent" in shown.stdout
    assert not (tmp_path / "data").exists()


def test_json_lines_as_the_api_takes_them(into, tmp_path):
    path = tmp_path / "rows.jsonl"
    records = [
        {"prediction_id": "a", "features": {"x": 1}, "tags": {"c": "NL"}, "prediction": 1},
        {"prediction_id": "b", "features": {"x": "two", "late": 5}, "prediction": 0},
    ]
    path.write_text("\n".join(map(json.dumps, records)) + "\nnot json\n[1]\n")
    told = into(path, "--batch-rows", "1", code=1)
    assert (told["accepted"], told["rejected"]) == (2, 2)
    rows = {row["prediction_id"]: row for row in rows_of(tmp_path / "data").to_pylist()}
    assert rows["a"]["feature.x"] == 1
    assert rows["b"]["feature.x (text)"] == "two"
    assert rows["b"]["feature.late"] == 5


def test_partitions_of_a_folder_are_columns(into, tmp_path):
    for country in ("NL", "a%20b"):
        (tmp_path / "hive" / f"country={country}").mkdir(parents=True)
        write_parquet(tmp_path / "hive" / f"country={country}" / "x.parquet", pa.table({"prediction": [1]}))
    into(tmp_path / "hive", "--tag", "country")
    assert set(rows_of(tmp_path / "data").column("tag.country").to_pylist()) == {"NL", "a b"}


def test_times_that_are_numbers_need_a_unit(into, tmp_path):
    path = write_parquet(tmp_path / "rows.parquet", pa.table({"timestamp": [1_704_067_200_000], "x": [1]}))
    assert "--time-unit" in into(path, code=1)
    into(path, "--time-unit", "ms")
    assert rows_of(tmp_path / "data").column("timestamp")[0].as_py().year == 2024


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.parquet"], "there is no file 'nowhere.parquet'"),
        (["*.nothing"], "no file matches"),
        (["ROWS", "--tag", "region"], "has no column 'region'"),
        (["ROWS", "--tag", "key", "--id", "key"], "cannot be two things"),
        (["ROWS", "--labels"], "--id"),
        (["ROWS", "--rename", "key=score", "--score", "chance"], "no column 'chance'"),
        (["BROKEN"], "cannot be read"),
        (["ODD"], "no suffix that tells its format"),
        (["EMPTY"], "cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_failure_is_one_sentence(here, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    frame = table().rename_columns(["when", "key", "amount", "country", "guess", "luck", "truth"])
    files = {
        "ROWS": write_parquet(tmp_path / "rows.pq", frame),
        "BROKEN": tmp_path / "broken.parquet",
        "ODD": tmp_path / "rows.xls",
        "EMPTY": tmp_path / "empty.csv",
    }
    files["BROKEN"].write_bytes(b"PAR1 but no more")
    files["ODD"].write_bytes(b"")
    files["EMPTY"].write_bytes(b"")
    done = here("backfill", "m", *[files.get(one, one) for one in arguments], "--at", tmp_path / "data")
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_hostile_names_and_values_arrive_as_they_are(into, tmp_path):
    name = "</script>\u202e../=cmd"
    frame = pa.table({"prediction_id": [name], name: ["=HYPERLINK()"], "__proto__": [1.0]})
    into(write_parquet(tmp_path / "rows.parquet", frame))
    row = rows_of(tmp_path / "data").to_pylist()[0]
    assert row["prediction_id"] == name
    assert row[f"feature.{name}"] == "=HYPERLINK()"


def test_only_one_back_fill_of_a_model_at_a_time(here, tmp_path):
    from assay.cli.backfill.record import opened

    path = write_parquet(tmp_path / "rows.parquet", table())
    with opened(str(tmp_path / "data"), "m"):
        done = here("backfill", "m", path, *OPTIONS, "--at", tmp_path / "data")
    assert done.returncode == 1
    assert "another back-fill" in done.stderr


def test_into_a_server_that_is_made_anew_everything_is_sent_again(here, server_url, tmp_path):
    path = write_parquet(tmp_path / "rows.parquet", table())
    model = f"remote-{os.getpid()}"

    def call():
        done = here(
            "backfill",
            model,
            path,
            *OPTIONS,
            "--at",
            server_url,
            "--json",
            XDG_STATE_HOME=str(tmp_path / "state"),
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert call()["rows_sent_now"] == 100
    assert call()["rows_sent_now"] == 0
    (note,) = (tmp_path / "state" / "assay" / "backfill").glob("*.json")
    stored = json.loads(note.read_text())
    note.write_text(json.dumps(stored | {"model_created_at": stored["model_created_at"] - 1}))
    assert call()["rows_sent_now"] == 100
    with assay.open(server_url) as monitor:
        assert monitor.rows(model).read_all().num_rows == 100


@given(st.lists(st.text(st.sampled_from("=+@\n\uff1d\uff20'ax \u00fc"), max_size=8), max_size=20))
def test_defusing_can_be_undone(texts):
    array = pa.array(texts, pa.string())
    safe = defused(array)
    assert undefused(safe).to_pylist() == texts
    assert not any(text.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")) for text in safe.to_pylist())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", None], "whole"),
        (["1", "2.5", "NA"], "number"),
        (["1e400", "nan", "-inf"], "number"),
        (["007", "8"], "text"),
        (["true", "False", ""[:0] or None], "bool"),
        (["2024-01-01", "2024-01-01T00:00:00Z"], "time"),
        (["2024-01-01", "x"], "text"),
        (["9223372036854775808"], "number"),
        (["NA", "NA"], "empty"),
        ([None, None], "empty"),
        (["1", "true"], "text"),
    ],
)
def test_types_are_found_from_all_values(values, kind):
    narrowing = Narrowing()
    for value in values:  # one at a time: the last value may change everything
        narrowing.look(pa.array([value], pa.string()))
    assert narrowing.kind == kind
    assert len(typed(pa.array(values, pa.string()), narrowing.kind)) == len(values)
