"""Results draw themselves: which figures there are, in both themes, with whatever names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import assay
from assay.domain.answers import Calibration, DriftWindow, MetricWindow, ModelReport
from assay.domain.rendering import plain
from assay.domain.series import DriftSeries, MetricSeries
from assay.errors import InvalidInput
from assay.figures.notebook import FIGURE_TYPE
from assay.stats.drift import DriftStatistic, FeatureDrift
from assay.stats.metrics import Estimate

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=200)
TAG = re.compile(r"<(?!/?b>|br>)")


def metric_window(day: int, accuracy: float | None = 0.75) -> MetricWindow:
    estimates = {
        "volume": Estimate("volume", 20.0, 20),
        "accuracy": Estimate("accuracy", accuracy, 10, low=0.5, high=0.9),
        "latency_p50": Estimate("latency_p50", 4.0, 20),
    }
    return MetricWindow(START + day * DAY, START + (day + 1) * DAY, 20, 10, 0.5, estimates)


def drift_window(day: int, *features: str) -> DriftWindow:
    drift = {
        name: FeatureDrift(
            name,
            "numeric",
            100,
            20,
            {
                "jensen_shannon": DriftStatistic("jensen_shannon", 0.1 * (place + 1)),
                "ks": DriftStatistic("ks", 0.2, p_value=0.001 / (place + 1)),
            },
        )
        for place, name in enumerate(features)
    }
    return DriftWindow(START + day * DAY, START + (day + 1) * DAY, 20, "r", False, drift)


METRICS = MetricSeries(metric_window(day) for day in range(5))
DRIFT = DriftSeries(drift_window(day, "amount", "age") for day in range(5))
CALIBRATION = Calibration(
    START,
    START + DAY,
    40,
    30,
    0.75,
    ((0.2, 0.1, 10), (0.8, 0.9, 20)),
    {("1", "1"): 18, ("0", "0"): 12},
    (0.0, 0.5, 1.0),
    {"1": (2, 18), "0": (10, 0)},
)
REPORT = ModelReport("r", "m", None, START, METRICS[0], tuple(METRICS), DRIFT[0], None, 0)
FRAMES = assay.profile({"age": np.arange(100.0), "city": ["a", "b"] * 50})
LATER = assay.profile({"age": np.arange(100.0) + 50, "city": ["a", "z"] * 50}, reference=FRAMES)
EVALUATION = assay.evaluate(
    {"truth": [1, 0, 1, 0], "score": [0.9, 0.4, 0.7, 0.6]}, target="truth", score="score"
)

FIGURES = [
    (METRICS, ["accuracy", "volume", "latency", "stages", "latency_p50"], "Accuracy"),
    (METRICS[0], ["accuracy", "volume"], "Accuracy"),
    (DRIFT, ["features", "amount", "age"], "Drift over time"),
    (DRIFT[0], ["features", "amount"], "Drift by feature"),
    (CALIBRATION, ["reliability", "confusion", "scores"], "Reliability"),
    (REPORT, ["accuracy", "volume", "drift"], "Accuracy"),
    (FRAMES, ["age", "city"], "age: reference and now"),
    (LATER, ["age", "city"], "Drift by feature"),
    (EVALUATION, ["reliability", "confusion"], "Reliability"),
]
EACH = [pytest.param(*item, id=f"{type(item[0]).__name__}-{item[2]}") for item in FIGURES]


@pytest.mark.parametrize(("result", "names", "first"), EACH)
@pytest.mark.parametrize(("theme", "ground"), [("light", "#ffffff"), ("dark", "#161a22")])
def test_every_figure_is_drawn(result, names, first, theme, ground):
    figure = result.plot(theme=theme)
    assert figure.layout.title.text == first
    for each in (figure, *(result.plot(name, theme=theme) for name in names)):
        assert isinstance(each, go.Figure)
        assert each.layout.paper_bgcolor == ground, "legible whatever it is put on"
        assert each.layout.meta["alt"]
        assert each.layout.margin.t >= 40, "room for the title"


@pytest.mark.parametrize(("result", "names", "first"), EACH)
def test_what_there_is_not_is_said(result, names, first):
    with pytest.raises(InvalidInput, match=re.escape(names[0])):
        result.plot("nonsense")
    with pytest.raises(InvalidInput, match="light and dark"):
        result.plot(theme="sepia")


def test_the_figures_are_those_of_the_page():
    from assay.figures import LIGHT, metric_figure

    ours, theirs = METRICS.plot("accuracy"), metric_figure(METRICS, "accuracy", theme=LIGHT)
    assert json.loads(ours.to_json())["data"] == json.loads(theirs.to_json())["data"]


def test_a_report_without_steps_draws_its_whole():
    figure = replace(REPORT, windows=()).plot()
    assert figure.layout.meta["table"]["rows"] == METRICS[0].plot().layout.meta["table"]["rows"] != []


def test_a_regression_has_no_figure_to_draw():
    result = assay.evaluate({"truth": [1.5, 2.5], "guess": [1.0, 2.0]}, target="truth", prediction="guess")
    with pytest.raises(InvalidInput, match="regression"):
        result.plot()


def test_without_labels_the_volume_says_most():
    windows = MetricSeries(
        MetricWindow(START, START + DAY, 20, 0, 0.0, {"volume": Estimate("volume", 20.0, 20)})
        for _ in range(2)
    )
    assert windows.plot().layout.title.text == "Predictions"
    assert MetricSeries().plot().layout.meta["alt"] == "No predictions in this period"


@given(name=ANY_TEXT)
@settings(max_examples=30, deadline=None)
def test_no_name_becomes_markup(name):
    windows = DriftSeries(drift_window(day, name, "other") for day in range(2))
    for figure in (windows.plot(), windows.plot(name), windows[0].plot()):
        texts = [figure.layout.title.text, *(figure.layout.yaxis.ticktext or ())]
        assert not any(TAG.search(text) for text in texts)


def test_a_series_is_a_list():
    assert list(METRICS) == METRICS
    assert METRICS[1:3] == [METRICS[1], METRICS[2]]
    assert isinstance(METRICS[1:3], MetricSeries)
    assert isinstance(METRICS[0], MetricWindow)
    assert json.loads(json.dumps(plain(METRICS))) == [window.to_dict() for window in METRICS]
    (window,) = METRICS[:1]
    assert window is METRICS[0]


def test_a_series_shows_itself_as_one_table():
    lines = repr(METRICS).splitlines()
    assert lines[0] == "metrics, 5 windows: 2024-01-01 00:00 to 2024-01-06 00:00"
    assert lines[1].split() == ["from", "to", "predictions", "labelled", "accuracy"]
    assert len(lines) == 7
    assert "amount 0.1" in repr(DRIFT)
    long = MetricSeries(metric_window(day) for day in range(100))
    assert repr(long).splitlines()[-1] == "40 more windows"
    assert repr(MetricSeries()) == "metrics: no windows"


def test_a_series_becomes_a_frame():
    table = METRICS.to_arrow()
    assert table.num_rows == 15
    rows = [row for row in table.to_pylist() if row["metric"] == "accuracy"]
    assert [row["start"] for row in rows] == [window.start for window in METRICS]
    assert {(row["value"], row["low"], row["high"], row["n"], row["coverage"]) for row in rows} == {
        (0.75, 0.5, 0.9, 10, 0.5)
    }
    drift = DRIFT.to_arrow().to_pylist()
    assert len(drift) == 5 * 2 * 2
    assert drift[1] | {"value": None} == drift[1] | {
        "feature": "amount",
        "statistic": "ks",
        "p_value": 0.001,
        "n_reference": 100,
        "value": None,
    }
    assert MetricSeries().to_arrow().schema == table.schema
    assert table.schema.field("start").type == pa.timestamp("us", "UTC")


def test_nothing_is_loaded_until_something_is_drawn():
    program = (
        "import sys, assay.domain.series, assay.domain.answers, assay.runtime.embedded\n"
        "print([name for name in ('plotly', 'IPython') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.fixture
def shell():
    """IPython as a notebook's kernel has it, and what it shows."""
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def shown(shell, result):
    with capture_output() as caught:
        formatted = shell.display_formatter.format(result)
    return formatted[0], [output.data for output in caught.outputs]


