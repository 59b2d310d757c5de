"""Pages of single predictions, over the real service."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import numpy as np
import pyarrow as pa
import pytest

from assay.dashboard.names import model_path
from assay.dashboard.predictions import prediction_path
from assay.domain.columns import TIMESTAMP, Kind
from assay.domain.model import Task
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from assay.testing.names import HOSTILE_NAMES
from tests.dashboard import traffic
from tests.server.conftest import Live, running

HOSTILE = [*traffic.HOSTILE, *HOSTILE_NAMES, "=cmd|' /C calc'!A0", "..", "a.csv"]
WIDE = 400


def log(service: Service, model: str, ids: list[str], **columns: pa.Array) -> None:
    times = pa.array([traffic.START + place for place in range(len(ids))]).cast(TIMESTAMP)
    table = pa.table(
        {
            "prediction_id": pa.array(ids),
            "model_version": pa.array(["v1"] * len(ids)),
            "timestamp": times,
            "received_at": times,
            **columns,
        }
    )
    traffic.send(service, model, Kind.PREDICTIONS, table)


def fill(service: Service) -> None:
    traffic.fill_flights(service, days=20, per_day=30)
    service.put_model("hostile", task=Task.MULTICLASS)
    texts = pa.array(HOSTILE)
    log(
        service,
        "hostile",
        HOSTILE,
        **{"prediction_class": texts, "t:k": texts, "s:x": texts, "p:a": pa.array([0.4] * len(HOSTILE))},
    )
    service.put_model("wide", task=Task.REGRESSION)
    columns = {f"n:feature {place}": pa.array([1.0 * place, 2.0, 3.0]) for place in range(WIDE)}
    log(service, "wide", ["one", "two", "three"], prediction=pa.array([1.0, 2.0, 3.0]), **columns)
    service.put_model("empty", task=Task.BINARY)
    assert service.catch_up(timeout=100)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("predictions"), min_free_bytes=0)
    service = build_service(settings)
    fill(service)
    with running(create_app(service, settings)) as started:
        yield started
    service.close()


def get(live: Live, path: str) -> str:
    answer = live.http.get(path, headers={"Accept-Encoding": "identity"})
    assert answer.status_code == httpx.codes.OK, answer.text[-500:]
    assert len(answer.content) < 100_000
    return answer.text


def ids(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="predictions/(f\d+)">', page)


def api(live: Live, **params: object) -> list[dict[str, object]]:
    answer = live.http.get("/api/v1/models/flights/predictions", params={"limit": 10_000, **params})
    found: list[dict[str, object]] = answer.json()["predictions"]
    return found


def test_pages_lead_through_all_predictions(live: Live) -> None:
    found, path = [], "/models/flights/predictions"
    while path:
        page = get(live, path)
        found += ids(page)
        older = re.search(r'rel="next" href="\?([^"]+)"', page)
        path = f"/models/flights/predictions?{older[1].replace('&amp;', '&')}" if older else ""
    assert found == [one["prediction_id"] for one in api(live)]
    assert len(found) == 20 * 30


def test_conditions_of_the_address_hold(live: Live) -> None:
    everything = api(live)
    wrong = [one["prediction_id"] for one in everything if one["right"] is False]
    assert ids(get(live, "/models/flights/predictions?outcome=wrong")) == wrong[:50]
    unsure = [one for one in everything if (one["confidence"] or 1) < 0.6]
    assert (
        ids(get(live, "/models/flights/predictions?below=0.6"))
        == [one["prediction_id"] for one in unsure][:50]
    )
    there = [one["prediction_id"] for one in everything if one["tags"] == {"origin": "JFK"}]  # type: ignore[comparison-overlap]
    page = get(live, "/models/flights/predictions?slice=origin:JFK&contains=f1")
    assert ids(page) == [name for name in there if "f1" in str(name)][:50]
    assert "Remove: tag origin:JFK" in page
    assert 'value="f1"' in page


def test_an_id_is_found_wherever_it_lies(live: Live) -> None:
    page = get(live, "/models/flights/predictions?contains=f7&version=none")
    assert "exactly this id" in page
    assert 'href="predictions/f7"' in page


def test_what_is_shown_comes_as_csv(live: Live) -> None:
    text = live.http.get("/models/flights/predictions.csv?outcome=wrong").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["prediction_id"] for row in rows] == ids(
        get(live, "/models/flights/predictions?outcome=wrong")
    )
    assert {row["verdict"] for row in rows} == {"wrong"}
    found = live.http.get("/models/hostile/predictions.csv").text
    assert not [row for row in csv.reader(io.StringIO(found)) for cell in row if cell.startswith("=")]


def test_the_call_beside_the_list_gives_the_list(live: Live) -> None:
    page = get(live, "/models/flights/predictions?outcome=wrong&below=0.7&slice=origin:EWR")
    path = re.search(r"curl -s [^/]*//[^/]+(/api[^&]*(?:&amp;[^&#]*)*)&#39;", page)
    assert path is not None
    answer = live.http.get(path[1].replace("&amp;", "&")).json()
    assert [one["prediction_id"] for one in answer["predictions"]] == ids(page)


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: repr(name[:12]))
def test_any_id_has_its_page_and_none_is_taken_for_markup(live: Live, name: str) -> None:
    path = prediction_path("hostile", name)
    page = get(live, path or "/models/hostile/predictions")
    assert "<script>document" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert not re.search(r"on(error|mouseover)=.?document", re.sub(r'"[^"]*"', "", page))
    if path:
        assert "Predicted" in page
    segment = quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")
    found = live.http.get(f"/api/v1/models/hostile/predictions/{segment}").json()
    assert found["prediction_id"] == name


def test_many_features_stay_one_small_page(live: Live) -> None:
    page = get(live, "/models/wide/predictions/one")
    assert page.count("<tr") < 120
    assert "100 most unusual of 400" in page
    assert "feature 345" in get(live, "/models/wide/predictions/one?feature=345")
    assert "No feature has such a name" in get(live, "/models/wide/predictions/one?feature=none")


def test_places_are_those_of_the_reference(live: Live) -> None:
    rng = np.random.default_rng(7)
    traffic.flights(rng, days=20, per_day=30)
    found = live.http.get("/api/v1/models/flights/predictions/f9").json()
    places = {place["feature"]: place for place in found["places"]}
    assert set(places) == set(found["features"]) | {
        name for name, place in places.items() if place["place"] == "missing"
    }
    rarity = [place["rarity"] for place in found["places"]]
    assert rarity == sorted(rarity)
    page = get(live, "/models/flights/predictions/f9")
    assert page.count("strip-drawn") == sum(
        bool(place["spread"]) for place in found["places"] if place["value"] is not None
    )


def test_nothing_found_says_what_to_do(live: Live) -> None:
    assert "No predictions are stored" in get(live, "/models/empty/predictions")
    page = get(live, "/models/flights/predictions?contains=none-such")
    assert "No prediction meets these conditions" in page
    assert "Clear all conditions" in page


@pytest.mark.parametrize("query", ["outcome=odd", "below=x", "below=7", "slice=none", "after=zz", "start=x"])
def test_an_address_that_makes_no_sense_is_answered(live: Live, query: str) -> None:
    answer = live.http.get(f"/models/flights/predictions?{query}")
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "This address is not understood" in answer.text


def test_what_is_not_there_is_answered(live: Live) -> None:
    for path in (
        "/models/none/predictions",
        "/models/flights/predictions/none",
        f"{model_path('flights')}/predictions/~!",
    ):
        assert live.http.get(path).status_code == httpx.codes.NOT_FOUND
