"""``assay report -o``: the model's page as a file, of a folder and of a server."""

from __future__ import annotations

import io
import re
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

import assay
from assay.cli.main import main

MODEL = "fraud </script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("report") / "data"
    rows = range(200)
    with assay.open(where) as monitor:
        monitor.log(
            model=MODEL,
            version="v1",
            predictions={
                "prediction_id": [f"p{row}" for row in rows],
                "timestamp": [datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=row) for row in rows],
                "score": [row * 37 % 100 / 100 for row in rows],
                "prediction": [row * 37 % 100 > 50 for row in rows],
                "amount": [float(row) for row in rows],
            },
        )
        monitor.label(
            model=MODEL,
            labels={"prediction_id": [f"p{row}" for row in rows], "actual": [row % 2 for row in rows]},
        )
    return str(where)


@pytest.fixture
def command(capsys, monkeypatch):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["assay", "report", MODEL, *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return call


def figures(html):
    return re.findall(r'data-figure="([^"]+)"', html)


def test_it_is_written_where_it_is_wanted(command, folder, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    done = command("--at", folder, "-o", str(path))
    assert (done.code, done.err) == (0, "")
    assert str(path) in done.out
    html = path.read_text()
    assert html.startswith("<!doctype html>")
    assert "metric-accuracy" in figures(html)
    assert "<title>fraud &lt;/script&gt;" in html


def test_the_period_is_seven_days_unless_said(command, folder, tmp_path):
    path = tmp_path / "report.html"
    for arguments, start in (
        ((), "2024-03-02"),
        (("--period", "2d"), "2024-03-07"),
        (("--start", "2024-03-03", "--end", "2024-03-05", "--step", "6h"), "2024-03-03"),
    ):
        assert command("--at", folder, "-o", str(path), *arguments).code == 0
        period = re.search(r"<dt>Period</dt><dd>(\S+) to", path.read_text())
        assert period[1].startswith(start)


def test_it_can_be_piped(folder, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "argv", ["assay", "report", MODEL, "--at", folder, "-o", "-"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    html = out.buffer.getvalue().decode()
    assert html.startswith("<!doctype html>")
    assert html.endswith("</html>")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("-o", "x.html", "--json"), "one of them"),
        (("--start", "2024-03-03"), "-o report.html"),
        (("-o", "nowhere/x.html"), "No such file"),
        (("-o", "x.html", "--period", "soon"), "not a duration"),
        (("-o", "x.html", "--slice", "a:b"), "no slice"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(command, folder, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    done = command("--at", folder, *arguments)
    assert done.code == 1
    assert reason in done.err
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_table_is_as_before(command, folder):
    done = command("--at", folder)
    assert done.code == 0
    assert "roc_auc" in done.out
    assert '"whole"' in command("--at", folder, "--json").out
