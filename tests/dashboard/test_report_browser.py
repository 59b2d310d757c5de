"""The report in a real browser: opened from the disk, without a network, on the screen and on paper."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from assay.dashboard.names import model_path
from assay.dashboard.readings import Readings
from assay.dashboard.report import report_document
from tests.dashboard import traffic
from tests.dashboard.conftest import Visit
from tests.dashboard.test_every_page import OF_THE_THEME, axe

pytestmark = pytest.mark.browser

READY = "'ready' in document.documentElement.dataset"
PAGE = re.compile(rb"/Type\s*/Page\b")
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def files(demo, tmp_path_factory) -> dict[str, Path]:
    """Reports on the disk: of a model, and of one whose every name is an attack."""
    folder = tmp_path_factory.mktemp("reports")
    readings = Readings(demo)
    made = {}
    for key, model in (("flights", "flights"), ("hostile", traffic.HOSTILE[0])):
        made[key] = folder / f"{key}.html"
        made[key].write_text(report_document(readings, model, {"period": "all"}).html)
    return made


def drawn(visit: Visit) -> int:
    return visit.page.evaluate(
        "[...document.querySelectorAll('[data-figure] .plot')].filter(plot => "
        "plot.querySelector('.scatterlayer path, .barlayer path, .heatmaplayer image')).length"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_opens_from_the_disk_and_asks_nobody(files, offline, theme):
    visit = offline(files["flights"], theme=theme)
    visit.until(READY)
    assert drawn(visit) == visit.page.locator("[data-figure]").count() == 22
    assert visit.requests == [files["flights"].as_uri()]
    assert visit.console == []
    ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(245, 246, 249)", "dark": "rgb(14, 17, 22)"}[theme]
    text = visit.page.evaluate("document.querySelector('#fig-volume .plot').layout.font.color")
    assert text == {"light": "#1c2330", "dark": "#e5e8ee"}[theme]
    visit.page.evaluate(axe())
    options = {"resultTypes": ["violations"], **OF_THE_THEME[theme]}
    found = visit.page.evaluate("options => axe.run(document, options)", options)["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_it_follows_the_theme_and_the_width_of_the_window(files, offline):
    visit = offline(files["flights"])
    visit.until(READY)
    visit.page.emulate_media(color_scheme="dark")
    visit.until("document.querySelector('#fig-volume').dataset.drawn === 'dark'")
    visit.page.set_viewport_size({"width": 390, "height": 800})
    visit.until("document.querySelector('#fig-volume .main-svg').clientWidth < 390")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visit.console == []


def test_it_prints_light_and_cuts_no_chart(files, offline):
    visit = offline(files["flights"], theme="dark")
    visit.until(READY)
    for paper, width in (("A4", 595), ("Letter", 612)):
        content = visit.page.pdf(format=paper)
        assert content.startswith(b"%PDF")
        assert 4 <= len(PAGE.findall(content)) <= 10
        assert re.search(rb"/MediaBox\s*\[0 0 %d" % width, content)
    # As it is on paper: narrow, light, every chart inside its panel and kept on one page.
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    visit.page.emulate_media(media="print")
    charts = visit.page.evaluate(
        "[...document.querySelectorAll('[data-figure]')].map(figure => ["
        "getComputedStyle(figure).breakInside, figure.dataset.drawn, "
        "figure.querySelector('.main-svg').getBoundingClientRect().right <= "
        "figure.getBoundingClientRect().right + 1])"
    )
    assert charts == [["avoid", "light", True]] * 22
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    hidden = visit.page.evaluate("getComputedStyle(document.querySelector('.images')).display")
    assert hidden == "none"
    visit.page.emulate_media(media="screen")
    visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert visit.page.evaluate("document.querySelector('#fig-volume').dataset.drawn") == "dark"
    assert visit.console == []


def test_hostile_names_are_shown_and_do_nothing(files, offline):
    visit = offline(files["hostile"])
    visit.until(READY)
    assert visit.console == []
    assert visit.requests == [files["hostile"].as_uri()]
    assert visit.page.title().startswith("</script><script>")
    assert visit.page.locator("h1").inner_text() == "</script><script>document.title='owned'</script>"
    assert visit.page.evaluate("document.querySelectorAll('main img, main script, .plot a').length") == 0
    labels = visit.page.evaluate("document.querySelector('#fig-drift .plot').textContent")
    assert "<img src=x onerr" in labels
    assert "__proto__" in labels
    for summary in visit.page.locator("details.data summary").all()[:3]:
        summary.click()
    assert visit.page.locator("details[open] table tbody tr").count() > 10


def test_a_figure_is_saved_with_its_title(files, offline):
    visit = offline(files["hostile"], theme="dark")
    visit.until(READY)
    for kind, key in itertools.product(("png", "svg"), ("drift", "feature-0-distribution")):
        with visit.page.expect_download() as download:
            visit.page.locator(f"#fig-{key} button[data-image={kind}]").click()
        assert re.fullmatch(rf"[A-Za-z0-9_-]+\.{kind}", download.value.suggested_filename)
        content = Path(download.value.path()).read_bytes()
        if kind == "png":
            assert content.startswith(PNG)
            assert int.from_bytes(content[16:20]) >= 960, "twice the width on the screen, at least 480"
        else:
            text = content.decode()
            assert text.startswith("<svg")
            assert "<script" not in text
            assert "rgb(22, 26, 34)" in text, "the dark panel"
            words = "".join(ET.fromstring(text).itertext())  # noqa: S314 - our own browser's
            assert "</script><script>document.title='owned'</script>" in words, "the model's name"
    assert visit.console == []


def test_without_scripts_the_sentences_and_the_numbers_are_there(files, offline):
    visit = offline(files["flights"], java_script_enabled=False)
    page = visit.page
    sentences = page.locator(".plot-alt").all_inner_texts()
    assert len(sentences) == 22
    assert all(len(text) > 25 for text in sentences)
    assert page.locator("button[data-image]:visible").count() == 0
    page.locator("#fig-volume details.data summary").click()
    assert page.locator("#fig-volume details.data tbody tr").first.is_visible()


def test_the_page_saves_figures_too(site, visit):
    page = visit(site)
    page.open(f"{model_path('flights')}?period=90d")
    page.until("document.querySelector('#fig-volume').dataset.drawn")
    page.page.locator("#fig-volume details.data summary").click()
    for kind, start in (("png", PNG), ("svg", b"<svg")):
        with page.page.expect_download() as download:
            page.page.locator(f"#fig-volume button[data-image={kind}]").click()
        assert download.value.suggested_filename.startswith("flights-Predictions-")
        assert Path(download.value.path()).read_bytes().startswith(start)
    page.check()


def test_the_report_of_a_server_works_there_too(site, visit):
    page = visit(site)
    page.open(f"{model_path('flights')}/report.html?period=7d")
    page.until(READY)
    assert drawn(page) == page.page.locator("[data-figure]").count() > 15
    page.check()
