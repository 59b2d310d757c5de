"""Regressions without labels: learnt from stored rows once, told of windows by their profiles."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from assay.domain.columns import TIMESTAMP, Kind
from assay.domain.model import ModelSettings, Task
from assay.domain.time import DAY, HOUR, MINUTE
from assay.domain.window import WindowQuery
from assay.monitoring.estimation_windows import LEARNT_FROM
from assay.monitoring.intake.batch import Intake
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service

N = 6_000
DAYS = 15
START = 400 * DAY


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A service with two weeks of prices; errors of vans are three times those of cars, and vans come."""
    service = build_service(Settings(data_dir=tmp_path_factory.mktemp("prices"), min_free_bytes=0))
    rng = np.random.default_rng(0)
    settings = ModelSettings(reference_rows=2_000, slices=("site",))
    service.put_model("m", task=Task.REGRESSION, settings=settings)
    times = np.sort(rng.integers(0, DAYS * 24, N)) * HOUR + START
    day = (times - START) // DAY
    van = rng.random(N) < np.where(day >= 12, 0.7, 0.2)
    prediction = 50 + rng.normal(size=N)
    truth = prediction + rng.normal(size=N) * np.where(van, 3.0, 1.0)
    site = np.where(rng.random(N) < 0.5, "a", "b")
    stamps = pa.array(times).cast(TIMESTAMP)
    ids = [f"p{place}" for place in range(N)]
    predictions = {
        "prediction_id": ids,
        "model_version": np.where(day >= 8, "v2", "v1").tolist(),
        "timestamp": stamps,
        "received_at": stamps,
        "prediction": prediction,
        "n:age": rng.uniform(0, 15, N),
        "s:kind": np.where(van, "van", "car").tolist(),
        "t:site": site.tolist(),
    }
    known = day < 12  # the labels of the last days are not in yet
    labels = {
        "prediction_id": [one for one, here in zip(ids, known, strict=True) if here],
        "actual": truth[known],
        "observed_at": stamps.filter(pa.array(known)),
        "received_at": stamps.filter(pa.array(known)),
    }
    for kind, columns in ((Kind.PREDICTIONS, predictions), (Kind.LABELS, labels)):
        service.submit(Intake(model_id="m", kind=kind, table=pa.table(columns))).result(timeout=60)
    assert service.catch_up(timeout=60)
    yield service, day, prediction - truth, site
    service.close()


def window(**given):
    return WindowQuery(START, START + DAYS * DAY, given.pop("step", DAY), **given)


def test_errors_are_told_before_their_labels(filled):
    service, day, error, _ = filled
    found = service.estimate("m", window())
    assert (found.refusal, found.task, len(found.chunks)) == (None, "regression", DAYS)
    assert found.reference_n == np.count_nonzero(day < 7)
    assert found.chunks[3].metrics["mae"].reason == LEARNT_FROM
    for place in range(7, DAYS):
        chunk = found.chunks[place]
        here = error[day == place]
        real = {"mae": np.abs(here).mean(), "mse": np.mean(here**2), "rmse": np.mean(here**2) ** 0.5}
        assert chunk.n == here.size
        for name, value in real.items():
            one = chunk.metrics[name]
            # Three days are of a mix that was never seen; each is one draw.
            assert np.log(one.low / one.value) * 1.75 < np.log(value / one.value)
            assert np.log(value / one.value) < np.log(one.high / one.value) * 1.75
            assert one.realised == (pytest.approx(value) if place < 12 else None)
    early, late = (
        np.mean([found.chunks[k].metrics["mae"].value for k in range(*ends)]) for ends in ((7, 12), (12, 15))
    )
    assert late > 1.35 * early  # of 1.12 and 1.92
    assert service.estimate("m", window()) == found


def test_a_version_and_a_slice_are_told_by_their_own_rows(filled):
    service, _, _, site = filled
    part = service.estimate("m", window(slice=("site", "a"), step=None))
    assert part.chunks[0].n == np.count_nonzero(site == "a")
    daily = service.estimate("m", window(slice=("site", "a")))
    assert daily.chunks[13].metrics["rmse"].value is not None
    assert service.estimate("m", window(version="v2")).refusal.startswith("estimates are learnt from")


def test_steps_below_an_hour_are_refused(filled):
    service = filled[0]
    query = WindowQuery(START + 10 * DAY, START + 10 * DAY + 2 * HOUR, 5 * MINUTE)
    assert "whole hours" in service.estimate("m", query).refusal


def test_without_features_there_is_nothing_to_tell_by(tmp_path):
    service = build_service(Settings(data_dir=tmp_path, min_free_bytes=0))
    try:
        service.put_model("bare", task=Task.REGRESSION)
        assert "features" in service.estimate("bare", window()).refusal
    finally:
        service.close()
