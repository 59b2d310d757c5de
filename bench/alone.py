"""What needs no load: profiles of a frame, imports, the time to the first answer; Evidently beside it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.report import Figure, at_most, plain
from bench.server import running

_PROFILE = """
import json, resource, sys, time
import numpy as np
rows, columns = json.loads(sys.argv[1])
rng = np.random.default_rng(0)
frame = {f"x{n}": rng.normal(size=rows) for n in range(columns)}
import assay
reference = assay.profile({name: values[:100_000] for name, values in frame.items()})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
took = []
for _ in range(5):
    began = time.perf_counter()
    assay.profile(frame, reference=reference)
    took.append(time.perf_counter() - began)
began = time.perf_counter()
assay.profile(frame)
alone = time.perf_counter() - began
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([sorted(took)[2], alone, (after - before) / 1e3]))
"""

_EVIDENTLY = """
import json, resource, sys, time
import numpy as np, pandas as pd
rows, columns = json.loads(sys.argv[1])
rng = np.random.default_rng(0)
frame = pd.DataFrame({f"x{n}": rng.normal(size=rows) for n in range(columns)})
reference = frame.head(100_000)
from evidently import Report
from evidently.presets import DataDriftPreset
began = time.perf_counter()
Report([DataDriftPreset()]).run(frame, reference)
print(json.dumps([time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3]))
"""


def _python(program: str, *arguments: str, python: str = sys.executable) -> str:
    done = subprocess.run([python, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def one_shot(*, quick: bool) -> Iterator[Figure]:
    """Profile of a frame of a million rows."""
    rows = 100_000 if quick else 1_000_000
    under, alone, memory = json.loads(_python(_PROFILE, json.dumps([rows, 20])))
    yield at_most(f"profile of {rows:,} x 20 floats, under a reference", under, 0.5, "s")
    yield plain("  as a reference of its own", f"{alone:.2f} s")
    yield plain("  memory on top of the frame", f"{memory:,.0f} MB")


def starts(*, quick: bool) -> Iterator[Figure]:
    """Import, and the time until a new server is ready."""
    program = "import time; t = time.perf_counter(); import assay; print(time.perf_counter() - t)"
    took = [float(_python(program)) for _ in range(3 if quick else 7)]
    yield at_most("import assay", statistics.median(took), 0.3, "s")
    ready = []
    for _ in range(1 if quick else 5):
        with running() as server:
            ready.append(server.seconds_to_ready)
    yield at_most("assay serve until /ready", statistics.median(ready), 3, "s")


def evidently(*, quick: bool) -> Iterator[Figure]:
    """Evidently's drift report on the same frame, in an environment of its own (made on demand)."""
    rows = 100_000 if quick else 1_000_000
    folder = Path(".cache/bench/evidently")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-q", "evidently==0.7.23", "pandas<3"]
        subprocess.run(install, check=True)
        (folder / "ready").touch()
    took, memory = json.loads(_python(_EVIDENTLY, json.dumps([rows, 20]), python=str(python)))
    yield plain(f"Evidently 0.7.23, DataDriftPreset on {rows:,} x 20", f"{took:.1f} s, {memory:,.0f} MB")
