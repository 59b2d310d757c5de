"""A thousand models and five hundred features: found, sorted, paged, and small."""

from __future__ import annotations

import re
import time

import httpx
import numpy as np
import pyarrow as pa
import pytest

from assay.dashboard.directory import PER_PAGE, Directory, Question, parse_question
from assay.dashboard.feature_list import Choice, feature_list, parse_choice
from assay.dashboard.names import feature_key
from assay.dashboard.readings import Readings
from assay.dashboard.view import parse_view
from assay.domain.columns import Kind
from assay.domain.model import Task
from assay.errors import InvalidInput
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from tests.dashboard import traffic
from tests.dashboard.conftest import Site, serve
from tests.dashboard.memory import MemoryService
from tests.dashboard.test_pages import checked

SMALL = 100_000


# -- features -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A site with one model of 500 features, feature-007 of which moves."""
    service = build_service(Settings(data_dir=tmp_path_factory.mktemp("wide"), min_free_bytes=0))
    service.put_model("wide", task=Task.BINARY)
    rng = np.random.default_rng(1)
    rows = traffic.flights(rng, days=3, per_day=80)
    table = traffic.prediction_table(rows, rng, prefix="w", version_from=99)
    table = table.select([name for name in table.column_names if name[1:2] != ":"])
    for place in range(500):
        values = rng.normal(size=rows.n) + (place == 7) * (np.arange(rows.n) > 120) * 3
        table = table.append_column(f"n:feature-{place:03}", pa.array(values))
    past = table.slice(0, 120).select([name for name in table.column_names if name.startswith("n:")])
    traffic.send(service, "wide", Kind.PREDICTIONS, table)
    service.put_reference("wide", past, name="past")
    assert service.catch_up(timeout=60)
    yield from serve(service)
    service.close()


def names_in(text: str) -> list[str]:
    return re.findall(r'<a href="features/[0-9a-f]{16}\?[^"]*"><bdi[^>]*>([^<]+)</bdi>', text)


def test_every_feature_is_reached_and_every_page_is_small(wide: Site):
    page = httpx.get(f"{wide.address}/models/wide?period=all&step=1d", timeout=30)
    assert len(page.content) < SMALL
    found: list[str] = []
    address = "/models/wide/features?period=all&step=1d"
    while address:
        answer = httpx.get(wide.address + address, timeout=30)
        checked(answer.text)
        assert len(answer.content) < SMALL
        found += names_in(answer.text)
        following = re.search(r'<a class="button small" href="(features\?[^"]+)">Next', answer.text)
        address = "/models/wide/" + following[1].replace("&amp;", "&") if following else ""
    assert found[0] == "feature-007"
    assert sorted(found) == [f"feature-{place:03}" for place in range(500)]


def test_features_are_found_and_sorted(wide: Site):
    path = f"{wide.address}/models/wide/features?period=all&step=1d"
    answer = httpx.get(f"{path}&find=FEATURE-12", timeout=30).text
    assert sorted(names_in(answer)) == [f"feature-12{digit}" for digit in range(10)]
    assert "10 of 500 features" in answer
    answer = httpx.get(f"{path}&sort=name&page=13", timeout=30).text
    assert names_in(answer) == [f"feature-{place:03}" for place in range(480, 500)]
    assert names_in(httpx.get(f"{path}&sort=ks", timeout=30).text)[0] == "feature-007"
    assert "No feature" in httpx.get(f"{path}&find=%3Cscript%3E", timeout=30).text


def test_a_table_of_features_does_not_wait_for_its_lines(wide: Site):
    choice = "period=all&step=1d&sort=name&page=3"
    page = f"{wide.address}/models/wide/features?{choice}"
    first = httpx.get(page, timeout=30).text
    table = re.search(r"<tbody>.*</tbody>", first, re.DOTALL)[0]
    assert "<svg" not in table
    assert "drawn with JavaScript</noscript>" in first
    keys = re.findall(r'data-line="([0-9a-f]{16})"', table)
    assert len(keys) == 40
    source = re.search(r'data-lines-src="([^"]+)"', first)[1].replace("&amp;", "&")
    lines = httpx.get(f"{wide.address}/models/wide/{source}", timeout=30).text
    assert re.findall(r'<div data-line="([0-9a-f]{16})">\s*<svg', lines) == keys
    again = httpx.get(page, timeout=30).text  # now they are known
    assert "data-lines-src" not in again
    assert "JavaScript" not in again
    drawn = re.compile(r'data-line="([0-9a-f]{16})">\s*<svg[^>]*>(.*?)</svg>', re.DOTALL)
    assert drawn.findall(again) == drawn.findall(lines)
    assert len(drawn.findall(again)) == 40


