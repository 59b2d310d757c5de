"""Ways through the pages in a real browser: zooming, dates, comparing, features, data behind a chart."""

from __future__ import annotations

import itertools
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from assay.dashboard.names import feature_key

pytestmark = pytest.mark.browser


def query(visit) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(visit.page.url).query).items()}


def test_a_stretch_drawn_over_a_chart_becomes_the_period(site, visit):
    page = visit(site)
    page.open("/models/flights?period=90d&slice=origin%3AJFK")
    page.until("document.querySelector('#fig-volume')?.dataset.drawn")
    whole = page.page.evaluate("document.querySelector('#fig-volume .plot').dataset.span.split('|')")
    page.page.locator("#fig-volume").scroll_into_view_if_needed()
    box = page.page.locator("#fig-volume .nsewdrag").bounding_box()
    across = box["y"] + box["height"] / 2
    page.page.mouse.move(box["x"] + box["width"] * 0.30, across)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.45, across, steps=4)
    page.page.mouse.move(box["x"] + box["width"] * 0.50, across, steps=4)
    page.page.mouse.up()
    page.until("location.search.includes('start=')")
    page.until("document.querySelector('#dates')?.open")
    found = query(page)
    assert found["slice"] == "origin:JFK"
    assert "period" not in found
    assert whole[0] < found["start"].replace("T", " ") < found["end"].replace("T", " ") < whole[1]
    assert found["start"].endswith("T00:00"), "the stretch is made of whole windows"
    page.page.get_by_role("link", name="Reset").click()
    page.until("!location.search.includes('start=')")
    assert query(page) == {"slice": "origin:JFK"}
    page.page.go_back()
    page.until("location.search.includes('start=')")
    page.page.go_back()
    page.until("location.search.includes('period=90d')")
    page.check()


def test_dates_are_given_by_keyboard(site, visit):
    page = visit(site)
    page.open("/models/flights?period=all")
    page.page.locator("#dates summary").focus()
    page.page.keyboard.press("Enter")
    assert page.page.evaluate("document.querySelector('#dates').open")
    page.page.get_by_label("From").fill("2013-05-01T00:00")
    page.page.get_by_label("to", exact=True).fill("2013-06-01T00:00")
    page.page.keyboard.press("Enter")
    page.until("location.search.includes('start=')")
    page.until("document.querySelector('.lead strong')?.innerText === '1 May – 31 May 2013'")
    page.check()


def test_the_period_before_is_drawn_beneath(site, visit):
    page = visit(site)
    page.open("/models/flights?period=30d")
    page.page.get_by_label("Compare with the period before").check()
    page.until("location.search.includes('compare=before')")
    page.until("document.querySelector('#fig-metric-accuracy')?.dataset.drawn")
    page.until("document.querySelector('#fig-volume')?.dataset.drawn")
    for name in ("metric-accuracy", "volume", "latency"):
        dashed = page.page.evaluate(
            f"document.querySelector('#fig-{name} .plot').data.filter(t => t.line?.dash === 'dash').length"
        )
        assert dashed >= 1, name
    page.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_feature_is_reached_and_drawn(site, visit, theme):
    page = visit(site, theme=theme)
    page.open("/models/flights?period=all")
    page.until("document.querySelector('#features-panel')?.scrollIntoView() || true")
    page.until("document.querySelector('#features tbody a')")
    page.page.locator("#features tbody a", has_text="carrier").click()
    page.until(f"location.pathname === '/models/flights/features/{feature_key('carrier')}'")
    page.whole()
    assert page.page.locator("[data-figure]").count() == 4
    assert page.page.locator("#feature-verdict table tbody tr").count() >= 1
    bars = page.page.evaluate("document.querySelector('#fig-distribution .plot').data.map(t => t.name)")
    assert bars == ["reference", "this period"]
    assert "of the values" in page.page.locator("#words").inner_text()
    page.open(f"/models/flights/features/{feature_key('wind_speed')}?period=all")
    page.whole()
    assert page.page.locator("[data-figure]").count() == 5
    assert "have no value" in page.page.locator("#words").inner_text()
    page.check()


def test_features_are_sought_by_keyboard(site, visit):
    page = visit(site)
    page.open("/models/flights/features?period=all")
    page.page.get_by_label("Find a feature").fill("pres")
    page.page.keyboard.press("Enter")
    page.until("location.search.includes('find=pres')")
    page.whole()
    assert query(page)["period"] == "all"
    assert page.page.locator("#features tbody tr").count() == 1
    page.page.get_by_role("link", name="PSI").click()
    page.until("location.search.includes('sort=psi')")
    assert query(page)["find"] == "pres"
    page.check()


def test_lines_of_features_come_after_the_table_and_stay(site, visit):
    page = visit(site)
    for path in ("/models/flights/features", "/models/flights"):
        page.open(f"{path}?period=90d&step=7d")
        page.whole()
        table = page.page.locator("#features")
        assert table.locator("td[data-line] svg path.line").count() == table.locator("tbody tr").count() == 10
        assert "JavaScript" not in table.locator("caption").inner_text()
    assert any("/feature-lines?" in url for url in page.requests)
    page.check()


