"""River's detectors: the same alarms as River's own objects give, however often they are restarted."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest
from river import drift
from river.drift import binary

import assay
from assay.errors import InvalidInput, MissingExtra
from assay.integrations.river import RIVER

OWN: dict[str, Any] = {
    "adwin": drift.ADWIN,
    "ddm": binary.DDM,
    "eddm": binary.EDDM,
    "hddm-a": binary.HDDMA,
    "hddm-w": binary.HDDMW,
    "page-hinkley": drift.PageHinkley,
    "kswin": drift.KSWIN,
}
OPTIONS: dict[str, dict[str, Any]] = {"page-hinkley": {"threshold": 10.0}, "kswin": {"seed": 3}}


def stream(name: str) -> Any:
    rng = np.random.default_rng(1)
    if name == "kswin":  # a test a value: a short stream
        return np.concatenate([rng.normal(0, 1, 150), rng.normal(3, 1, 150), rng.normal(0, 1, 150)])
    parts = [
        (rng.random(n) < level).astype(float) for n, level in ((700, 0.1), (500, 0.5), (600, 0.1), (300, 0.9))
    ]
    return np.concatenate(parts)


def test_all_are_there() -> None:
    assert set(RIVER) == set(OWN)


@pytest.mark.parametrize("name", OWN)
def test_alarms_are_rivers_also_after_restarts(name: str) -> None:
    values, options = stream(name), OPTIONS.get(name, {})
    own = OWN[name](**options)
    expected = []
    for place, value in enumerate(values.tolist(), 1):
        own.update(int(value) if name in ("ddm", "eddm") else value)
        if own.drift_detected:
            expected.append(place)
    assert len(expected) > 1
    whole = assay.detector(name, **options)
    assert whole.update(values).alarms == tuple(expected)
    for size in (1, 37) if name != "kswin" else (23,):
        parts, found = assay.detector(name, **options), []
        for begun in range(0, len(values), size):
            found += parts.update(values[begun : begun + size]).alarms
            if size > 1 or begun % 11 == 0:
                parts = assay.detector(json.loads(json.dumps(parts.to_dict(), allow_nan=False)))
        assert found == expected
        assert parts.to_dict() == whole.to_dict()
        assert parts.detected_at == expected[0]


@pytest.mark.parametrize("name", OWN)
def test_broken_states_are_refused(name: str) -> None:
    made = assay.detector(name)
    made.update(stream(name)[:120])
    saved = made.to_dict()
    state = saved["state"]
    for broken in (
        {**saved, "state": {**state, "river": "0.1"}},
        {**saved, "state": {**state, "attributes": {}}},
        {**saved, "state": {**state, "attributes": {**state["attributes"], "__class__": {"x": 1}}}},
        {**saved, "options": {"no such": 1}},
    ):
        with pytest.raises(InvalidInput):
            assay.detector(broken)


def test_bytes_that_changed_are_refused() -> None:
    saved = assay.detector("adwin").to_dict()
    helper = saved["state"]["attributes"]["_helper"]
    helper["bytes"] = helper["bytes"][:-8] + "AAAAAAA="
    with pytest.raises(InvalidInput, match="does not read back"):
        assay.detector(saved)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("adwin", {"delta": "x"}),
        ("adwin", {"delta": [1]}),
        ("adwin", {"delta": float("nan")}),
        ("adwin", {"__proto__": 1}),
        ("kswin", {"window": 1}),
        ("kswin", {"alpha": 7}),
        ("page-hinkley", {"mode": "sideways"}),
    ],
)
def test_options_that_river_does_not_take_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        assay.detector(name, **options)


@pytest.mark.parametrize("name", ["ddm", "eddm"])
def test_binary_detectors_take_ones_and_zeros(name: str) -> None:
    with pytest.raises(InvalidInput, match="neither 0 nor 1"):
        assay.detector(name).update([0, 0.5])


def test_without_river_the_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "river", None)
    with pytest.raises(MissingExtra, match=r"assay\[river\]"):
        assay.detector("adwin")
    assert assay.detector("e-detector", baseline=0.1).name == "e-detector"
