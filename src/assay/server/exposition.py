"""Figures of the service itself in Prometheus's text format, with their types and meanings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

__all__ = ["FIGURES", "MODEL_FIGURES", "MOST_MODELS", "Figure", "of_models", "prometheus"]

_UNSAFE = re.compile(r"[^a-zA-Z0-9_]")


class Figure(NamedTuple):
    """What a figure is: a counter since the start, or a gauge that goes up and down; its meaning."""

    kind: Literal["counter", "gauge"]
    meaning: str


FIGURES: dict[str, Figure] = {
    "free_bytes": Figure("gauge", "Free space of the disk that holds the data folder."),
    "http_decode_seconds": Figure("counter", "Processor time spent on decoding logging requests."),
    "http_inflight_bytes": Figure("gauge", "Bytes of the bodies that are being handled."),
    "http_ingest_requests": Figure("counter", "Logging requests."),
    "http_refused_busy": Figure("counter", "Requests answered 503 because too much was being handled."),
    "journal_commits": Figure("counter", "Commits of the journal."),
    "journal_duplicates": Figure("counter", "Predictions whose id had come before."),
    "journal_failures": Figure("counter", "Commits that failed; nothing of them was acknowledged."),
    "journal_rows": Figure("counter", "Predictions and labels acknowledged."),
    "journal_seconds": Figure("counter", "Time spent in commits."),
    "lag_rows": Figure("gauge", "Rows acknowledged that the profiles do not hold yet."),
    "lag_seconds": Figure("gauge", "Age of the oldest row that the profiles do not hold yet."),
    "uptime_seconds": Figure("gauge", "Time since the start."),
    "worker_drifted": Figure("counter", "Closed hours and days that were found drifted."),
    "worker_failures": Figure("counter", "Rounds of the background worker that failed and were done again."),
    "worker_lake_seconds": Figure("counter", "Time that the background worker spent on the lake."),
    "worker_profile_seconds": Figure("counter", "Time that the background worker spent on profiles."),
    "worker_verdict_seconds": Figure("counter", "Time that verdicts on closed hours and days took."),
    "worker_verdicts": Figure("counter", "Verdicts on closed hours and days."),
    "worker_rounds": Figure("counter", "Rounds of the background worker."),
    "worker_rows": Figure("counter", "Rows that the background worker profiled."),
}
"""Every figure by name, without the prefix ``assay_``. One process counts from its start."""


MODEL_FIGURES: dict[str, Figure] = {
    "model_data_drift_detected": Figure("gauge", "Whether the newest closed day of the model has drifted."),
    "model_drifted_columns_ratio": Figure(
        "gauge", "Share of the model's columns that drifted on its newest closed day."
    ),
    "model_concept_drift_detected": Figure(
        "gauge", "Whether the truth given the inputs has moved, on the newest day whose labels are in."
    ),
    "model_accuracy_drop_percent": Figure(
        "gauge", "Accuracy lost since the reference, in percent of it, on the newest day whose labels are in."
    ),
}
"""Figures of each model, with the label ``model_name``."""

MOST_MODELS = 1_000
"""Models that have figures of their own, the first by name: Prometheus keeps a series for each."""


def of_models(figures: Mapping[str, Mapping[str, float]]) -> str:
    r"""Return figures of models, by name and then by model, in Prometheus's text format.

    >>> print(of_models({"model_drifted_columns_ratio": {'a"b': 0.5}}), end="")
    # HELP model_drifted_columns_ratio Share of the model's columns that drifted on its newest closed day.
    # TYPE model_drifted_columns_ratio gauge
    model_drifted_columns_ratio{model_name="a\"b"} 0.5
    """
    lines = []
    for name, values in sorted(figures.items()):
        known = MODEL_FIGURES[name]
        lines.append(f"# HELP {name} {known.meaning}\n# TYPE {name} {known.kind}\n")
        lines += [
            f'{name}{{model_name="{_label(model)}"}} {value!r}\n'
            for model, value in sorted(values.items())[:MOST_MODELS]
        ]
    return "".join(lines)


def _label(text: str) -> str:
    """Return a label's value as the format has it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def prometheus(figures: Mapping[str, float]) -> str:
    """Return figures in Prometheus's text format, in order of their names.

    >>> print(prometheus({"lag_rows": 3.0}), end="")
    # HELP assay_lag_rows Rows acknowledged that the profiles do not hold yet.
    # TYPE assay_lag_rows gauge
    assay_lag_rows 3.0
    """
    lines = []
    for name in sorted(figures):
        full = "assay_" + _UNSAFE.sub("_", name)
        known = FIGURES.get(name)
        if known is not None:
            lines.append(f"# HELP {full} {known.meaning}\n")
        lines.append(f"# TYPE {full} {known.kind if known else 'untyped'}\n{full} {figures[name]!r}\n")
    return "".join(lines)
