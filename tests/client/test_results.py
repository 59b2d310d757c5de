"""What a monitor answers can be drawn, and made into a report, in process and over HTTP alike."""

from __future__ import annotations

import re

import assay
from assay.domain.series import DriftSeries, MetricSeries

from .test_monitor import fill


def test_windows_are_lists_that_draw_themselves(monitor, model):
    fill(monitor, model)
    metrics = monitor.metrics(model, step="1d")
    drift = monitor.drift(model, step="1d")
    assert isinstance(metrics, MetricSeries)
    assert isinstance(drift, DriftSeries)
    assert len(metrics) == metrics.to_arrow().num_rows / len(metrics[0].metrics) == 10
    assert metrics.plot().layout.title.text == "ROC AUC"
    assert drift.plot("amount").layout.title.text == "amount"
    assert monitor.report(model).plot("drift").layout.title.text == "Drift by feature"
    assert "Scores by truth" in monitor.calibration(model).plot("scores").layout.title.text
    assert monitor.feature(model, "amount").plot().layout.meta["table"]["rows"]


def test_the_report_is_the_same(embedded, remote, model, tmp_path):
    texts = []
    for monitor in (embedded, remote):
        fill(monitor, model)
        path = assay.write_report(monitor, model, tmp_path / "report.html", period="all")
        html = re.sub(r"<script.*?</script>", "", path.read_text(), flags=re.DOTALL)
        html = re.sub(r"<time[^>]*>[^<]*</time>|<dt>Data as of</dt><dd>[^.]*\.", "", html)
        texts.append(re.sub(r", of [^<]*UTC, <code>[0-9a-f]+</code>", "", html))
    assert 'data-figure="metric-roc_auc"' in texts[0]
    assert texts[0] == texts[1]