def test_known_lines_are_forgotten_with_the_next_change():
    service = MemoryService()
    traffic.fill_flights(service, per_day=20)
    readings = Readings(service)
    model = readings.model("flights")
    view = parse_view({"period": "all"}, model, now=time.time_ns() // 1_000)
    for _ in range(2):
        assert feature_list(readings, "flights", view, Choice(), wait=False).unread
        assert all(
            row.line and row.line.line for row in feature_list(readings, "flights", view, Choice()).rows
        )
        known = feature_list(readings, "flights", view, Choice(), wait=False)
        assert not known.unread
        assert known == feature_list(readings, "flights", view, Choice())
        service.rows["flights"].revision += 1


def test_the_map_shows_the_features_of_the_table(wide: Site):
    figures = f"{wide.address}/models/wide/figures"
    first = httpx.get(f"{figures}/drift.json?period=all&step=1d", timeout=30).json()
    assert first["layout"]["yaxis"]["ticktext"][0] == "feature-007"
    assert len(first["layout"]["yaxis"]["ticktext"]) == 40
    page = httpx.get(f"{figures}/drift.json?period=all&step=1d&sort=name&page=2", timeout=30).json()
    assert sorted(page["layout"]["yaxis"]["ticktext"]) == [f"feature-{place:03}" for place in range(40, 80)]
    csv = httpx.get(f"{figures}/drift.csv?period=all&step=1d&find=feature-007", timeout=30).text
    assert set(re.findall(r"feature-\d{3}", csv)) == {"feature-007"}


def test_a_features_page_says_what_changed(wide: Site):
    answer = httpx.get(
        f"{wide.address}/models/wide/features/{feature_key('feature-007')}?period=all&step=1d", timeout=30
    )
    checked(answer.text)
    assert len(answer.content) < SMALL
    assert "The mean rose from" in answer.text
    calm = httpx.get(
        f"{wide.address}/models/wide/features/{feature_key('feature-100')}?period=all&step=1d", timeout=30
    )
    assert "No change beyond chance" in calm.text
    assert httpx.get(f"{wide.address}/models/wide/features/{'0' * 16}").status_code == 404


@pytest.mark.parametrize(
    "params",
    [{"sort": "x"}, {"page": "0"}, {"page": "-1"}, {"page": "x"}, {"page": "9" * 400}, {"page": "٣"}],
)
def test_a_choice_that_is_not_understood_is_refused(params):
    with pytest.raises(InvalidInput):
        parse_choice(params)
    with pytest.raises(InvalidInput):
        parse_question(params)


def test_the_default_is_not_in_the_address():
    assert Choice().query() == ""
    assert Choice(find="a b").query(sort="psi") == "find=a+b&sort=psi"
    assert Question().query() == ""
    assert Question(find="x", trouble=True, page=3).query() == "find=x&trouble=1"


# -- models ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def thousand():
    """A service with a thousand models; every hundredth has predictions, of which model-0300 has most."""
    service = MemoryService()
    for place in range(1_000):
        service.put_model(f"model-{place:04}", task=(Task.BINARY, Task.REGRESSION)[place % 2])
    rng = np.random.default_rng(2)
    for place in range(0, 1_000, 100):
        rows = traffic.flights(rng, days=3, per_day=60 if place == 300 else 20 + place // 100)
        table = traffic.prediction_table(rows, rng, prefix="m", version_from=99)
        if place != 500:
            table = table.drop_columns(["error_type"]).append_column(
                "error_type", pa.nulls(rows.n, pa.string())
            )
        else:
            table = table.set_column(
                table.column_names.index("error_type"), "error_type", pa.array(["Timeout"] * rows.n)
            )
        traffic.send(service, f"model-{place:04}", Kind.PREDICTIONS, table)
    return service


def listed(text: str) -> list[str]:
    return re.findall(r'<a href="/models/(model-\d+)">', text)


def test_a_thousand_models_are_paged_and_small(thousand: MemoryService):
    for site in serve(thousand):
        found: list[str] = []
        for page in range(1, 35):
            answer = httpx.get(f"{site.address}/?page={page}", timeout=30)
            assert len(answer.content) < SMALL
            if page in (1, 34):
                checked(answer.text)
            found += listed(answer.text)
        assert found == [f"model-{place:04}" for place in range(1_000)]
        assert listed(httpx.get(f"{site.address}/?find=L-012&task=binary").text) == [
            f"model-012{digit}" for digit in (0, 2, 4, 6, 8)
        ]
        assert httpx.get(f"{site.address}/?task=magic").status_code == 400


def test_an_order_completes_by_itself(thousand: MemoryService):
    directory = Directory(Readings(thousand), now=lambda: time.time_ns() // 1_000)
    first = directory.listing(Question(sort="predictions"))
    assert first.total == first.found == 1_000
    assert len(first.rows) == PER_PAGE
    deadline = time.monotonic() + 60
    revisions = {directory.revision()}
    while (now := directory.listing(Question(sort="predictions"))).unread:
        assert time.monotonic() < deadline
        revisions.add(directory.revision())
        time.sleep(0.05)
    assert len(revisions) > 2, "a page that watches was not told"
    assert [name for name, _ in now.rows[:3]] == ["model-0300", "model-0900", "model-0800"]
    assert next(name for name, _ in directory.listing(Question(sort="errors")).rows) == "model-0500"
    assert [name for name, _ in directory.listing(Question(trouble=True)).rows] == ["model-0500"]


def test_a_line_is_not_read_again_at_once(thousand: MemoryService):
    clock = [0.0]
    directory = Directory(Readings(thousand), now=lambda: time.time_ns() // 1_000, clock=lambda: clock[0])
    first = directory.row("model-0300")
    thousand.rows["model-0300"].revision += 1
    assert directory.row("model-0300") is first
    clock[0] = 16.0
    assert directory.row("model-0300") is not first
