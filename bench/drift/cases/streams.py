"""Streams of river's generators, whose concept changes at a known row.

A tree learns the first rows of the stream, judges the rest, and its scores stand in both frames
beside inputs and truth. The inputs' law stays, so that a change is one of the concept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from bench.drift.case import CONCEPT, NONE, Case, drifted, same
from bench.drift.cases.models import CLASSIFIER

_THEME = "streams"
_LEARNED, _ROWS, _WINDOW = 2_000, 4_000, 1_500
# A row of a stream: named inputs, and the class.
_Rows = Iterable[tuple[dict[object, float], bool]]


def _case(before: _Rows, after: _Rows, drift: str) -> Case:
    from sklearn.tree import DecisionTreeClassifier

    rows = [*islice(before, _LEARNED + _ROWS), *islice(after, _WINDOW)]
    inputs = np.array([[float(value) for value in row.values()] for row, _ in rows])
    truth = np.array([int(label) for _, label in rows])
    model = DecisionTreeClassifier(max_depth=8, min_samples_leaf=25, random_state=0)
    model.fit(inputs[:_LEARNED], truth[:_LEARNED])
    score = model.predict_proba(inputs[_LEARNED:])[:, 1]
    frame = {
        **{f"x{number}": column for number, column in enumerate(inputs[_LEARNED:].T)},
        "score": score,
        "prediction": (score >= 0.5).astype(int),
        "target": truth[_LEARNED:],
    }
    reference = {name: values[:_ROWS] for name, values in frame.items()}
    current = {name: values[_ROWS:] for name, values in frame.items()}
    return Case(reference, current, drift, roles=CLASSIFIER)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _sea(rng: np.random.Generator, variant: int) -> _Rows:
    from river.datasets import synth

    return synth.SEA(variant=variant, noise=0.1, seed=_seed(rng))


def _stagger(rng: np.random.Generator, function: int) -> Iterator[tuple[dict[object, float], bool]]:
    """A tenth of the classes is wrong: without noise the model would never err."""
    from river.datasets import synth

    for row, label in synth.STAGGER(classification_function=function, seed=_seed(rng)):
        yield row, bool(label) ^ bool(rng.random() < 0.1)


def _sine(rng: np.random.Generator, function: int) -> _Rows:
    from river.datasets import synth

    return synth.Sine(
        classification_function=function, seed=_seed(rng), balance_classes=False, has_noise=True
    )


def _agrawal(rng: np.random.Generator, function: int) -> _Rows:
    from river.datasets import synth

    return synth.Agrawal(classification_function=function, seed=_seed(rng))


@same(_THEME)
def sea_that_stays(rng: np.random.Generator) -> Case:
    return _case(_sea(rng, 0), _sea(rng, 0), NONE)


@same(_THEME)
def stagger_that_stays(rng: np.random.Generator) -> Case:
    return _case(_stagger(rng, 1), _stagger(rng, 1), NONE)


@same(_THEME)
def sine_that_stays(rng: np.random.Generator) -> Case:
    return _case(_sine(rng, 0), _sine(rng, 0), NONE)


@same(_THEME)
def agrawal_that_stays(rng: np.random.Generator) -> Case:
    return _case(_agrawal(rng, 2), _agrawal(rng, 2), NONE)


@drifted(_THEME, small=1, large=3)
def sea(rng: np.random.Generator, amount: float) -> Case:
    """The sum that decides goes from 8 to 9 (small), to 9.5 (large): the mildest of the known streams."""
    return _case(_sea(rng, 0), _sea(rng, int(amount)), CONCEPT)


@drifted(_THEME, small=2, large=0)
def stagger(rng: np.random.Generator, amount: float) -> Case:
    """From "green or circle" to "medium or large" (small), to "small and red" (large)."""
    return _case(_stagger(rng, 1), _stagger(rng, int(amount)), CONCEPT)


@drifted(_THEME, small=2, large=1)
def sine(rng: np.random.Generator, amount: float) -> Case:
    """From under a sine to under another (small), to over it (large)."""
    return _case(_sine(rng, 0), _sine(rng, int(amount)), CONCEPT)


@drifted(_THEME, small=3, large=0)
def agrawal(rng: np.random.Generator, amount: float) -> Case:
    return _case(_agrawal(rng, 2), _agrawal(rng, int(amount)), CONCEPT)
