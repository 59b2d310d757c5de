"""Figures say what the results say, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.dashboard.traffic import HOSTILE

from assay import figures
from assay.domain.answers import Calibration, ClassScores, DriftWindow, MetricWindow
from assay.figures.windows import COMPLETE, runs
from assay.stats.drift import DriftStatistic, FeatureDrift
from assay.stats.metrics import Estimate

DAY = datetime(2013, 3, 4, tzinfo=UTC)
THEMES = pytest.mark.parametrize("theme", [figures.LIGHT, figures.DARK], ids=["light", "dark"])


def window(
    place: int, value: float | None, *, n: int = 100, labelled: int = 100, **more: float
) -> MetricWindow:
    spread = None if value is None else 0.02
    metrics = {
        "accuracy": Estimate(
            "accuracy",
            value,
            labelled,
            labelled / n if n else None,
            low=None if value is None else value - spread,
            high=None if value is None else value + spread,
        )
    }
    metrics |= {name: Estimate(name, number, n) for name, number in more.items()}
    start = DAY + timedelta(days=place)
    return MetricWindow(start, start + timedelta(days=1), n, labelled, labelled / n if n else None, metrics)


def drift(name: str, value: float, *, p: float | None = 0.0, kind: str = "numeric") -> FeatureDrift:
    found = {
        "jensen_shannon": DriftStatistic("jensen_shannon", value),
        "psi": DriftStatistic("psi", value * 2),
        "ks": DriftStatistic("ks", value, p_value=p),
        "missing_share": DriftStatistic("missing_share", 0.0, p_value=1.0),
    }
    return FeatureDrift(name, kind, 100, 100, found)


def drift_window(place: int, *features: FeatureDrift, n: int = 100) -> DriftWindow:
    start = DAY + timedelta(days=place)
    return DriftWindow(
        start, start + timedelta(days=1), n, "r", False, {item.feature: item for item in features}
    )


def traces(figure, kind):
    return [trace for trace in figure.data if trace.type == kind]


def line_of(figure, dash):
    return next(
        list(trace.y)
        for trace in figure.data
        if trace.type == "scatter"
        and trace.line.dash == dash
        and trace.mode.startswith("lines")
        and trace.fill is None
    )


@THEMES
def test_solid_where_labels_are_in_and_dotted_where_not(theme):
    made = figures.metric_figure(
        [window(0, 0.9), window(1, 0.8), window(2, 0.7, labelled=40), window(3, None, labelled=0)],
        "accuracy",
        theme=theme,
    )
    assert line_of(made, None) == [0.9, 0.8, None, None]
    assert line_of(made, "dot") == [None, 0.8, 0.7, None]
    bars = traces(made, "bar")
    assert list(bars[0].y) == [1.0, 1.0, 0.4, 0.0]
    assert list(bars[1].y) == [0.0, 0.0, 0.6, 1.0]
    assert bars[1].marker.pattern.shape == "/"


def test_complete_means_ninety_percent():
    assert COMPLETE == 0.9
    made = figures.metric_figure(
        [window(0, 0.5, labelled=90), window(1, 0.5, labelled=89)], "accuracy", theme=figures.LIGHT
    )
    assert line_of(made, None) == [0.5, None]


def test_the_band_is_the_interval_and_has_gaps():
    made = figures.metric_figure(
        [window(0, 0.5), window(1, 0.6), window(2, None, labelled=0), window(3, 0.7)],
        "accuracy",
        theme=figures.LIGHT,
    )
    band = next(trace for trace in made.data if trace.fill == "toself")
    expected = [0.52, 0.62, 0.58, 0.48, None, 0.72, 0.68]
    assert [None if value is None else round(value, 9) for value in band.y] == expected


def test_coverage_is_told_for_every_window():
    made = figures.metric_figure(
        [window(0, 0.9), window(1, 0.8, labelled=40)], "accuracy", theme=figures.LIGHT
    )
    texts = next(list(trace.text) for trace in made.data if trace.text is not None)
    assert "100 of 100 labelled (100%)" in texts[0]
    assert "40 of 100 labelled (40.0%)" in texts[1]
    assert "95%: 88.0 – 92.0%" in texts[0]
    table = made.layout.meta["table"]
    assert table["rows"][1] == ["5 Mar 2013", "80.0%", "78.0%", "82.0%", "100", "40", "40.0%"]


def test_few_labels_do_not_flatten_the_axis():
    wide = window(30, 0.5, labelled=2)
    estimate = Estimate("accuracy", 0.5, 2, 0.02, low=0.0, high=1.0)
    windows = [
        *(window(place, 0.9) for place in range(30)),
        MetricWindow(wide.start, wide.end, 100, 2, 0.02, {"accuracy": estimate}),
    ]
    bottom, top = figures.metric_figure(windows, "accuracy", theme=figures.LIGHT).layout.yaxis.range
    assert bottom > 0.4
    assert top <= 1.01


@pytest.mark.parametrize(
    "make",
    [
        lambda theme: figures.metric_figure([], "accuracy", theme=theme),
        lambda theme: figures.metric_figure([window(0, None, labelled=0)], "roc_auc", theme=theme),
        lambda theme: figures.volume_figure([], theme=theme),
        lambda theme: figures.volume_figure([window(0, None, n=0, labelled=0)], theme=theme),
        lambda theme: figures.latency_figure([window(0, 0.5)], theme=theme),
        lambda theme: figures.reliability_figure(calibration(), theme=theme),
        lambda theme: figures.score_figure(calibration(), theme=theme),
        lambda theme: figures.confusion_figure(calibration(), theme=theme),
        lambda theme: figures.drift_heatmap([], theme=theme),
        lambda theme: figures.drift_heatmap([drift_window(0, n=0)], theme=theme),
        lambda theme: figures.feature_drift_figure([drift_window(0)], "x", theme=theme),
    ],
)
@THEMES
def test_nothing_to_draw_is_said(make, theme):
    made = make(theme)
    assert made.layout.annotations[0].text
    assert made.layout.meta["alt"] == made.layout.annotations[0].text


@THEMES
def test_a_large_psi_does_not_flatten_the_other_statistics(theme):
    windows = [drift_window(place, drift("x", value)) for place, value in enumerate((0.1, 0.4, 0.2))]
    for window in windows:
        window.features["x"].statistics["psi"] = DriftStatistic("psi", 12.0)
    made = figures.feature_drift_figure(windows, "x", theme=theme)
    lines = {trace.name: trace for trace in made.data if trace.mode == "lines+markers"}
    assert {name: trace.yaxis for name, trace in lines.items()} == {
        "Jensen-Shannon": "y",
        "KS": "y",
        "PSI": "y2",
    }
    low, high = made.layout.yaxis2, made.layout.yaxis
    assert low.domain[1] < high.domain[0]
    assert low.title.text == "PSI"
    assert made.layout.xaxis.anchor == "y2"
    together = [trace for trace in lines.values() if trace.yaxis == "y"]
    assert len({trace.line.dash for trace in together}) == len(together)  # told apart without colour
    said = [trace for trace in made.data if trace.text]
    assert [trace.yaxis for trace in said] == ["y", "y2"]  # either panel says everything
    assert said[0].text == said[1].text
    assert made.layout.meta["table"]["columns"][1:4] == ["Jensen-Shannon", "PSI", "KS"]


@THEMES
def test_without_psi_there_is_one_panel(theme):
    calm = drift("x", 0.1)
    del calm.statistics["psi"]
    made = figures.feature_drift_figure([drift_window(0, calm), drift_window(1, calm)], "x", theme=theme)
    assert "yaxis2" not in made.layout.to_plotly_json()
    assert tuple(made.layout.yaxis.domain) == (0, 1)
    assert made.layout.xaxis.anchor == "y"


def calibration(**given) -> Calibration:
    values = {
        "start": DAY,
        "end": DAY + timedelta(days=1),
        "n_predictions": 0,
        "n_labelled": 0,
        "coverage": None,
        "bins": (),
        "confusion": {},
    }
    return Calibration(**(values | given))


def test_volume_adds_up():
    windows = [
        window(0, 0.9, n=100, labelled=60, error_rate=0.1),
        window(1, 0.9, n=50, labelled=50, error_rate=0.0),
    ]
    bars = traces(figures.volume_figure(windows, theme=figures.LIGHT), "bar")
    assert {bar.name: list(bar.y) for bar in bars} == {
        "labelled": [60, 50],
        "waiting for labels": [30, 0],
        "failed": [10, 0],
    }


def test_a_long_tail_of_latency_gets_a_logarithmic_axis():
    flat = [window(0, 0.9, latency_p50=5.0, latency_p95=9.0, latency_p99=12.0)]
    steep = [window(0, 0.9, latency_p50=5.0, latency_p95=90.0, latency_p99=1200.0)]
    assert figures.latency_figure(flat, theme=figures.LIGHT).layout.yaxis.type == "linear"
    assert figures.latency_figure(steep, theme=figures.LIGHT).layout.yaxis.type == "log"


def test_reliability_draws_filled_bins_with_wilson_intervals():
    from scipy.stats import binomtest

    made = figures.reliability_figure(
        calibration(bins=((0.1, 0.2, 50), (0.5, 0.0, 0), (0.9, 1.0, 8)), n_labelled=58), theme=figures.LIGHT
    )
    points = made.data[1]
    assert list(points.x) == [0.1, 0.9]
    assert list(points.y) == [0.2, 1.0]
    expected = binomtest(10, 50).proportion_ci(method="wilson")
    assert points.y[0] - points.error_y.arrayminus[0] == pytest.approx(expected.low, abs=1e-12)
    assert points.y[0] + points.error_y.array[0] == pytest.approx(expected.high, abs=1e-12)


def test_scores_are_joined_to_few_bars_and_none_is_lost():
    edges = tuple(place / 1000 for place in range(1001))
    made = figures.score_figure(
        calibration(
            score_edges=edges,
            score_counts={"1": tuple(range(1000)), "0": (1,) * 1000, "unlabelled": (2,) * 1000},
        ),
        theme=figures.LIGHT,
    )
    bars = {bar.name: bar for bar in traces(made, "bar")}
    assert set(bars) == {"truth 0", "truth 1", "no truth yet"}
    assert sum(bars["truth 1"].y) == sum(range(1000))
    assert all(len(bar.y) == 50 for bar in bars.values())


def several(**named):
    """Probabilities of classes in two cells, the most frequent first."""
    return calibration(
        score_edges=(0.0, 0.5, 1.0),
        class_scores={name: ClassScores(*counts) for name, counts in named.items()},
    )


def test_of_several_classes_one_probability_is_drawn():
    found = several(bug=((1, 3), (5, 1), (0, 2)), spam=((0, 1), (7, 1), (2, 0)))
    made = figures.score_figure(found, theme=figures.LIGHT)
    bars = {bar.name: list(bar.y) for bar in traces(made, "bar")}
    assert bars == {"truth bug": [0.25, 0.75], "another truth": [5 / 6, 1 / 6], "no truth yet": [0.0, 1.0]}
    assert made.layout.meta["table"]["rows"][1] == ["0.500", "1.000", "3", "1", "2"]
    other = figures.score_figure(found, theme=figures.LIGHT, label="spam")
    assert (
        "1 predictions whose truth is spam, 8 predictions whose truth is another" in other.layout.meta["alt"]
    )
    assert (
        "No probabilities of ham"
        in figures.score_figure(found, theme=figures.LIGHT, label="ham").layout.meta["alt"]
    )


def test_reliability_of_several_classes_speaks_of_right_ones():
    found = replace(several(a=((1, 0), (0, 0), (0, 0)), b=((0, 1), (0, 0), (0, 0))), bins=((0.8, 0.5, 10),))
    made = figures.reliability_figure(found, theme=figures.LIGHT)
    assert made.layout.yaxis.title.text == "share right"
    assert made.layout.meta["table"]["columns"][1] == "Share right"


def test_means_part_where_the_model_errs_to_one_side():
    windows = [
        window(place, None, mean_prediction=10.0, mean_truth=10.0 + place, mean_error=-float(place))
        for place in range(3)
    ]
    made = figures.means_figure(windows, theme=figures.LIGHT, before=[window(0, None, mean_truth=7.0)])
    lines = {line.name: list(line.y) for line in traces(made, "scatter") if line.name}
    assert lines == {"prediction": [10.0] * 3, "truth": [10.0, 11.0, 12.0], "truth before": [7.0, None, None]}
    assert made.layout.meta["table"]["rows"][2][1:4] == ["10.0", "12.0", "-2.00"]
    assert made.layout.meta["windows"] == 3
    nothing = figures.means_figure([window(0, None)], theme=figures.DARK)
    assert nothing.layout.meta["alt"] == "No labelled predictions in this period"


def test_confusion_is_shared_by_rows():
    made = figures.confusion_figure(
        calibration(confusion={("a", "a"): 3, ("a", "b"): 1, ("b", "b"): 5}), theme=figures.LIGHT
    )
    (cells,) = traces(made, "heatmap")
    assert [list(row) for row in cells.z] == [[0.75, 0.25], [0.0, 1.0]]
    assert made.layout.meta["table"]["rows"] == [["a", "3", "1"], ["b", "0", "5"]]
    assert "88.9% on the diagonal" in made.layout.meta["alt"]


def test_many_classes_share_a_row():
    confusion = {(f"c{place:03}", f"c{place:03}"): place + 1 for place in range(60)}
    made = figures.confusion_figure(calibration(confusion=confusion), theme=figures.LIGHT)
    rows = made.layout.meta["table"]["rows"]
    assert len(rows) == 20
    assert rows[-1][0] == "all others"
    assert sum(int(cell.replace(",", "")) for row in rows for cell in row[1:]) == sum(confusion.values())


def test_the_map_sorts_by_drift_and_pales_what_chance_explains():
    made = figures.drift_heatmap(
        [
            drift_window(0, drift("calm", 0.2, p=0.5), drift("moved", 0.3)),
            drift_window(1, drift("calm", 0.2, p=0.5), drift("moved", 0.35)),
            drift_window(2, n=0),
        ],
        theme=figures.LIGHT,
    )
    (cells,) = traces(made, "heatmap")
    assert [list(row) for row in cells.z] == [[0.3, 0.35, None], [0.0, 0.0, None]]
    assert cells.text[1][0].startswith("JS 0.200, PSI 0.400, KS 0.200, n 100")
    assert "chance" in cells.text[1][0]
    assert made.layout.meta["table"]["rows"][1][1:] == ["0.200", "0.200", "–"]
    assert made.layout.yaxis.ticktext == ("moved", "calm")


def test_the_map_is_ordered_by_the_whole_period_where_it_is_given():
    windows = [drift_window(0, drift("weekday", 0.9), drift("amount", 0.3))]
    whole = drift_window(0, drift("weekday", 0.01), drift("amount", 0.3))
    made = figures.drift_heatmap(windows, whole=whole, theme=figures.LIGHT)
    assert made.layout.yaxis.ticktext == ("amount", "weekday")


def test_the_map_has_room_for_the_most_moved_only():
    features = [drift(f"f{place}", place / 100) for place in range(60)]
    made = figures.drift_heatmap([drift_window(0, *features)], theme=figures.LIGHT)
    assert len(made.layout.yaxis.ticktext) == 40
    assert made.layout.yaxis.ticktext[0] == "f59"


@pytest.mark.parametrize("name", HOSTILE)
@THEMES
def test_no_name_is_read_as_markup(name, theme):
    made = [
        figures.drift_heatmap([drift_window(0, drift(name, 0.3))], theme=theme),
        figures.feature_drift_figure([drift_window(0, drift(name, 0.3))], name, theme=theme),
        figures.confusion_figure(calibration(confusion={(name, name): 1, ("b", name): 2}), theme=theme),
        figures.score_figure(
            calibration(score_edges=(0.0, 0.5, 1.0), score_counts={name: (1, 2)}), theme=theme
        ),
    ]
    ours = ("<b>", "</b>", "<br>", "<extra></extra>")
    for figure in made:
        content = json.loads(figure.to_json())
        content["layout"].pop("meta")  # plain text, never drawn by Plotly

        def texts(item):
            if isinstance(item, str):
                yield item
            elif isinstance(item, dict):
                for value in item.values():
                    yield from texts(value)
            elif isinstance(item, list):
                for value in item:
                    yield from texts(value)

        for text in texts(content):
            bare = text
            for tag in ours:
                bare = bare.replace(tag, "")
            assert "<" not in bare
            assert "$" not in bare
            assert len(text) < 1_000
        assert len(json.dumps(content)) < 40_000


def test_four_hundred_windows_are_a_light_figure():
    n = 400
    made = figures.metric_figure([window(place, 0.9) for place in range(n)], "accuracy", theme=figures.LIGHT)
    made.layout.meta = None
    assert max(len(trace.x) for trace in made.data) <= 2 * n
    assert len(made.to_json()) < 250_000


def test_runs():
    assert runs([]) == []
    assert runs([False, True, True]) == [range(1, 3)]
