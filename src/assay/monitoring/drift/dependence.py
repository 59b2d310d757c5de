"""From frames to evidence about dependence between features."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import stdtr

from assay.monitoring.drift.frames import Frames
from assay.monitoring.feature_rows import FeatureRows
from assay.stats.correlations import PairChange, compare_correlations, correlations, normal_scores
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.parallel import map_columns
from assay.stats.summaries.reference import Reference
from assay.stats.verdict.behaviour import Behaviour
from assay.stats.verdict.dependence import compare_group_means
from assay.stats.verdict.evidence import Aspect, Evidence, Null
from assay.stats.verdict.floors import Floors

__all__ = ["dependence_evidence"]

MOST_ROWS = 20_000
"""Rows of either side that correlations are taken over; with more, every k-th is taken."""

MIN_ROWS = 30
_CATEGORIES = 6
_GROUPS = 20
_LEAST_SHARE = 0.05
_LEAST_WINDOWS = 8
_CONFIRMED = 40
_NAMED = 20


def dependence_evidence(
    frames: Frames, reference: Reference, behaviour: Behaviour | None, floors: Floors
) -> Iterator[Evidence]:
    """Test whether features hang together in another way than in the reference."""
    if min(frames.rows) < MIN_ROWS:
        return
    rows = [_chosen(count) for count in frames.rows]
    names = [name for name in frames.features if name in frames.current]
    if len(names) < 2:
        return

    def of_feature(name: str) -> tuple[list[Floats], list[Floats]]:
        pair = frames.reference[name], frames.current[name]
        return _variables(pair, rows)

    made = map_columns(of_feature, names, values=sum(len(one) for one in rows) * len(names))
    owner = [place for place, (ours, _) in enumerate(made) for _ in ours]
    if len(set(owner)) < 2:
        return
    before = np.column_stack([one for ours, _ in made for one in ours])
    after = np.column_stack([one for _, theirs in made for one in theirs])
    pairs, compared = compare_correlations(
        correlations(before), correlations(after), owner, floor=floors.dependence
    )
    dependent = set()
    if behaviour is not None:
        known = list(reference.features)
        dependent = {known[place] for place in np.flatnonzero(behaviour.dependent)}
    numeric = [
        place
        for place, name in enumerate(names)
        if frames.reference[name].kind == "numeric" and made[place][0]
    ]
    grouped = [
        name for name in names if frames.reference[name].kind == "categorical" and name not in dependent
    ]
    compared += len(grouped) * len(numeric)
    yield from _by_category(
        frames, grouped, [names[place] for place in numeric], made, numeric, rows, dependent, compared, floors
    )
    seen: set[tuple[str, str]] = set()
    for number, pair in enumerate(pairs):
        chosen = names[owner[pair.first]], names[owner[pair.second]]
        p, null, usual = pair.p_value, Null.INDEPENDENT, pair.before
        if p * compared > 1 or chosen in seen or len(seen) >= _NAMED or number >= _CONFIRMED * 5:
            continue
        if behaviour is not None and (chosen[0] in dependent or chosen[1] in dependent):
            variables = [
                (made[owner[place]][0], place - owner.index(owner[place]), owner[place] in numeric)
                for place in (pair.first, pair.second)
            ]
            among, usual = _among_windows(variables, pair, _windows(rows[0], frames, behaviour))
            p, null = max(p, among), Null.WINDOWS
        seen.add(chosen)
        yield Evidence(
            chosen,
            Aspect.DEPENDENCE,
            "correlation",
            abs(pair.after - usual),
            floors.dependence,
            min(1.0, p * compared),
            null,
            usual,
            pair.after,
        )


def _by_category(
    frames: Frames,
    grouped: list[str],
    named: list[str],
    made: list[tuple[list[Floats], list[Floats]]],
    numeric: list[int],
    rows: list[Ints],
    dependent: set[str],
    compared: int,
    floors: Floors,
) -> Iterator[Evidence]:
    """Numbers that follow a category in another way than before."""
    if not numeric:
        return
    scores = tuple(np.column_stack([made[place][side][0] for place in numeric]) for side in (0, 1))
    members: tuple[list[Floats], list[Floats]] = ([], [])
    groups = []
    for name in grouped:
        ours, theirs = frames.reference[name], frames.current[name]
        codes = ours.values[rows[0]]
        counts = np.bincount(codes[codes >= 0], minlength=len(ours.dictionary))
        frequent = np.argsort(-counts, kind="stable")[:_GROUPS].tolist()
        rank = {ours.dictionary[place]: i for i, place in enumerate(frequent)}
        groups.append(len(frequent))
        for into, one, chosen in zip(members, (ours, theirs), rows, strict=True):
            place = np.array([*(rank.get(text, -1) for text in one.dictionary), -1], dtype=np.int64)
            into.append((place[one.values[chosen]][:, None] == np.arange(len(frequent))).astype(np.float64))
    if not groups or not all(groups):
        return
    size, p = compare_group_means(
        (scores[0], scores[1]),
        (np.concatenate(members[0], axis=1), np.concatenate(members[1], axis=1)),
        groups,
    )
    for row, column in np.argwhere((size >= floors.dependence) & (p * compared <= 1)).tolist():
        if named[column] not in dependent:
            yield Evidence(
                (grouped[row], named[column]),
                Aspect.DEPENDENCE,
                "means by category",
                float(size[row, column]),
                floors.dependence,
                min(1.0, float(p[row, column]) * compared),
                Null.INDEPENDENT,
            )


def _chosen(count: int) -> Ints:
    return np.arange(0, count, max(1, -(-count // MOST_ROWS)))


def _variables(pair: tuple[FeatureRows, FeatureRows], rows: list[Ints]) -> tuple[list[Floats], list[Floats]]:
    ours, theirs = pair
    if ours.kind == "numeric":
        sides = []
        for one, chosen in zip(pair, rows, strict=True):
            values = one.values[chosen]
            if one.valid is not None:
                values = np.where(one.valid[chosen], values, np.nan)
            scores = normal_scores(values)
            sides.append([scores, np.abs(scores)])
        if not all(_varies(side[0]) for side in sides):
            return [], []
        return sides[0], sides[1]
    counts = np.bincount(ours.values[rows[0]][ours.values[rows[0]] >= 0], minlength=len(ours.dictionary))
    share = counts / max(len(rows[0]), 1)
    frequent = [
        place
        for place in np.argsort(-counts, kind="stable")[:_CATEGORIES].tolist()
        if _LEAST_SHARE <= share[place] <= 1 - _LEAST_SHARE
    ]
    made: tuple[list[Floats], list[Floats]] = ([], [])
    index = {text: place for place, text in enumerate(theirs.dictionary)}
    for place in frequent:
        there = index.get(ours.dictionary[place], -2)
        both = (ours.values[rows[0]] == place), (theirs.values[rows[1]] == there)
        if both[1].any() and not both[1].all():
            for into, one in zip(made, both, strict=True):
                into.append(one.astype(np.float64))
    return made


def _varies(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    return bool(known.size and known.min() < known.max())


def _among_windows(
    variables: list[tuple[list[Floats], int, bool]], pair: PairChange, windows: Iterator[Ints]
) -> tuple[float, float]:
    """P-value of the window's correlation among those of the reference's windows, and what is usual there."""
    found = []
    for inside in windows:
        x, y = (_ranked_within(own, which, numeric, inside) for own, which, numeric in variables)
        known = np.isfinite(x) & np.isfinite(y)
        if np.count_nonzero(known) >= MIN_ROWS / 2 and x[known].std() and y[known].std():
            found.append(float(np.corrcoef(x[known], y[known])[0, 1]))
    if len(found) < _LEAST_WINDOWS:
        return 1.0, pair.before
    among = np.arctanh(np.clip(found, -0.999999, 0.999999))
    now = np.arctanh(np.clip(pair.after, -0.999999, 0.999999))
    usual = float(among.mean())
    spread = float(among.std(ddof=1)) * np.sqrt(1 + 1 / len(found))
    if not spread:
        return 1.0, float(np.tanh(usual))
    return float(2 * stdtr(len(found) - 1, -abs(now - usual) / spread)), float(np.tanh(usual))


def _ranked_within(own: list[Floats], which: int, numeric: bool, inside: Ints) -> Floats:
    """One of a feature's variables for some rows of the reference, ranked as the window's rows are.

    The window is ranked within itself. Where there is a season, or a memory, ranks within the whole
    reference are another scale, on which the rows of a window depend on one another in another way.
    """
    if not numeric:
        return own[which][inside]
    scores = normal_scores(own[0][inside])
    return np.abs(scores) if which else scores


def _windows(rows: Ints, frames: Frames, behaviour: Behaviour) -> Iterator[Ints]:
    """Rows (places among those chosen) of the reference's windows like the one that is judged."""
    if frames.times is None:
        length = max(1, round(frames.rows[1] * len(rows) / frames.rows[0]))
        for begin in range(0, len(rows) - length + 1, length):
            yield np.arange(begin, begin + length)
        return
    times, now = frames.times[0][rows], frames.times[1][frames.times[1] >= 0]
    if not now.size:
        return
    start, length = int(now.min()), int(now.max() - now.min()) + 1
    step = length
    if behaviour.seasons.layers:  # the same phase of the longest period found
        longest = max(layer.phase_length * len(layer.means) for layer in behaviour.seasons.layers)
        step = -(-length // longest) * longest
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    first = int(ordered[np.searchsorted(ordered, 0)]) if (ordered >= 0).any() else start
    for k in range(1, 10_000):
        begin = start - k * step
        if begin + length < first:
            return
        low, high = np.searchsorted(ordered, [max(begin, 0), begin + length])
        if high > low:
            yield order[low:high]
