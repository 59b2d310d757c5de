"""The pages in a real browser: what a person sees, and what a browser complains about."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.dashboard.names import model_path
from tests.dashboard import traffic
from tests.dashboard.conftest import serve

pytestmark = pytest.mark.browser

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def drawn(visit):
    """Number of figures with lines, bars or cells in them."""
    return visit.page.evaluate(
        "[...document.querySelectorAll('[data-figure] .plot')].filter(plot => "
        "plot.querySelector('.scatterlayer path, .barlayer path, .heatmaplayer image')).length"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_model_page_draws_every_figure(site, visit, theme, tmp_path):
    page = visit(site, theme=theme)
    page.open("/models/flights?period=all")
    page.whole()
    assert drawn(page) == page.page.locator("[data-figure]").count() == 14
    assert page.page.locator("#features tbody tr").count() == 10
    assert page.page.locator("#features tbody tr").first.locator("th").inner_text().startswith("temperature")
    colour = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == {"light": "rgb(245, 246, 249)", "dark": "rgb(14, 17, 22)"}[theme]
    page.check()
    update = os.environ.get("ASSAY_UPDATE_SCREENSHOTS") == "1"
    folder = IMAGES if update else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    name = "first-page.png" if theme == "light" else "first-page-dark.png"
    page.page.screenshot(path=folder / name, clip={"x": 0, "y": 0, "width": 1440, "height": 1330})
    page.page.screenshot(path=tmp_path / f"whole-{name}")
    assert (folder / name).stat().st_size > 50_000


def test_list_of_models(site, visit):
    page = visit(site)
    page.open("/")
    page.until("document.querySelectorAll('#models tbody tr').length === 4")
    page.until("!document.querySelector('[data-row-src]') || !document.body.innerText.includes('loading')")
    assert "ROC AUC" in page.page.locator("#models").inner_text()
    page.page.get_by_role("link", name="flights", exact=True).click()
    page.until("location.pathname === '/models/flights'")
    page.check()


def test_hostile_names_do_nothing(site, visit):
    page = visit(site)
    page.open("/")
    page.until("document.querySelectorAll('#models tbody tr').length === 4")
    page.open(model_path(traffic.HOSTILE[0]) + "?period=all")
    page.whole()
    for summary in page.page.locator("details.data summary").all():
        summary.click()
    page.until("document.querySelectorAll('details.data table').length >= 6")
    shown = page.page.evaluate("document.querySelector('#fig-drift .plot').textContent")
    assert "<img src=x onerr" in shown
    assert "__proto__" in shown
    for place in range(3):
        assert "owned" not in page.page.title().replace("'owned'", "")
        assert page.page.evaluate("document.querySelectorAll('main img, main script, .plot a').length") == 0
        page.page.locator("#features tbody a").nth(place).click()
        page.until("document.querySelector('#fig-distribution')")
        page.whole()
        page.page.go_back()
        page.whole()
    page.check()


def test_a_slice_is_chosen_and_kept_in_the_address(site, visit):
    page = visit(site)
    page.open("/models/flights?period=90d")
    everything = page.page.locator(".tile-value").first.inner_text()
    page.page.get_by_label("Slice").select_option("origin:JFK")
    page.until("location.search.includes('slice=origin%3AJFK')")
    page.until("document.querySelector('.tile-value')")
    assert "period=90d" in page.page.url
    assert page.page.locator(".tile-value").first.inner_text() != everything
    page.check()


def test_live_update_arrives_without_a_reload(fresh, visit):
    traffic.fill_regression(fresh, model_id="eta")
    for site in serve(fresh):
        page = visit(site)
        page.open("/models/eta?period=all")
        page.whole()
        page.until("document.querySelector('#live').dataset.state === 'on'")
        page.page.evaluate("window.sameDocument = true")
        before = page.page.locator(".tile-value").first.inner_text()
        plot = "document.querySelector('#fig-volume .plot')"
        bars = page.page.evaluate(f"{plot}.data[0].y.reduce((a, b) => a + b, 0)")
        page.page.evaluate(f"{plot}.firstChild.marked = true")
        traffic.fill_regression(fresh, model_id="spare")  # makes rows to copy
        more = fresh.rows["spare"].predictions
        fresh.rows["eta"].predictions = more.append_column("n:new", more.column("latency_ms")).slice(800)
        fresh.rows["eta"].revision += 1
        page.until(f"document.querySelector('.tile-value').innerText !== {before!r}")
        page.until(f"{plot}.data[0].y.reduce((a, b) => a + b, 0) !== {bars}")
        assert page.page.evaluate("window.sameDocument === true")
        assert page.page.evaluate(f"{plot}.firstChild.marked === true"), "the figure was made anew"
        page.check()


def test_the_first_model_appears_by_itself(fresh, visit):
    for site in serve(fresh):
        page = visit(site)
        page.open("/")
        assert site.address in page.page.locator("#snippet-python").inner_text()
        page.until("document.querySelector('#live').dataset.state === 'on'")
        traffic.fill_regression(fresh, model_id="eta")
        page.until("document.querySelector('#models tbody tr')?.innerText.includes('eta')")
        page.check()


def test_theme_is_kept(site, visit):
    page = visit(site)
    page.open("/")
    page.page.get_by_label("Switch between light and dark").click()
    assert page.page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.open("/")
    assert page.page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.check()


def test_figures_fit_a_telephone(site, visit):
    page = visit(site, width=390)
    page.open("/models/flights?period=30d")
    page.whole()
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
    page.check()


def test_figures_can_be_read_without_seeing_them(site, visit):
    page = visit(site)
    page.open("/models/flights?period=all")
    page.whole()
    labels = page.page.evaluate(
        "[...document.querySelectorAll('[data-figure] .plot')].map(plot => plot.getAttribute('aria-label'))"
    )
    assert all(len(label) > 25 and "loading" not in label for label in labels)
    page.page.locator("#fig-volume details.data summary").focus()
    page.page.keyboard.press("Enter")
    page.until("document.querySelectorAll('#fig-volume table tbody tr').length > 40")
    page.check()


def test_the_keyboard_reaches_the_content_first(site, visit):
    page = visit(site)
    page.open("/")
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.page.keyboard.press("Enter")
    assert page.page.evaluate("document.activeElement.id") == "main"


def test_an_error_on_a_figure_is_said_in_its_place(fresh, visit):
    traffic.fill_regression(fresh, model_id="eta")
    original = fresh.metrics

    def broken(model_id, **given):
        if given.get("step"):
            raise ValueError("secret detail")
        return original(model_id, **given)

    for site in serve(fresh):
        page = visit(site)
        fresh.metrics = broken
        page.open("/models/eta")
        text = page.page.locator("main").inner_text()
        assert "Something went wrong" in text
        assert "secret" not in text
        assert "Traceback" not in page.page.content()


def test_plotly_is_loaded_for_a_figure_in_sight_and_what_is_seen_is_drawn_first(site, visit):
    page = visit(site)
    page.page.set_viewport_size({"width": 1440, "height": 100})
    page.open("/models/flights?period=all")
    figure = page.page.locator("[data-figure]").first.evaluate("item => item.getBoundingClientRect().top")
    assert figure > 100 + 300  # neither in sight nor near
    page.until("document.readyState === 'complete'")
    page.page.wait_for_timeout(300)
    assert page.page.locator("script[src*='plotly.min.js']").count() == 0
    page.page.set_viewport_size({"width": 1440, "height": int(figure) + 120})
    page.until("document.querySelector('[data-figure]').dataset.drawn")
    page.until(
        "[...document.querySelectorAll('[data-figure]')].filter(item => item.dataset.drawn).length > 4"
    )
    asked = [url.split("/figures/")[1].split(".json")[0] for url in page.requests if "/figures/" in url]
    tops = page.page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-figure]')].map(item => "
        "[item.dataset.src.split('.json')[0], item.getBoundingClientRect().top]))"
    )
    assert [tops[name] for name in asked] == sorted(tops[name] for name in asked)
    assert len([url for url in page.requests if "plotly.min.js" in url]) == 1
    page.check()


def test_charts_whose_program_does_not_come_say_so_and_can_be_asked_for_again(site, visit):
    page = visit(site)
    page.page.route("**/plotly.min.js*", lambda route: route.abort())
    page.open("/models/flights?period=all")
    page.page.locator("[data-figure]").first.scroll_into_view_if_needed()
    page.until("document.querySelector('.plot-error')")
    assert "could not be read" in page.page.locator(".plot-error").first.inner_text()
    page.page.unroute("**/plotly.min.js*")
    page.page.locator(".plot-error button").first.click()
    page.until("document.querySelector('[data-figure]').dataset.drawn")
