"""Performance without labels on NannyML's shipped data, beside NannyML's own estimates in the same run."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.drift.environments import PeerUnavailable, environment
from bench.report import Figure, plain

SETS = {
    "california": 1_000,
    "employment": 5_000,
    "loan": 5_000,
    "home": 5_000,
    "cards": 6_000,
    "car price": 6_000,
}
"""Data sets, and rows of a chunk. California, employment and loan were looked at while the method for two
classes was made; "home", work from home, was not. "cards" has three classes, "car price" is a regression."""

APART = ("cards",)
"""Half of its chunks lie outside the reference, as the answers say, and no estimate covers them: what its
intervals cover is printed, and not counted with the others."""


def estimation(*, quick: bool) -> Iterator[Figure]:
    """Mean absolute error against the realised metrics, and how many of them the 95% intervals cover."""
    try:
        python = environment("nannyml")
    except PeerUnavailable as exc:
        yield plain("NannyML", str(exc))
        return
    covered: list[bool] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SETS.items():
            if not (quick and name == "employment"):
                yield from _one(name, size, python, Path(folder), covered)
    share = float(np.mean(covered))
    yield Figure(
        f"95% intervals cover, of {len(covered)} realised metrics",
        f"{share:.1%}",
        "93% to 97%",
        0.93 <= share <= 0.97,
    )


def _one(name: str, size: int, python: Path, folder: Path, covered: list[bool]) -> Iterator[Figure]:
    import assay

    script = str(Path(__file__).with_name("estimation_peer.py"))
    command = [str(python), script, str(folder), name, str(size)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    peer = json.loads(said.splitlines()[-1])  # LightGBM says what it does before
    frames = [pq.read_table(folder / f"{name}-{part}.parquet") for part in ("reference", "analysis")]
    began = time.perf_counter()
    result = assay.estimate_performance(
        *frames, **peer["roles"], metrics=list(peer["metrics"]), chunk_size=size
    )
    took = time.perf_counter() - began
    here: list[bool] = []
    theirs: list[bool] = []
    for metric, (estimated, realised, low, high) in peer["metrics"].items():
        truth = np.array(realised, dtype=float)
        ours = [chunk.metrics[metric] for chunk in result.chunks][: truth.size]
        values = np.array([np.nan if one.value is None else one.value for one in ours])
        both = np.isfinite(truth) & np.isfinite(values)
        error = float(np.abs(values - truth)[both].mean())
        other = float(np.nanmean(np.abs(np.array(estimated, dtype=float) - truth)[both]))
        here += _inside([one.low for one in ours], truth, [one.high for one in ours])
        theirs += _inside(low, truth, high)
        digits = 5 if error < 1 else 2
        yield Figure(
            f"{name}, {metric}: mean absolute error, {both.sum()} chunks of {size:,}",
            f"{error:.{digits}f}",
            f"<= {other:.{digits}f} (NannyML)",
            error <= other,
        )
    if name not in APART:
        covered += here
    yield plain(
        f"    {name}: 95% intervals cover, and NannyML's", f"{np.mean(here):.0%}, {np.mean(theirs):.0%}"
    )
    yield plain(f"    {name}: estimated in, and by NannyML", f"{took:.1f} s, {peer['took']:.1f} s")


def _inside(low: list[Any], truth: np.ndarray, high: list[Any]) -> list[bool]:
    """Of the realised metrics that have an interval, which lie in it."""
    ends = np.array(low, dtype=float), np.array(high, dtype=float)
    known = np.isfinite(truth) & np.isfinite(ends[0]) & np.isfinite(ends[1])
    return ((ends[0] <= truth) & (truth <= ends[1]))[known].tolist()
