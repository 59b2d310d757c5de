"""What a verdict says of itself: a sentence, distributions, figures, plain values."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.dashboard.traffic import HOSTILE

import assay
from assay.domain.drift_report import DriftStatus, DriftType
from assay.errors import InvalidInput


def frame(n: int, seed: int, *, shift: float = 0.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    made = {
        "amount": rng.normal(10 + shift, 2, n),
        "plan": rng.choice(["a", "b", "c"], n),
        "gap": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
    }
    made |= {name: rng.normal(size=n) for name in HOSTILE}
    return made


@pytest.fixture(scope="module")
def drifted():
    after = frame(600, 2, shift=1.0)
    after["plan"][:60] = "z"
    return assay.detect_drift(frame(3000, 1), after)


@pytest.fixture(scope="module")
def calm():
    return assay.detect_drift(frame(3000, 1), frame(600, 2))


def test_it_says_itself_in_one_sentence(drifted, calm):
    assert drifted.summary.startswith("The inputs have drifted, with severity ")
    assert drifted.summary.endswith("look at plan, amount.")
    assert calm.summary.startswith("No drift in ")
    few = assay.detect_drift(frame(3000, 1), frame(3, 2))
    assert few.summary == "Not enough data for a verdict: the window has 3 rows."


def test_a_long_list_of_names_stays_a_sentence(drifted):
    names = tuple(f"{place}" * 200 for place in range(9))
    said = replace(drifted, affected_features=names, drift_type=DriftType.CONCEPT).summary
    assert said.startswith("The truth no longer follows from the inputs as it did")
    assert said.endswith(" and 6 more.")
    assert len(said) < 300


def test_distributions_count_every_row_of_both_sides(drifted):
    reference, current = frame(3000, 1), frame(600, 2, shift=1.0)
    for name in ("amount", "gap", *HOSTILE):
        found = drifted.distribution(name)
        assert sum(bar.reference for bar in found.bars) == np.isfinite(reference[name]).sum()
        assert sum(bar.current for bar in found.bars) == np.isfinite(current[name]).sum()
    gap = drifted.distribution("gap")
    expected = tuple(float(np.isnan(side["gap"]).mean()) for side in (reference, current))
    assert gap.missing == pytest.approx(expected)
    plan = drifted.distribution("plan")
    assert plan.new_share == pytest.approx(0.1)
    assert {bar.label: bar.reference for bar in plan.bars if bar.label in "abc"} == {
        name: int((reference["plan"] == name).sum()) for name in "abc"
    }
    assert drifted.distribution("nowhere") is None


def test_the_counts_stay_in_the_process(drifted):
    text = json.dumps(drifted.to_dict())
    assert "profiles" not in drifted.to_dict()
    assert len(text) < 300_000
    assert replace(drifted, profiles=None) == drifted
    assert replace(drifted, profiles=None).distribution("amount") is None


def test_tests_of_pairs_name_both_features():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4000, 2))
    after = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 2000)
    report = assay.detect_drift({"x": x[:, 0], "y": x[:, 1]}, {"x": after[:, 0], "y": after[:, 1]})
    assert [one.features for one in report.overall if one.drifted] == [("x", "y")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_draws_effects_and_each_feature(drifted, theme):
    overall = drifted.plot(theme=theme)
    bars, floors = overall.data
    shown = [drifted.features[one.feature] for one in drifted.ranked]
    assert list(bars.x) == [one.effect for one in shown]
    assert list(floors.x) == [one.floor for one in shown]
    assert [one.drifted for one in shown[:3]] == [True, True, False]
    assert len(overall.layout.meta["table"]["rows"]) == len(shown)
    assert "plan the most" in overall.layout.meta["alt"]
    for name in drifted.features:
        figure = drifted.plot(name, theme=theme)
        assert len(figure.layout.meta["table"]["rows"]) == len(drifted.distribution(name).bars)
        assert "<script" not in figure.layout.title.text + str(overall.layout.yaxis.ticktext)


def test_a_figure_that_is_not_there_is_named(drifted):
    with pytest.raises(InvalidInput, match="there are 'features', 'amount'"):
        drifted.plot("nowhere")
    with pytest.raises(InvalidInput, match=r"there are 'features'$"):
        replace(drifted, profiles=None).plot("amount")


def test_without_any_feature_the_figure_says_so(calm):
    empty = replace(calm, features={}, status=DriftStatus.NOT_ENOUGH_DATA)
    assert empty.plot().layout.meta["alt"] == "No features were judged"
