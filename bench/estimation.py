"""Performance without labels on NannyML's shipped data, beside NannyML's own estimates in the same run."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bench.drift.environments import PeerUnavailable, environment
from bench.report import Figure, plain

SETS = {"california": 1_000, "employment": 5_000, "loan": 5_000, "home": 5_000}
"""Data sets, and rows of a chunk. The first three were looked at while the method was made; "home", work from
home, was not."""


def estimation(*, quick: bool) -> Iterator[Figure]:
    """Mean absolute error against the realised metrics, and how many of them the 95% intervals cover."""
    import assay

    try:
        python = environment("nannyml")
    except PeerUnavailable as exc:
        yield plain("NannyML", str(exc))
        return
    covered: list[bool] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SETS.items():
            if quick and name == "employment":
                continue
            command = [
                str(python),
                str(Path(__file__).with_name("estimation_peer.py")),
                folder,
                name,
                str(size),
            ]
            peer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            target, prediction, score = peer["columns"]
            frames = [pq.read_table(f"{folder}/{name}-{part}.parquet") for part in ("reference", "analysis")]
            began = time.perf_counter()
            result = assay.estimate_performance(
                *frames,
                target=target,
                prediction=prediction,
                score=score,
                metrics=list(peer["metrics"]),
                chunk_size=size,
            )
            took = time.perf_counter() - began
            for metric, (estimated, realised, low, high) in peer["metrics"].items():
                truth = np.array(realised, dtype=float)
                ours = [chunk.metrics[metric] for chunk in result.chunks][: truth.size]
                values = np.array([np.nan if one.value is None else one.value for one in ours])
                both = np.isfinite(truth) & np.isfinite(values)
                error = float(np.abs(values - truth)[both].mean())
                other = float(np.nanmean(np.abs(np.array(estimated, dtype=float) - truth)[both]))
                inside = [
                    bool(one.low <= real <= one.high)
                    for one, real, known in zip(ours, truth, both, strict=True)
                    if known and one.low is not None and one.high is not None
                ]
                theirs = float(np.mean((np.array(low, float) <= truth) & (truth <= np.array(high, float))))
                covered += inside
                yield Figure(
                    f"{name}, {metric}: mean absolute error, {both.sum()} chunks of {size:,}",
                    f"{error:.5f}",
                    f"<= {other:.5f} (NannyML)",
                    error <= other,
                )
                yield plain("    intervals cover, and NannyML's", f"{np.mean(inside):.0%}, {theirs:.0%}")
            yield plain(f"    {name}: estimated in", f"{took:.1f} s")
    share = float(np.mean(covered))
    yield Figure(
        f"95% intervals cover, of {len(covered)} realised metrics",
        f"{share:.1%}",
        "93% to 97%",
        0.93 <= share <= 0.97,
    )
