"""The doctor: what it finds, what it says to do, and that it leaves everything as it is."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time

import pytest

import assay
from assay.cli.doctor.clock import skew
from assay.cli.doctor.environment import environment


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    where = tmp_path_factory.mktemp("doctor") / "data"
    with assay.open(where) as monitor:
        monitor.log(model="m", predictions={"prediction": [1, 0]})
        monitor.model("m")
    return where


@pytest.fixture
def folder(healthy, tmp_path):
    """A copy that a test may break."""
    return shutil.copytree(healthy, tmp_path / "data")


@pytest.fixture
def told(here):
    def call(*arguments, code=0, **environment):
        done = here("doctor", *arguments, "--json", **environment)
        assert done.returncode == code, done.stdout + done.stderr
        assert done.stderr == ""
        document = json.loads(done.stdout)
        assert document["ready"] is (code == 0)
        return {check["name"]: check for check in document["checks"]}

    return call


def contents(folder):
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def test_a_healthy_folder_is_looked_at_and_left_alone(told, folder):
    before = contents(folder)
    checks = told("--at", folder)
    assert contents(folder) == before
    assert {name: check["status"] for name, check in checks.items() if not name.startswith("port")} == {
        name: "ok" for name in checks if not name.startswith("port")
    }
    for name in (
        "libraries",
        "clock",
        "disk",
        "file system",
        "disk sync",
        "database",
        "schema",
        "journal",
        "lake",
    ):
        assert name in checks
    assert checks["disk sync"]["figures"]["seconds"] > 0


def test_it_shows_every_message_in_full(here, folder):
    done = here("doctor", "--at", folder, COLUMNS="80")
    assert "…" not in done.stdout
    assert "httptools" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_nothing_is_made_where_there_is_nothing(told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSAY_DATA_DIR", raising=False)
    assert told()["data folder"]["status"] == "ok"
    assert told("--at", "nope", code=1)["data folder"]["status"] == "failed"
    assert list(tmp_path.iterdir()) == []


def test_a_corrupt_database_is_a_sentence(told, folder):
    for name in ("assay.db-wal", "assay.db-shm"):
        (folder / name).unlink(missing_ok=True)
    database = folder / "assay.db"
    whole = database.read_bytes()
    database.write_bytes(whole[:8192] + os.urandom(len(whole) - 8192))
    check = told("--at", folder, code=1)["database"]
    assert check["status"] == "failed"
    assert "backup" in check["advice"]
    database.write_bytes(b"no database at all" * 1000)
    assert told("--at", folder, code=1)["database"]["status"] == "failed"


def test_a_table_whose_file_is_gone_is_found(told, tmp_path):
    import pyarrow as pa
    from deltalake import write_deltalake

    table = tmp_path / "data" / "lake" / "m-1" / "predictions"
    write_deltalake(str(table), pa.table({"a": [1]}))
    assert told("--at", tmp_path / "data")["lake"]["figures"]["files"] == 1.0
    next(table.glob("*.parquet")).unlink()
    assert told("--at", tmp_path / "data", code=1)["lake"]["status"] == "failed"


def test_rights_and_leftovers(told, folder):
    folder.chmod(0o755)
    old = folder / "export.csv.part"
    old.write_text("")
    os.utime(old, (1, 1))
    checks = told("--at", folder)
    assert checks["data folder"]["status"] == "warning"
    assert checks["data folder"]["advice"].startswith("chmod 700 ")
    assert "export.csv.part" in checks["leftovers"]["message"]


def test_a_newer_schema_is_named(told, folder):
    import sqlite3

    with sqlite3.connect(folder / "assay.db") as connection:
        connection.execute("UPDATE assay_schema SET version_num = '9999'")
    connection.close()
    check = told("--at", folder, code=1)["schema"]
    assert "9999" in check["message"]
    assert "newer" in check["advice"]


def test_while_a_process_works_on_the_folder_it_is_named(told, folder):
    with assay.open(folder) as monitor:
        monitor.log(model="m", predictions={"prediction": [1]})
        monitor.model("m")
        checks = told("--at", folder)
    assert checks["worker"]["figures"]["pid"] == os.getpid()
    assert checks["journal"]["status"] == "ok"


def test_a_server_is_asked(told, server_url):
    checks = told("--at", server_url)
    assert assay.__version__ in checks["server"]["message"]
    assert checks["clock of the server"]["status"] == "ok"
    assert checks["journal"]["status"] == "ok"
    port = server_url.rpartition(":")[2]
    assert "an Assay" in told("--at", "nope", code=1, ASSAY_PORT=port)[f"port {port}"]["message"]


def test_who_else_has_the_port_is_no_assay(told):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])

        def answer():
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(1)
                    try:
                        connection.recv(100)
                        connection.sendall(b"220 mail\r\n")
                    except OSError:
                        pass

        thread = threading.Thread(target=answer)
        thread.start()
        checks = told("--at", "nope", code=1, ASSAY_PORT=port)
        thread.join()
    assert "not Assay" in checks[f"port {port}"]["message"]


def test_a_server_that_is_not_there(told):
    check = told("--at", "http://127.0.0.1:9", code=1)["server"]
    assert check["status"] == "failed"
    assert "assay serve" in check["advice"]


def test_a_setting_that_is_none_is_found(told):
    checks = told("--at", "nope", code=1, ASSAY_DATADIR="x")
    assert checks["settings"]["status"] == "warning"
    assert checks["settings"]["advice"] == "did you mean ASSAY_DATA_DIR?"


def test_a_setting_with_a_wrong_value_is_found():
    check = next(environment({"ASSAY_PORT": "eighty"}))
    assert check.status == "failed"
    assert "ASSAY_PORT" in check.message


@pytest.mark.parametrize(
    ("ahead", "status"), [(0.0, "ok"), (1.5, "ok"), (3.5, "warning"), (-60.0, "warning")]
)
def test_clocks_are_compared(ahead, status):
    assert skew(time.time() + ahead, whose="x", coarse=1.0).status == status


def test_a_clock_that_was_set_back_is_found(told, folder):
    assert told("--at", folder)["clock of the folder"]["status"] == "ok"
    to_come = time.time() + 3 * 86_400
    os.utime(folder / "assay.db", (to_come, to_come))
    check = told("--at", folder)["clock of the folder"]
    assert check["status"] == "warning"
    assert check["figures"]["seconds"] == pytest.approx(3 * 86_400, abs=60)
    assert "set this machine's clock" in check["advice"]


@pytest.mark.postgres
def test_postgresql_is_looked_at(told, postgres_url, folder):
    checks = told("--at", folder, ASSAY_DATABASE_URL=postgres_url)
    assert "PostgreSQL" in checks["database"]["message"]
    assert checks["clock of the database"]["status"] == "ok"
    assert checks["schema"]["message"] == "there is none yet"
    gone = postgres_url.rpartition("/")[0] + "/nowhere"
    assert told("--at", folder, code=1, ASSAY_DATABASE_URL=gone)["database"]["status"] == "failed"