def test_a_notebook_shows_the_table_and_the_figure(shell):
    shell.kernel = object()  # what tells a notebook from a prompt
    for result in (METRICS, DRIFT, CALIBRATION, REPORT, EVALUATION, LATER, DRIFT[0]):
        formatted, outputs = shown(shell, result)
        assert formatted == {}, "shown already"
        table, figure = outputs
        assert table["text/html"] == result._repr_html_()
        assert table["text/plain"] == repr(result)
        assert figure[FIGURE_TYPE]["layout"]["title"]["text"] == result.plot().layout.title.text
        assert len(json.dumps(figure[FIGURE_TYPE], default=list)) < 100_000
        assert "http" not in json.dumps(outputs, default=list), "nothing is fetched"


def test_a_notebook_shows_the_table_alone_where_there_is_nothing_to_draw(shell):
    shell.kernel = object()
    regression = assay.evaluate(
        {"truth": [1.5, 2.5], "guess": [1.0, 2.0]}, target="truth", prediction="guess"
    )
    for result in (regression, MetricSeries()):
        _, outputs = shown(shell, result)
        assert [set(output) for output in outputs] == [{"text/plain", "text/html"}]


def test_a_prompt_prints_the_table(shell):
    formatted, outputs = shown(shell, METRICS)
    assert formatted["text/plain"] == repr(METRICS)
    assert outputs == []
