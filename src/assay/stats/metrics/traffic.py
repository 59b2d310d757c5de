"""Volume, error rate and latency."""

from __future__ import annotations

import math

from assay.stats.metrics.intervals import Z, wilson
from assay.stats.metrics.result import Estimate
from assay.stats.summaries.latency import ERROR, LatencySummary
from assay.stats.summaries.traffic import TrafficSummary

__all__ = ["error_rate", "latency_quantile", "volume"]


def volume(summary: TrafficSummary) -> Estimate:
    """Count predictions, failed ones too."""
    return Estimate("volume", float(summary.n), summary.n)


def error_rate(summary: TrafficSummary) -> Estimate:
    """Share of the predictions that failed, with Wilson's interval. None without predictions."""
    n = summary.n
    low, high = wilson(summary.errors, n)
    return Estimate(
        "error_rate", summary.errors / n if n else None, n, None, low, high, higher_is_better=False
    )


def latency_quantile(summary: LatencySummary, name: str, q: float) -> Estimate:
    """Milliseconds within which a share `q` of the predictions stays, to within one percent.

    The interval is between the durations at ranks ``n q ± 1.96 √(n q (1 - q))``, which holds for any
    distribution; None where these ranks are outside the sample. None without durations.

    >>> latency_quantile(LatencySummary.of([5.0]), "latency_p50", 0.5).value
    5.0
    """
    n, value = summary.n, summary.quantile(q)
    low = high = None
    if n:
        half = Z * math.sqrt(n * q * (1 - q))
        if n * q - half >= 1 and n * q + half + 1 <= n:
            low, high = summary.quantile((n * q - half) / n), summary.quantile((n * q + half + 1) / n)
    bound = ERROR * value if value is not None else 0.0
    return Estimate(name, value, n, None, low, high, bound, higher_is_better=False)
