"""How long a verdict takes, and in how much memory: two frames of a million rows, Evidently beside.

Each is measured in a process of its own, so that neither warms the other's caches nor counts its memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.drift.environments import PeerUnavailable, environment
from bench.report import Figure, at_most, plain

_FRAMES = """
import json, resource, sys, time
import numpy as np
rows, columns = json.loads(sys.argv[1])
rng = np.random.default_rng(5)
def frame():
    return {f"x{number}": rng.standard_normal(rows) for number in range(columns)}
reference, current = frame(), frame()
"""
# The peak is reset, where the kernel can, to what the data alone hold.
_ASSAY = (
    _FRAMES
    + """
import assay
assay.detect_drift({"x": np.arange(500.0)}, {"x": np.arange(500.0)})
def held(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1e3
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before, began, used = held("VmRSS"), time.perf_counter(), time.process_time()
report = assay.detect_drift(reference, current)
took, used = time.perf_counter() - began, time.process_time() - used
print(json.dumps([took, used, held("VmHWM") - before, bool(report.drift_detected)]))
"""
)
_EVIDENTLY = (
    _FRAMES
    + """
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
reference, current = pd.DataFrame(reference), pd.DataFrame(current)
began = time.perf_counter()
Report([DataDriftPreset()]).run(current, reference)
print(json.dumps([time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3]))
"""
)


# Many columns, few rows: what a verdict costs beside its rows.
_WIDE = (
    _FRAMES
    + """
import assay
assay.detect_drift({"x": np.arange(500.0)}, {"x": np.arange(500.0)})
took = []
for _ in range(3):
    used = time.process_time()
    report = assay.detect_drift(reference, current)
    took.append(time.process_time() - used)
print(json.dumps([sorted(took)[1], bool(report.drift_detected)]))
"""
)


def _measured(python: Path, program: str, rows: int, columns: int) -> list[float]:
    command = [str(python), "-c", program, json.dumps([rows, columns])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def speed(*, quick: bool) -> Iterator[Figure]:
    """Time and memory of one verdict from raw frames."""
    rows, columns = (100_000 if quick else 1_000_000), 20
    took, used, memory, drifted = _measured(Path(sys.executable), _ASSAY, rows, columns)
    assert not drifted, "two frames of one law"
    yield at_most(f"verdict, {rows:,} x {columns} against as many", took, 1.5, "s")
    yield plain("  processor time, which a busy machine changes less", f"{used:.2f} s")
    yield at_most("  memory beyond the data", memory, 400, "MB")
    used, drifted = _measured(Path(sys.executable), _WIDE, 3_000, 500)
    assert not drifted, "two frames of one law"
    yield at_most("verdict, 3,000 x 500 against as many, processor time", used, 3, "s")
    try:
        took, memory = _measured(environment("evidently"), _EVIDENTLY, rows, columns)
    except PeerUnavailable as exc:
        yield plain("  Evidently", str(exc)[:60])
    else:
        yield plain(
            "  Evidently, DataDriftPreset on the same frames", f"{took:.1f} s, {memory:,.0f} MB in all"
        )
