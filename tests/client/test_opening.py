"""Opening folders: made where absent, shared by several monitors, closed for good."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import assay
from assay import errors


def test_a_folder_is_made_and_found_again(tmp_path):
    folder = tmp_path / "deep" / "data"
    with assay.open(folder) as monitor:
        monitor.log(model="m", predictions={"prediction_id": ["a"], "x": [1]})
    with assay.open(str(folder)) as monitor:
        assert monitor.model("m").predictions == 1
        again = monitor.log(model="m", predictions={"prediction_id": ["a", "b"], "x": [1, 2]})
    assert (again.accepted, again.duplicates) == (1, 1)


def test_two_monitors_share_a_folder(tmp_path):
    with assay.open(tmp_path) as one, assay.open(tmp_path) as other:
        one.log(model="m", predictions={"x": [1, 2, 3]})
        other.log(model="m", predictions={"x": [4, 5]})
        assert one.model("m").predictions == other.model("m").predictions == 5


def test_two_processes_share_a_folder(tmp_path):
    program = f"""
        import assay
        with assay.open({str(tmp_path)!r}) as monitor:
            monitor.log(model="m", predictions={{"x": list(range(100))}})
            print(monitor.model("m").predictions)
    """
    with assay.open(tmp_path) as monitor:
        monitor.log(model="m", predictions={"x": [1]})
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
        )
        assert (done.stdout.strip(), done.stderr) == ("101", "")
        assert monitor.model("m").predictions == 101


def test_a_process_that_does_not_close_loses_nothing(tmp_path):
    program = f"""
        import assay
        monitor = assay.open({str(tmp_path)!r})
        monitor.log(model="m", predictions={{"x": list(range(100))}})
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    with assay.open(tmp_path) as monitor:
        assert monitor.model("m").predictions == 100


def test_a_closed_monitor_says_so(tmp_path):
    monitor = assay.open(tmp_path)
    monitor.close()
    monitor.close()
    assert "closed" in repr(monitor)
    for ask in (monitor.models, monitor.health, lambda: monitor.log(model="m", predictions={"x": [1]})):
        with pytest.raises(errors.InvalidInput, match="closed"):
            ask()


@pytest.mark.parametrize(
    ("where", "options"),
    [("ftp://host", {}), (3, {}), ("http://h:1", {"colour": 1}), ("x", {"colour": 1})],
)
def test_what_cannot_be_opened_is_refused(tmp_path, monkeypatch, where, options):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.InvalidInput):
        assay.open(where, **options)
    assert not list(tmp_path.iterdir())


def test_a_file_is_no_data_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(errors.InvalidInput, match="file"):
        assay.open(tmp_path / "file")


def test_nobody_at_the_address_is_said_so():
    from assay.client.transport import Retry

    with (
        assay.open("http://127.0.0.1:9", retry=Retry(attempts=2, first=0.0)) as monitor,
        pytest.raises(errors.StorageUnavailable, match="assay serve"),
    ):
        monitor.models()
