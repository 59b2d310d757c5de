"""Evidently's own report: what goes into it, and that it is made, in an environment that has Evidently."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import MissingExtra
from assay.integrations.evidently_report import evidently_html

ROOT = Path(__file__).parents[2]
PEER = ROOT / ".cache" / "peers" / "evidently" / "bin" / "python"

_PROGRAM = """
import json, sys
from assay.errors import InvalidInput
from assay.integrations.evidently_report import evidently_html
sides = [{"x": [1.0, 2.0, None, float("inf")] * 60, "k": ["a", "<b>", None, True] * 60, "only": [1.0] * 240},
         {"x": [3.0, 4.0, "text", True] * 60, "k": ["a", "c", "<b>", False] * 60}]
html = evidently_html(*sides, numeric=["x", "only"], categorical=["k"])
try:
    evidently_html(*sides, numeric=["only"], categorical=[])
except InvalidInput as error:
    said = str(error)
print(json.dumps([len(html), "x" in html, html.lstrip()[:15], said]))
"""


def test_without_evidently_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "evidently", None)
    with pytest.raises(MissingExtra, match=r'pip install "assay\[evidently\]"'):
        evidently_html({"x": [1.0]}, {"x": [1.0]}, numeric=["x"], categorical=[])


@pytest.mark.nightly
def test_evidently_makes_its_report_of_what_assay_read():
    if not PEER.exists():
        pytest.skip("the environment of the peers is not there (make bench-drift makes it)")
    done = subprocess.run(
        [str(PEER), "-c", _PROGRAM],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    size, named, begin, said = json.loads(done.stdout.strip().splitlines()[-1])
    assert size > 100_000
    assert named
    assert begin.lower() == "<!doctype html>"
    assert said == "Evidently's report needs a column with values on both sides; there is none"
