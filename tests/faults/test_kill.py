"""kill -9 at random moments under load: what was acknowledged is there, once, and the metrics know it."""

from __future__ import annotations

import random
import time
from collections import Counter

import numpy as np
import pytest

import assay
from assay.domain.columns import Kind
from tests.faults.harness import MODEL, Client, Ledger, Victim


def torment(victim: Victim, ledger: Ledger, *, kills: int, seed: int) -> None:
    """Kill the server again and again while clients send."""
    rng = random.Random(seed)
    victim.start()
    clients = [Client(victim, ledger) for _ in range(3)]
    for client in clients:
        client.start()
    try:
        for _ in range(kills):
            # Some kills come while the server is still busy with what the last one left behind.
            time.sleep(rng.choice([0.02, 0.3, 1.0]) * rng.random())
            victim.kill()
            victim.start()
        time.sleep(0.5)
    finally:
        for client in clients:
            client.ending.set()
        for client in clients:
            client.join(30)
        code = victim.stop()
    assert code == 0


def check(victim: Victim, ledger: Ledger) -> None:
    """Compare the ledger with the raw rows, and both with the metrics."""
    assert not ledger.failures, ledger.failures[0]
    with assay.open(victim.folder / "data") as monitor:
        (window,) = monitor.metrics(MODEL)
        calibration = monitor.calibration(MODEL)
        rows = monitor._service._lookup._raw.read(MODEL, Kind.PREDICTIONS).to_pydict()
        labels = monitor._service._lookup._raw.read(MODEL, Kind.LABELS).to_pydict()
    stored = Counter(rows["prediction_id"])
    lost = ledger.scores.keys() - stored.keys()
    doubled = [name for name, times in stored.items() if times > 1]
    unknown = stored.keys() - ledger.scores.keys()
    assert (len(lost), len(doubled), len(unknown)) == (0, 0, 0)
    told = Counter(labels["prediction_id"])
    assert told.keys() == ledger.truths.keys()
    assert set(told.values()) == {1}

    # The recount: from the ledger alone, without any of the program's code.
    score = np.array([ledger.scores[name] for name in ledger.truths])
    truth = np.array(list(ledger.truths.values()))
    called = (score > 0.5).astype(int)
    assert window.n_predictions == len(ledger.scores)
    assert window.n_labelled == len(truth)
    assert window.metrics["accuracy"].value == np.mean(called == truth)
    assert window.metrics["brier_score"].value == pytest.approx(np.mean((score - truth) ** 2), rel=1e-12)
    counted = Counter(zip(truth.astype(str).tolist(), called.astype(str).tolist(), strict=True))
    assert dict(calibration.confusion) == dict(counted)


def suffer(folder, *, kills: int, seed: int) -> None:
    victim, ledger = Victim(folder), Ledger()
    torment(victim, ledger, kills=kills, seed=seed)
    check(victim, ledger)
    print(
        f"{kills} kills: {len(ledger.scores)} predictions acknowledged, {ledger.repeated} requests repeated, "
        f"slowest start {victim.slowest_start:.1f} s"
    )
    assert ledger.repeated > 0
    assert victim.slowest_start < 10


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_or_doubled(tmp_path):
    suffer(tmp_path, kills=8, seed=1)


@pytest.mark.nightly
@pytest.mark.timeout(1_200)
def test_a_hundred_kills(tmp_path):
    suffer(tmp_path, kills=100, seed=2)
