"""From frames with truth to evidence about errors and metrics."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.monitoring.drift.frames import Frames, Order, Roles
from assay.monitoring.feature_rows import FeatureRows
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.verdict.autoregression import Autoregression
from assay.stats.verdict.behaviour import MIN_BLOCKS
from assay.stats.verdict.evidence import Evidence
from assay.stats.verdict.floors import Floors
from assay.stats.verdict.given_inputs import (
    MIN_ROWS,
    Partition,
    error_evidence,
    expected_truth,
    mean_evidence,
)

__all__ = ["outcome_evidence"]

MAX_CLASSES = 20
"""Whole numbers with no more distinct values than this are classes."""

MOST_ROWS = 100_000
"""Rows of either side that the fit is made of; with more, every k-th is taken."""

_GROUPS = 5
_CATEGORIES = 8


def outcome_evidence(
    frames: Frames, roles: Roles, floors: Floors, order: Order | None, rng: np.random.Generator
) -> Iterator[Evidence]:
    """Test whether errors and metrics have changed; nothing where there is no truth.

    With a score or features, what is tested first is the truth given these; a metric by itself says what
    happened and not why.
    """
    if frames.outcome is None:
        return
    sides = [_rows_with_truth(truth) for truth in frames.outcome]
    if min(side.size for side in sides) < MIN_ROWS:
        return
    classes = _classes(frames, frames.outcome[0], roles)
    prediction = None if roles.prediction is None else _pair(frames, roles.prediction)
    score = None if roles.score is None else _pair(frames, roles.score)
    truth = [_values(one, side) for one, side in zip(frames.outcome, sides, strict=True)]
    binary = classes is not None
    positive = None
    if classes is not None and len(classes) == 2 and score is not None:
        positive = [_is(one, classes[1], side) for one, side in zip(frames.outcome, sides, strict=True)]
    losses: dict[str, list[Floats]] = {}
    if prediction is not None:
        if binary:
            right = [
                _texts(one, side) == _texts(guess, side)
                for one, guess, side in zip(
                    frames.outcome,
                    (frames.reference[str(roles.prediction)], frames.current[str(roles.prediction)]),
                    sides,
                    strict=True,
                )
            ]
            losses["accuracy"] = [side.astype(np.float64) for side in right]
        else:
            guesses = [_values(one, side) for one, side in zip(prediction, sides, strict=True)]
            losses["mean absolute error"] = [
                np.abs(actual - guess) for actual, guess in zip(truth, guesses, strict=True)
            ]
    elif positive is not None and score is not None:
        losses["Brier score"] = [
            (actual - _values(one, side)) ** 2
            for actual, one, side in zip(positive, score, sides, strict=True)
        ]
    for name, (before, after) in losses.items():
        known = np.isfinite(before), np.isfinite(after)
        found = mean_evidence(
            before[known[0]],
            after[known[1]],
            floor=floors.metric,
            statistic=name,
            design_effect=_design_effect(before, sides[0], order, len(after)),
        )
        if found is not None:
            yield found
    if not frames.features and score is None:
        return
    if positive is not None:
        of_interest, kind = positive, "truth"
    elif "accuracy" in losses:
        of_interest, kind = losses["accuracy"], "being right"
    elif not binary:
        of_interest, kind = truth, "truth"
    else:
        return
    yield from _given_inputs(
        frames, roles, sides, of_interest, kind, binary=binary, floors=floors, order=order, rng=rng
    )


def _given_inputs(
    frames: Frames,
    roles: Roles,
    sides: list[Ints],
    truth: list[Floats],
    kind: str,
    *,
    binary: bool,
    floors: Floors,
    order: Order | None,
    rng: np.random.Generator,
) -> Iterator[Evidence]:
    sides, truth = _thinned(sides, truth)
    columns = [*frames.features]
    columns += [name for name in (roles.score, roles.prediction) if name is not None]
    terms: tuple[list[Floats], list[Floats]] = ([], [])
    partitions = []
    for name in columns:
        if name not in frames.current:
            continue
        pair = _pair(frames, name)
        if name == roles.score and binary:
            pair_of_logits = [_logit(_values(one, side)) for one, side in zip(pair, sides, strict=True)]
            for into, values in zip(terms, pair_of_logits, strict=True):
                into.append(values)
        for into, made in zip(terms, _terms(pair, sides), strict=True):
            into.extend(made)
        partitions.append(_partition(name, pair, sides))
    if not terms[0]:
        return
    ours, theirs = (np.nan_to_num(np.column_stack(side)) for side in terms)
    expected = expected_truth(ours, truth[0], theirs, binary=binary, rng=rng)
    errors = [actual - one for actual, one in zip(truth, expected, strict=True)]
    cuts = np.unique(np.quantile(expected[0], np.linspace(0, 1, _GROUPS + 1)[1:-1]))
    partitions.append(
        Partition(
            "expectation",
            np.searchsorted(cuts, expected[0]),
            np.searchsorted(cuts, expected[1]),
            cuts.size + 1,
        )
    )
    whole = Partition(
        "none", np.zeros(errors[0].size, dtype=np.int64), np.zeros(errors[1].size, dtype=np.int64), 1
    )
    effect = _design_effect(errors[0], sides[0], order, errors[1].size)
    partitions.append(whole)
    yield from error_evidence(
        partitions, (errors[0], errors[1]), floor=floors.error, statistic=kind, design_effect=effect
    )
    if not binary:  # an error may also grow without leaning to one side
        sizes = [np.abs(side) for side in errors]
        usual = expected_truth(ours, sizes[0], theirs, binary=False, rng=rng)
        left = sizes[0] - usual[0], sizes[1] - usual[1]
        yield from error_evidence(
            [whole, partitions[-2]],
            left,
            floor=floors.error,
            statistic="size of the error",
            design_effect=effect,
        )


def _thinned(sides: list[Ints], truth: list[Floats]) -> tuple[list[Ints], list[Floats]]:
    steps = [max(1, -(-side.size // MOST_ROWS)) for side in sides]
    return (
        [side[::step] for side, step in zip(sides, steps, strict=True)],
        [side[::step] for side, step in zip(truth, steps, strict=True)],
    )


def _classes(frames: Frames, truth: FeatureRows, roles: Roles) -> list[str] | None:
    """Classes of the truth, sorted, where it has classes; None for numbers."""
    if truth.kind == "categorical":
        return sorted(truth.dictionary)
    values = _values(truth, _rows_with_truth(truth))
    values = values[np.isfinite(values)]
    distinct = np.unique(values[:100_000])
    if distinct.size > MAX_CLASSES or (distinct != np.round(distinct)).any():
        return None
    if distinct.size > 2 and roles.prediction is not None:
        guesses = frames.reference[roles.prediction]
        if guesses.kind == "numeric" and (guesses.values != np.round(guesses.values)).any():
            return None  # counts that a regression predicts
    return [f"{value:g}" for value in distinct.tolist()]


def _rows_with_truth(truth: FeatureRows) -> Ints:
    known = np.ones(len(truth.values), dtype=bool) if truth.valid is None else truth.valid
    if truth.kind == "numeric":
        known = known & np.isfinite(truth.values)
    else:
        known = known & (truth.values >= 0)
    return np.flatnonzero(known)


def _pair(frames: Frames, name: str) -> tuple[FeatureRows, FeatureRows]:
    return frames.reference[name], frames.current[name]


def _values(rows: FeatureRows, side: Ints) -> Floats:
    values = rows.values[side].astype(np.float64)
    if rows.valid is not None:
        values = np.where(rows.valid[side], values, np.nan)
    return values


def _texts(rows: FeatureRows, side: Ints) -> np.ndarray:
    """Classes as text, numbers in their shortest form, so that 1, 1.0 and "1" are one class."""
    if rows.kind == "numeric":
        distinct, place = np.unique(rows.values[side], return_inverse=True)
        names = np.array([f"{value:g}" for value in distinct.tolist()], dtype=object)
        return np.asarray(names[place])
    names = np.array([*rows.dictionary, None], dtype=object)
    return np.asarray(names[rows.values[side]])


def _is(rows: FeatureRows, name: str, side: Ints) -> Floats:
    return (_texts(rows, side) == name).astype(np.float64)


def _logit(score: Floats) -> Floats:
    clipped = np.clip(score, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _terms(pair: tuple[FeatureRows, FeatureRows], sides: list[Ints]) -> tuple[list[Floats], list[Floats]]:
    """Terms of a model for one column of both sides."""
    ours = pair[0]
    if ours.kind == "numeric":
        values = [_values(one, side) for one, side in zip(pair, sides, strict=True)]
        finite = values[0][np.isfinite(values[0])]
        if not finite.size:
            return [], []
        low, middle, high = np.quantile(finite, [0.25, 0.5, 0.75])
        scale = (high - low) or float(finite.std()) or 1.0
        standard = [np.clip((one - middle) / scale, -4, 4) for one in values]
        made = tuple(
            [np.where(np.isfinite(one), one, 0.0), np.where(np.isfinite(one), one, 0.0) ** 2]
            for one in standard
        )
        if (~np.isfinite(values[0])).any():
            for into, one in zip(made, values, strict=True):
                into.append((~np.isfinite(one)).astype(np.float64))
        return made[0], made[1]
    names = _frequent(ours, sides[0])
    return tuple([_is(one, name, side) for name in names] for one, side in zip(pair, sides, strict=True))  # type: ignore[return-value]


def _frequent(rows: FeatureRows, side: Ints) -> list[str]:
    codes = rows.values[side]
    count = np.bincount(codes[codes >= 0], minlength=len(rows.dictionary))
    return [rows.dictionary[place] for place in np.argsort(-count, kind="stable")[:_CATEGORIES].tolist()]


def _partition(name: str, pair: tuple[FeatureRows, FeatureRows], sides: list[Ints]) -> Partition:
    ours = pair[0]
    if ours.kind == "numeric":
        values = [_values(one, side) for one, side in zip(pair, sides, strict=True)]
        finite = values[0][np.isfinite(values[0])]
        cuts = (
            np.unique(np.quantile(finite, np.linspace(0, 1, _GROUPS + 1)[1:-1]))
            if finite.size
            else np.zeros(0)
        )
        made = [np.where(np.isfinite(one), np.searchsorted(cuts, np.nan_to_num(one)), -1) for one in values]
        return Partition(name, made[0], made[1], cuts.size + 1)
    names = {text: place for place, text in enumerate(_frequent(ours, sides[0]))}
    made = []
    for one, side in zip(pair, sides, strict=True):
        place = np.array([*(names.get(text, len(names)) for text in one.dictionary), -1], dtype=np.int64)
        made.append(place[one.values[side]])
    return Partition(name, made[0], made[1], len(names) + 1)


def _design_effect(values: Floats, rows: Ints, order: Order | None, window: int) -> float:
    """Variance of a window's mean over that of independent rows, from the reference's order in time."""
    if order is None or not window:
        return 1.0
    block = order.block[rows]
    known = (block >= 0) & np.isfinite(values)
    if not known.any():
        return 1.0
    count = np.bincount(block[known], minlength=order.count)
    total = np.bincount(block[known], values[known], minlength=order.count)
    seen = count > 0
    if np.count_nonzero(seen) < MIN_BLOCKS:
        return 1.0
    variance = float(values[known].var())
    means = total[seen] / count[seen] - values[known].mean()
    if not variance:
        return 1.0
    fitted = Autoregression.fit(means[:, None])
    blocks = max(window / float(count[seen].mean()), 1.0)
    return max(1.0, float(fitted.variance_of_mean(blocks)[0]) * window / variance)
