"""Figures of the benchmark, counted by hand."""

from __future__ import annotations

import math

import pytest
from bench.drift.case import CONCEPT, DATA, NONE
from bench.drift.judges import Verdict
from bench.drift.report import figures, markdown, table
from bench.drift.run import Outcome
from bench.drift.scoring import score


def _outcome(family: str, drift: str, verdict: Verdict, affected: tuple[str, ...] = ()) -> Outcome:
    return Outcome(family, 0, "judge", drift, affected, frozenset({"a", "b", "c"}), verdict)


OUTCOMES = [
    _outcome("calm", NONE, Verdict()),
    _outcome("calm", NONE, Verdict(drifted=True, type=DATA)),
    _outcome("still", NONE, Verdict()),
    _outcome("still", NONE, Verdict(error="died")),
    _outcome("moved", DATA, Verdict(drifted=True, affected=("a", "b", "score"), type=DATA), ("a",)),
    _outcome("moved", DATA, Verdict(), ("a",)),
    _outcome("turned", CONCEPT, Verdict(drifted=True, affected=("c",), type=DATA)),
]


def test_families_weigh_the_same() -> None:
    found = score("judge", OUTCOMES)
    assert found.by_family == {"calm": 0.5, "still": 0.5, "moved": 0.5, "turned": 1.0}
    assert found.specificity == 0.5
    assert found.sensitivity == 0.75
    assert found.balanced == 0.625
    assert found.worst[1] == 0.5


def test_false_alarms_are_of_verdicts_that_were_given() -> None:
    assert score("judge", OUTCOMES).false_alarms == pytest.approx(1 / 3)


def test_affected_features_are_counted_where_data_drift_was_found() -> None:
    """One hit and one too many; a score is no feature, and the drift that was missed is another figure's."""
    assert score("judge", OUTCOMES).f1 == pytest.approx(2 / 3)


def test_types_are_counted_where_drift_was_found() -> None:
    found = score("judge", OUTCOMES)
    assert found.type_right == 0.5
    assert found.types == {(DATA, DATA): 1, (CONCEPT, DATA): 1}


def test_a_judge_that_was_never_asked_has_no_figures() -> None:
    found = score("nobody", OUTCOMES)
    assert found.cases == 0
    assert math.isnan(found.balanced)


def test_the_figures_say_what_was_missed() -> None:
    assert not any(figure.good for figure in figures(score("judge", OUTCOMES)))
    written = markdown(table([score("judge", OUTCOMES)])).splitlines()
    assert written[1].count("---") == written[0].count("|") - 1
    assert "0.625" in written[2]
