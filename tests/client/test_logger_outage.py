"""A real server that is killed, fails, is slow or loses its answers: what fits the bound is stored once."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter

import pytest
from tests.client.logger_server import Server, free_port, proxy_to

import assay
from assay.client.transport import Retry

QUICK = Retry(first=0.05, longest=0.2)
_names = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("outage") / "data")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def model():
    return f"outage-{next(_names)}"


def load(logger, ids, seconds, *, threads=2, pause=0.002):
    """Log from some threads for a while; return the longest time that a call took."""
    slowest = [0.0] * threads
    end = time.monotonic() + seconds

    def work(number):
        turn = 0
        while time.monotonic() < end:
            began = time.perf_counter()
            ids.append(logger.log({"thread": number, "turn": turn, "text": "x" * 20}, score=0.5))
            slowest[number] = max(slowest[number], time.perf_counter() - began)
            turn += 1
            time.sleep(pause)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    return workers, slowest


def check_once(server, model, logger, ids):
    """Every id is stored once, if it was not dropped; nothing raised, nothing is missing from the counts."""
    stats = logger.stats
    assert stats.queued == 0
    count, stored = server.stored(model)
    assert max(Counter(stored).values()) == 1
    assert set(stored) <= set(ids)
    assert count == len(stored) == stats.sent
    assert stats.sent + stats.dropped_total == len(ids)
    return stats


def test_a_server_that_is_killed_and_comes_back(server, model):
    ids = []
    with assay.open(server.url) as monitor:
        logger = monitor.logger(model=model, retry=QUICK, batch_seconds=0.05)
        workers, slowest = load(logger, ids, 2.0)
        time.sleep(0.4)
        server.kill()
        time.sleep(0.5)
        server.start()
        for worker in workers:
            worker.join()
        assert logger.flush(20)
        stats = check_once(server, model, logger, ids)
    assert stats.dropped == {}
    assert stats.retries > 0
    assert max(slowest) < 2.0  # no call waited for the server; the machine itself may be slow


def test_a_server_that_fails_in_every_way(server, model):
    ids = []
    with proxy_to(server.url) as proxy, assay.open(proxy.url) as monitor:
        logger = monitor.logger(model=model, retry=Retry(first=0.02, longest=0.05), batch_seconds=0.02)
        workers, slowest = load(logger, ids, 3.0)
        proxy.seconds = 0.2
        retries = {}
        for mode in ("500", "503", "401", "garbage", "cut", "slow"):
            before = logger.stats.retries
            proxy.mode = mode
            time.sleep(0.3)
            proxy.mode = "up"
            time.sleep(0.1)
            retries[mode] = logger.stats.retries - before
        for worker in workers:
            worker.join()
        assert logger.flush(20)
        stats = check_once(server, model, logger, ids)
        keys = {}
        for _, key, body in proxy.requests:
            assert keys.setdefault(key, body) == body  # sent again as it was
    assert stats.dropped == {}
    assert min(retries[mode] for mode in retries if mode != "slow") > 0
    assert max(slowest) < 2.0


def test_what_does_not_fit_is_dropped_and_the_rest_is_stored_once(server, model):
    ids = []
    with proxy_to(server.url) as proxy, assay.open(proxy.url) as monitor:
        proxy.mode = "500"
        logger = monitor.logger(model=model, retry=QUICK, batch_seconds=0.02, max_rows=200)
        workers, _ = load(logger, ids, 1.0, pause=0.001)
        for worker in workers:
            worker.join()
        assert logger.stats.queued <= 200
        proxy.mode = "up"
        assert logger.flush(20)
        stats = check_once(server, model, logger, ids)
    assert stats.sent == 200
    assert set(stats.dropped) == {"queue_full"}
    assert server.stored(model)[1]


def test_retry_after_is_obeyed(server, model):
    with proxy_to(server.url) as proxy, assay.open(proxy.url) as monitor:
        proxy.mode, proxy.retry_after = "503", 1
        logger = monitor.logger(model=model, retry=Retry(first=0.01, longest=0.02), batch_seconds=0.01)
        logger.log({"x": 1})
        while not proxy.requests:
            time.sleep(0.01)
        proxy.mode = "up"
        assert logger.flush(20)
        assert proxy.requests[1][0] - proxy.requests[0][0] >= 1.0


def test_bad_rows_cost_the_good_ones_nothing(server, model):
    with assay.open(server.url) as monitor:
        logger = monitor.logger(model=model, batch_seconds=0.01)
        logger.log({"x": [1, 2]})
        logger.log({"x": 1.0}, timestamp="soon")
        assert logger.flush()
        assert logger.stats.dropped == {"rejected": 2}
        good = [logger.log({"x": float(number)}) for number in range(3)]
        logger.log({"x": {"nested": True}})
        logger.log({"half a pair": "\ud800"})
        again = logger.log({"x": 9.0}, prediction_id=good[0])
        assert again == good[0]
        assert logger.flush()
        stats = logger.stats
        assert (stats.sent, stats.duplicates, stats.dropped) == (3, 1, {"rejected": 4})
        assert sorted(server.stored(model)[1]) == sorted(good)


def test_nobody_listens(model, caplog):
    with assay.open(f"http://127.0.0.1:{free_port()}") as monitor:
        logger = monitor.logger(model=model, retry=QUICK, batch_seconds=0.01, max_rows=50, exit_seconds=0.2)
        for number in range(100):
            logger.log({"x": number})
        assert not logger.flush(0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    stats = logger.stats
    assert stats.sent == stats.queued == 0
    assert stats.dropped == {"queue_full": 50, "closed": 50}
    assert "is the server running" in stats.last_error
    assert "cannot be delivered and are kept" in caplog.text
    assert "dropped 50 rows" in caplog.text


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("mode", ["down", "500", "slow"])
def test_ten_minutes_of_trouble_under_load(tmp_path, model, mode):
    """A busy service while the server is away: memory is bounded, and what was kept arrives once."""
    server = Server(tmp_path / "data")
    server.start()
    ids = []
    try:
        with (
            proxy_to(server.url) as proxy,
            assay.open(server.url if mode == "down" else proxy.url) as monitor,
        ):
            logger = monitor.logger(model=model, max_rows=20_000)
            workers, slowest = load(logger, ids, 620.0, threads=4, pause=0.004)
            time.sleep(5)
            if mode == "down":
                server.kill()
            proxy.seconds, proxy.mode = 10.0, mode
            most = 0
            for _ in range(600):
                time.sleep(1)
                most = max(most, logger.stats.queued)
            if mode == "down":
                server.start()
            proxy.mode = "up"
            for worker in workers:
                worker.join()
            assert logger.flush(120)
            stats = logger.stats
            assert most <= 20_000
            assert stats.queued == 0
            assert stats.sent + stats.dropped_total == len(ids)
            assert set(stats.dropped) <= {"queue_full"}
            with assay.open(server.url) as direct:
                assert direct.model(model).predictions == stats.sent
    finally:
        server.stop()
    assert max(slowest) < 2.0
