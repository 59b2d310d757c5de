"""Own detectors: naive recursions give the same, updates may be cut anywhere, run lengths are as promised."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import assay
from assay.errors import InvalidInput
from assay.stats.sequential import BernoulliCusum, Cusum, Detector, EDetector

MAKERS: dict[str, Callable[[], Detector]] = {
    "known": lambda: EDetector(baseline=0.2, run_length=60),
    "falls": lambda: EDetector(baseline=0.8, run_length=60, direction="down"),
    "reference": lambda: EDetector(reference=[0, 1, 0, 0, 0.5] * 20, run_length=60),
    "bound": lambda: EDetector(run_length=60),
    "estimate": lambda: EDetector(run_length=60, learn="estimate"),
    "cusum": lambda: Cusum(mean=0.3, sd=0.4, threshold=2.0),
    "bernoulli": lambda: BernoulliCusum(before=0.2, after=0.5, threshold=6),
}


def restarted(detector: Detector) -> Detector:
    return assay.detector(json.loads(json.dumps(detector.to_dict(), allow_nan=False)))


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(0, 700),
    changed=st.floats(0.05, 0.95),
    cuts=st.lists(st.integers(0, 700), max_size=6),
)
def test_updates_and_restarts_anywhere_change_nothing(
    name: str, seed: int, n: int, changed: float, cuts: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.random(n) < np.where(np.arange(n) < n // 2, 0.2, changed)).astype(float)
    values[rng.random(n) < 0.02] = np.nan
    whole, parts = MAKERS[name](), MAKERS[name]()
    alarms = whole.update(values).alarms
    found: list[int] = []
    for piece in np.split(values, sorted(cut for cut in cuts if cut < n)):
        found += parts.update(piece).alarms
        parts = restarted(parts)
    assert tuple(found) == alarms
    assert parts.to_dict() == whole.to_dict()


def test_one_by_one_is_all_at_once() -> None:
    values = (np.random.default_rng(1).random(600) < 0.35).astype(float)
    for make in MAKERS.values():
        whole, single = make(), make()
        alarms = whole.update(values).alarms
        assert tuple(place for value in values for place in single.update(float(value)).alarms) == alarms
        assert alarms  # or nothing would have been compared


def naive_weights(level: float, run_length: float) -> list[float]:
    """What falls with the root of the size, and is 0 where a change takes longer than the run length."""
    weights = []
    for size in range(10):
        odds = level / (1 - level) * math.exp(0.125 * 1.5**size)
        after = odds / (1 + odds)
        information = after * math.log(after / level) + (1 - after) * math.log((1 - after) / (1 - level))
        late = math.log(run_length) / information > run_length
        weights.append(0.0 if late else (0.125 * 1.5**size) ** -0.5)
    return [weight / sum(weights) for weight in weights]


def naive_sums(values: list[float], level: float, run_length: float) -> list[float]:
    """The weighted mean of Shiryaev-Roberts sums, straight from the definition."""
    sums = [0.0] * 10
    weights = naive_weights(level, run_length)
    means = []
    for value in values:
        for size in range(10):
            odds = level / (1 - level) * math.exp(0.125 * 1.5**size)
            after = odds / (1 + odds)
            # For ones and zeros this is the likelihood ratio.
            ratio = value * after / level + (1 - value) * (1 - after) / (1 - level)
            sums[size] = (1 + sums[size]) * ratio
        means.append(sum(weight * one for weight, one in zip(weights, sums, strict=True)))
    return means


@pytest.mark.parametrize("kind", ["ones", "between"])
def test_the_e_detector_is_its_definition(kind: str) -> None:
    rng = np.random.default_rng(2)
    values = rng.beta(2, 8, 300) if kind == "between" else (rng.random(300) < 0.2).astype(float)
    detector = EDetector(baseline=0.2, run_length=1e12)
    expected = naive_sums(values.tolist(), 0.2, 1e12)
    for place in range(0, 300, 7):
        got = detector.update(values[place : place + 7]).statistic
        assert got == pytest.approx(expected[min(place + 7, 300) - 1], rel=1e-9)


def test_the_alarm_comes_when_the_sum_reaches_the_run_length() -> None:
    values = (np.random.default_rng(3).random(400) < 0.4).astype(float)
    first = next(i for i, total in enumerate(naive_sums(values.tolist(), 0.2, 500), 1) if total >= 500)
    detector = EDetector(baseline=0.2, run_length=500)
    assert detector.update(values).alarms[0] == first
    assert detector.detected
    assert detector.detected_at == first
    assert detector.last_alarm is not None
    detector.reset()
    assert (detector.detected, detector.detected_at, detector.alarms) == (False, None, 0)


def test_sizes_that_no_run_length_could_find_are_not_bet_on() -> None:
    weights = naive_weights(0.1, 2_000)
    assert [weight > 0 for weight in weights[:4]] == [False, False, True, True]
    assert all(weight > 0 for weight in naive_weights(0.5, 1e12))
    # However short the run length, something is bet on.
    short = EDetector(baseline=0.1, run_length=2)
    assert short.update([1.0]).alarms == (1,)


def test_falls_are_rises_of_what_is_missing() -> None:
    values = np.random.default_rng(4).beta(3, 2, 2_000)
    rises = EDetector(baseline=0.3, run_length=100).update(1 - values)
    falls = EDetector(baseline=0.7, run_length=100, direction="down").update(values)
    assert rises.alarms == falls.alarms != ()


def test_cusum_is_pages_recursion() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(0.2, 1, 10_000)
    detector = Cusum(mean=0.0, sd=1.0, threshold=3.0)
    up = down = 0.0
    expected = []
    for place, value in enumerate(values, 1):
        up, down = max(0.0, up + value - 0.5), max(0.0, down - value - 0.5)
        if max(up, down) >= 3:
            expected.append(place)
            up = down = 0.0
    assert detector.update(values).alarms == tuple(expected)
    assert len(expected) > 10


def test_missing_values_are_passed_over_and_counted() -> None:
    plain, gaps = MAKERS["known"](), MAKERS["known"]()
    values = [1.0] * 30
    (first, *_) = plain.update(values).alarms
    told = gaps.update([math.nan, math.nan, *values])
    assert told.alarms[0] == first + 2  # a position names a row of the stream
    assert (told.n, told.missing) == (30, 2)


@pytest.mark.parametrize(
    "values",
    [[0.5, 1.5], [-0.1], [math.inf], [[0.1], [0.2]], ["x"], {"a": 1}],
    ids=["large", "small", "infinite", "two-dimensional", "text", "mapping"],
)
def test_bad_values_are_refused_and_nothing_is_used(values: Any) -> None:
    detector = MAKERS["known"]()
    before = detector.to_dict()
    with pytest.raises(InvalidInput):
        detector.update(values)
    assert detector.to_dict() == before


def test_a_share_between_is_no_one_and_no_zero() -> None:
    with pytest.raises(InvalidInput, match="e-detector"):
        MAKERS["bernoulli"]().update([0, 0.5])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("e-detector", {"baseline": 0.0}),
        ("e-detector", {"baseline": 1.0}),
        ("e-detector", {"baseline": 0.1, "reference": [0.1]}),
        ("e-detector", {"reference": []}),
        ("e-detector", {"reference": [math.nan]}),
        ("e-detector", {"run_length": 0}),
        ("e-detector", {"run_length": math.nan}),
        ("e-detector", {"direction": "sideways"}),
        ("e-detector", {"learn": "guess"}),
        ("e-detector", {"confidence": 1.0}),
        ("e-detector", {"colour": "red"}),
        ("cusum", {"mean": 0, "sd": 0, "threshold": 4}),
        ("cusum", {"mean": 0, "sd": 1}),
        ("cusum", {"mean": 0, "sd": 1, "threshold": 4, "run_length": 100}),
        ("cusum", {"mean": math.nan, "sd": 1, "threshold": 4}),
        ("cusum", {"mean": 0, "sd": 1, "run_length": 1e300}),
        ("bernoulli-cusum", {"before": 0.1, "after": 0.1, "threshold": 4}),
        ("bernoulli-cusum", {"before": 0, "after": 0.1, "threshold": 4}),
        ("bernoulli-cusum", {"before": 0.1, "after": 0.2, "run_length": 1e300}),
        ("</script>", {}),
        ({"detector": "no such"}, {}),
    ],
)
def test_bad_options_are_refused(name: Any, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        assay.detector(name, **options)


@pytest.mark.parametrize("name", MAKERS)
def test_states_that_do_not_read_back_are_refused(name: str) -> None:
    saved = MAKERS[name]().to_dict()
    for broken in (
        {**saved, "n": -1},
        {**saved, "format": 99},
        {**saved, "state": {}},
        {**saved, "state": None},
        {**saved, "options": {"__class__": 1}},
        {**saved, "state": {**saved["state"], "filled": 10**9}},
        {key: value for key, value in saved.items() if key != "alarms"},
    ):
        with pytest.raises(InvalidInput):
            assay.detector(broken)


def run_lengths(make: Callable[[], Detector], draw: Callable[[int], Any], *, streams: int, cap: int) -> Any:
    """Run lengths from fresh starts, cut off at `cap`: their mean is at most the true mean."""
    lengths = []
    for _ in range(streams):
        detector = make()
        while not detector.detected and detector.n < cap:
            detector.update(draw(min(cap, 200)))
        lengths.append(detector.detected_at or cap)
    return np.array(lengths, dtype=float)


PROMISED = 100


@pytest.mark.parametrize("level", [0.1, 0.3])
@pytest.mark.parametrize("kind", ["ones", "between", "known to be lower", "reference", "bound"])
def test_false_alarms_are_as_rare_as_promised(level: float, kind: str) -> None:
    rng = np.random.default_rng(6)

    def draw(n: int) -> Any:
        if kind == "between":
            return rng.beta(level, 1 - level, n)
        return (rng.random(n) < (level * 0.9 if kind == "known to be lower" else level)).astype(float)

    def make() -> Detector:
        if kind == "reference":
            return EDetector(reference=draw(100), run_length=PROMISED)
        return EDetector(baseline=None if kind == "bound" else level, run_length=PROMISED)

    lengths = run_lengths(make, draw, streams=30 if kind == "bound" else 80, cap=20 * PROMISED)
    assert lengths.mean() + 2 * lengths.std() / math.sqrt(lengths.size) >= PROMISED
    if kind == "ones":  # and hardly rarer: what is left is by how much the threshold is overshot
        assert lengths.mean() < 2.5 * PROMISED


@pytest.mark.nightly
@pytest.mark.parametrize("level", [0.02, 0.1, 0.3, 0.7])
@pytest.mark.parametrize("reference", [0, 30, 100, 1_000])
def test_false_alarms_are_as_rare_as_promised_in_the_long_run(level: float, reference: int) -> None:
    rng = np.random.default_rng(7)

    def draw(n: int) -> Any:
        return (rng.random(n) < level).astype(float)

    for promised in (100, 1_000):
        lengths = run_lengths(
            lambda wanted=promised: EDetector(  # type: ignore[misc]
                reference=draw(reference) if reference else None, run_length=wanted
            ),
            draw,
            streams=1_000,
            cap=20 * promised,
        )
        assert lengths.mean() + 3 * lengths.std() / math.sqrt(lengths.size) >= promised


def test_a_change_is_found_about_as_soon_as_can_be() -> None:
    # Lorden: no detector of this run length does better, to first order, than log(run length) / information.
    rng = np.random.default_rng(8)
    delays = []
    for _ in range(60):
        detector = EDetector(baseline=0.1, run_length=10_000)
        delays.append(next(iter(detector.update((rng.random(2_000) < 0.3).astype(float)).alarms)))
    information = 0.3 * math.log(3) + 0.7 * math.log(0.7 / 0.9)
    assert math.log(10_000) / information * 0.8 < np.mean(delays) < math.log(10_000) / information * 1.4


def test_a_learned_bound_is_not_lifted_by_the_change() -> None:
    rng = np.random.default_rng(9)
    detector = EDetector(run_length=1e15)
    detector.update((rng.random(2_000) < 0.1).astype(float))
    before = detector.level
    assert before is not None
    assert 0.1 < before < 0.14
    detector.update((rng.random(30) < 0.5).astype(float))
    assert detector.level == before
