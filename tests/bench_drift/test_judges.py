"""Workers that answer, fail, die and hang; and answers that are kept."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from bench.drift import cases  # noqa: F401 - fills FAMILIES
from bench.drift.case import FAMILIES, Case
from bench.drift.judges import JUDGES, Asked, Judge, Verdict
from bench.drift.run import Answers, outcomes, trivial

_WORKER = """
import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    kind = asked["roles"].get("score", "fine")
    if kind == "dies": os._exit(3)
    if kind == "hangs": time.sleep(60)
    if kind == "fails": print(json.dumps({"error": "ValueError: no"}), flush=True)
    else: print(json.dumps({"One": {"drifted": True, "affected": ["a"], "type": None, "seconds": 0.5},
                            "Other": {"error": "cannot"}}), flush=True)
"""


class _Planted(Judge):
    """A judge whose worker is written by the test."""

    @property
    def worker(self) -> Path:
        return Path(self.name)


def _case(kind: str) -> Case:
    column = {"a": np.zeros(3), kind: np.zeros(3)}
    return Case(column, column, roles={"score": kind})


@pytest.fixture
def asked(tmp_path: Path):
    worker = tmp_path / "worker.py"
    worker.write_text(_WORKER)
    judge = _Planted(str(worker), ("One", "Other"))
    made = Asked(judge, Path(sys.executable), tmp_path / "log", limit=5.0)
    yield made
    made.close()


def test_each_title_gets_its_verdict(asked: Asked, tmp_path: Path) -> None:
    said = asked.verdicts(_case("fine"), tmp_path)
    assert said["One"] == Verdict(drifted=True, affected=("a",), seconds=0.5)
    assert said["Other"].error == "cannot"


@pytest.mark.parametrize(("kind", "reason"), [("fails", "ValueError: no"), ("dies", "died")])
def test_a_failure_is_told_and_the_next_case_is_judged(
    asked: Asked, tmp_path: Path, kind: str, reason: str
) -> None:
    assert {verdict.error for verdict in asked.verdicts(_case(kind), tmp_path).values()} == {reason}
    assert asked.verdicts(_case("fine"), tmp_path)["One"].drifted


def test_a_judge_that_hangs_is_stopped(asked: Asked, tmp_path: Path) -> None:
    slow = Asked(asked.judge, Path(sys.executable), tmp_path / "log", limit=0.3)
    assert slow.verdicts(_case("hangs"), tmp_path)["One"].error == "no answer in 0.3 s"
    slow.close()


def test_answers_outlive_the_run(tmp_path: Path) -> None:
    said = {"Assay": Verdict(drifted=True, affected=("a", "b"), type="DATA_DRIFT", seconds=0.1)}
    Answers(JUDGES["frouros"], tmp_path).put("digest", said)
    assert Answers(JUDGES["frouros"], tmp_path).get("digest") == said
    assert Answers(JUDGES["frouros"], tmp_path).get("other") is None


def test_always_and_never_are_always_asked() -> None:
    found, absent = outcomes([FAMILIES["fifty_rows"]], seeds=2, judges=[], say=print)
    assert absent == {}
    assert [(each.title, each.verdict.drifted) for each in found] == [
        ("always alarm", True),
        ("never alarm", False),
    ] * 2
    assert trivial(FAMILIES["location_small"].case(0))["always alarm"].affected[0] == "x0"
