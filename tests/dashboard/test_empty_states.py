"""Where there is nothing to see, the page says what to do next, in lines that run on this server."""

from __future__ import annotations

import html
import re

import pytest

from assay.dashboard.names import model_path
from assay.domain.model import Task
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from tests.dashboard.test_pages import checked
from tests.dashboard.traffic import HOSTILE
from tests.server.conftest import running

NAMES = ["fraud", HOSTILE[0], HOSTILE[2], HOSTILE[5]]


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    service = build_service(Settings(data_dir=tmp_path_factory.mktemp("empty"), min_free_bytes=0))
    for name in NAMES:
        service.put_model(name, task=Task.BINARY)
    with running(create_app(service, Settings())) as live:
        yield live, service
    service.close()


def snippet(text: str, name: str) -> str:
    found = re.search(rf'<pre id="next-{name}"[^>]*><code>(.*?)</code>', text, re.DOTALL)
    assert found, f"no snippet called {name}"
    return html.unescape(found[1])


def run(lines: str, **names: object) -> None:
    scope = dict(names)
    exec(compile(lines, "snippet", "exec"), scope)  # noqa: S102 - what our own page told to run
    scope["monitor"].close()


@pytest.mark.parametrize("name", NAMES)
def test_each_step_leads_to_the_next(live, name):
    server, service = live

    def page() -> str:
        assert service.catch_up(timeout=30)
        answer = server.http.get(model_path(name), params={"period": "all"})
        assert answer.status_code == 200
        assert len(answer.content) < 100_000
        checked(answer.text)
        return answer.text

    assert "nothing was logged yet" in page()
    run(snippet(page(), "log"))
    text = page()
    assert "No labels in this period yet" in text
    run(snippet(text, "label"))
    text = page()
    assert "No labels in this period yet" not in text
    assert 'id="quality"' in text
    assert "provisional" in text
    run(snippet(text, "reference"), training_frame={"amount": [100.0, 120.5, 130.0]})
    assert "training data" in page()
    old = server.http.get(model_path(name), params={"start": "2001-01-01", "end": "2001-01-03"}).text
    assert "No predictions in this period" in old


def test_scores_and_features_are_asked_for(live):
    import assay

    server, service = live
    with assay.open(str(server.http.base_url)) as monitor:
        monitor.log(
            model="bare", version="v1", predictions={"prediction_id": ["a", "b"], "prediction": [1, 0]}
        )
        monitor.label(model="bare", labels={"prediction_id": ["a", "b"], "actual": [1, 0]})
        monitor.configure("bare", task="binary")
    assert service.catch_up(timeout=30)
    text = server.http.get("/models/bare").text
    checked(text)
    assert "No scores in this period" in text
    assert "fig-reliability" not in text
    run(snippet(text, "score"))
    assert service.catch_up(timeout=30)
    assert "fig-confusion" in server.http.get("/models/bare").text