def test_what_could_not_be_read_is_said_and_asked_for_again(site, visit):
    page = visit(site)
    lost = re.compile("feature-lines|figures/volume")
    page.page.route(lost, lambda route: route.abort())
    page.open("/models/flights?period=24h&step=1h")
    page.page.set_viewport_size({"width": 1440, "height": 4000})
    lines = page.page.get_by_text("The lines over time could not be read.")
    figure = page.page.get_by_text("The server could not be reached.")
    lines.wait_for()
    figure.wait_for()
    page.page.unroute(lost)
    figure.get_by_role("button", name="Try again").click()
    page.until("document.querySelector('#fig-volume').dataset.drawn")
    lines.get_by_role("button", name="Try again").focus()
    page.page.keyboard.press("Enter")
    page.until("document.querySelectorAll('td[data-line] svg path.line').length > 0")
    assert lines.count() == figure.count() == 0


def test_dates_of_a_narrow_map_stand_apart(site, visit):
    page = visit(site, width=380)
    page.open("/models/flights/features?period=90d")
    page.whole()
    boxes = page.page.evaluate(
        "[...document.querySelectorAll('#fig-drift .xtick text')].map(text => text.getBoundingClientRect())"
    )
    spans = sorted((box["left"], box["right"]) for box in boxes)
    assert len(spans) >= 2
    assert all(right <= left for (_, right), (left, _) in itertools.pairwise(spans))


def test_the_data_behind_a_chart(site, visit):
    page = visit(site)
    page.open("/models/flights?period=90d")
    page.until("document.querySelector('#fig-volume')?.dataset.drawn")
    figure = page.page.locator("#fig-volume")
    figure.locator("details.data summary").click()
    page.until("document.querySelector('#fig-volume-python')")
    assert f"assay.open('{site.address}')" in page.page.locator("#fig-volume-python").inner_text()
    assert (
        page.page.locator("#fig-volume-api")
        .inner_text()
        .startswith(f"curl -s '{site.address}/api/v1/models/flights/metrics?")
    )
    with page.page.expect_download() as download:
        figure.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "flights-volume.csv"
    assert "predictions" in download.value.path().read_text().splitlines()[0]
    page.check()


def test_empty_periods_say_what_to_do(site, fresh, visit):
    page = visit(site)
    page.open("/models/flights?start=2001-01-01&end=2001-02-01")
    assert "No predictions in this period" in page.page.locator("main").inner_text()
    page.page.get_by_role("link", name="Show all of them").click()
    page.until("location.search === '?period=all'")
    page.check()


@pytest.mark.parametrize("width", [380, 720])  # a telephone; a desk's window at 200%
def test_feature_pages_fit(site, visit, width):
    page = visit(site, width=width)
    for path in (f"/models/flights/features/{feature_key('carrier')}", "/models/flights/features", "/"):
        page.open(path)
        page.whole()
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.check()


def test_a_year_of_four_digits_is_typed_into_dates(site, visit):
    page = visit(site)
    page.open("/models/flights")
    page.page.locator("summary", has_text="Dates").press("Enter")
    start = page.page.locator("input[name=start][type=datetime-local]")
    start.press_sequentially("060120130830AM")  # without a limit the browser waits for two digits more
    assert start.input_value() == "2013-06-01T08:30"
    page.check()


def test_a_telephone_has_the_ways_to_everything(site, visit):
    page = visit(site, width=380)
    page.open("/models/flights")
    for name in ("Help", "API"):
        assert page.page.locator(".top").get_by_role("link", name=name).is_visible()
    assert page.page.locator(".top").evaluate("top => top.scrollWidth <= innerWidth")
    page.check()


def test_the_table_of_features_fits_beside_the_chart(site, visit):
    page = visit(site, width=1280)
    page.open("/models/flights/features")
    table = page.page.locator(".drift-scroll")
    assert table.evaluate("box => box.scrollWidth <= box.clientWidth")
    heights = page.page.locator("#features tbody th bdi").evaluate_all(
        "all => all.map(one => one.offsetHeight)"
    )
    assert max(heights) < 30  # one line each: no name is broken
    page.check()


def test_a_click_on_the_map_of_drift_leads_to_the_feature(site, visit):
    page = visit(site)
    page.open("/models/flights?period=30d")
    page.until("document.querySelector('#fig-drift')?.scrollIntoView() || true")
    page.until("document.querySelector('#fig-drift').dataset.drawn")
    page.until("document.querySelector('#verdict-panel .verdict-line')")
    box = page.page.locator("#fig-drift .nsewdrag").first.bounding_box()
    keys = page.page.evaluate("document.querySelector('#fig-drift .plot').keys")
    place = box["x"] + box["width"] / 2, box["y"] + box["height"] * 1.5 / len(keys)
    page.page.mouse.move(*place)
    page.page.wait_for_timeout(200)
    page.page.mouse.click(*place)
    page.until(f"location.pathname === '/models/flights/features/{keys[1]}'")
    page.check()
