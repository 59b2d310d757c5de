"""``assay.multivariate_drift``: two frames, looked at with all features together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.domain.multivariate_drift import MultivariateDrift, MultivariateFigure
from assay.errors import InvalidInput
from assay.monitoring.drift.frames import Frames, Roles, read_frames
from assay.monitoring.feature_rows import FeatureRows
from assay.monitoring.intake.faults import shown
from assay.stats.multivariate import copula, interactions
from assay.stats.multivariate.coordinates import Codes, Coordinates
from assay.stats.multivariate.domain_classifier import ClassifierModel, domain_classifier
from assay.stats.multivariate.engine import EngineName
from assay.stats.multivariate.mmd import MmdReference
from assay.stats.multivariate.pca_reconstruction import reconstruction_error
from assay.stats.multivariate.permutation import feature_permutation_test
from assay.stats.multivariate.random_features import FourierSummary
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.feature_profile import FeatureProfile

__all__ = ["METHODS", "multivariate_drift", "row_values"]

MOST_ROWS = 50_000
"""Rows of either side that are looked at; with more, every k-th is."""

LEAST_ROWS = 50

_CODED = 250
"""Categories that trees tell apart; the rarer ones are one more."""

_NAMED = 5


def multivariate_drift(
    reference: Any,
    current: Any,
    *,
    features: Collection[str] | None = None,
    timestamp: str | None = None,
    methods: Collection[str] = ("copula", "interactions", "mmd", "reconstruction"),
    classifier: ClassifierModel = "boosting",
    permutations: int = 0,
    engine: EngineName = "numpy",
    seed: int = 0,
) -> MultivariateDrift:
    """Look for a change that may show in no feature by itself.

    Parameters
    ----------
    reference, current : Polars, pandas or PyArrow frames, or dictionaries of arrays.
    features : columns to look at; None: all of the reference but the timestamp.
    timestamp : column by which the rows are brought into order, for the reference's windows of
        "reconstruction".
    methods : of "copula" (pairs of features), "interactions" (triples), "mmd" (a Gaussian kernel by random
        Fourier features), "reconstruction" (error of the principal components) and "classifier".
    classifier : "boosting", which needs scikit-learn (extra `ml`), or "logistic".
    permutations : by which the p-value of "mmd" is found; 0: from the law that it follows with many rows.
    engine : "numpy" or "jax" (extra `jax`), which uses a GPU where there is one: permutations and fits of
        "logistic".
    seed : of all that is drawn by chance.

    Raises
    ------
    InvalidInput
        Where one is no frame, a column is absent or a method unknown, or with fewer than 50 rows on either
        side.
    MissingExtra
        Where scikit-learn or JAX is asked for and absent.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> before = {name: rng.normal(size=4000) for name in "xyz"}
    >>> after = {name: rng.normal(size=1000) for name in "xyz"}
    >>> after["z"] = np.abs(after["z"]) * np.sign(after["x"] * after["y"])
    >>> found = multivariate_drift(before, after)
    >>> found["copula"].p_value > 0.01, found["interactions"].p_value < 1e-6
    (True, True)
    >>> found["interactions"].features
    ('x', 'y', 'z')
    """
    for method in methods:
        if method not in METHODS:
            raise InvalidInput(f"there is no method {method!r:.40}; there are {', '.join(METHODS)}")
    frames, learnt = read_frames(reference, current, Roles(timestamp=timestamp), features)
    if min(frames.rows) < LEAST_ROWS:
        raise InvalidInput(
            f"at least {LEAST_ROWS} rows are needed on either side; got {frames.rows[0]} and {frames.rows[1]}"
        )
    names = [name for name in frames.features if name in frames.current]
    if not names:
        raise InvalidInput("the frames have no feature in common")
    notes = [f"{shown(name)} was left out: {why}" for name, why in frames.broken.items()]
    notes += [
        f"{shown(name)} was left out: the current frame does not have it"
        for name in frames.features
        if name not in frames.current and name not in frames.broken
    ]
    rows = [_in_order(frames, side) for side in (0, 1)]
    if max(frames.rows) > MOST_ROWS:
        notes.append(f"of either side at most {MOST_ROWS:,} rows were looked at")
    looks = _Looks.of(frames, learnt.profile, names, rows, seed, engine, permutations, classifier)
    if looks.coordinates.size < 2:
        raise InvalidInput("fewer than two coordinates vary in the reference: there is nothing to compare")
    return MultivariateDrift(
        tuple(METHODS[method](looks) for method in dict.fromkeys(methods)),
        rows[0].size,
        rows[1].size,
        looks.coordinates.size,
        tuple(notes),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Looks:
    """Both sides as points, and all options."""

    frames: Frames
    names: list[str]
    rows: list[Ints]
    coordinates: Coordinates
    before: Floats
    after: Floats
    seed: int
    engine: EngineName
    permutations: int
    classifier: ClassifierModel

    @classmethod
    def of(
        cls, frames: Frames, profile: FeatureProfile, names: list[str], rows: list[Ints], *options: Any
    ) -> _Looks:
        coordinates = Coordinates.of(profile, names)
        before, after = (
            coordinates.points({name: row_values(side[name], chosen) for name in names})
            for side, chosen in zip((frames.reference, frames.current), rows, strict=True)
        )
        return cls(frames, names, rows, coordinates, before, after, *options)

    def strongest(self, most: int) -> tuple[Coordinates, Floats, Floats]:
        """Coordinates that depend on others the most, and the points of both sides in them."""
        kept = self.coordinates.strongest(self.before, most)
        if kept is self.coordinates:
            return kept, self.before, self.after
        place = {id(axis): i for i, axis in enumerate(self.coordinates.axes)}
        chosen = [place[id(axis)] for axis in kept.axes]
        return kept, self.before[:, chosen], self.after[:, chosen]


def row_values(rows: FeatureRows, chosen: Ints) -> Floats | Codes:
    """Values of some rows of a feature, as coordinates are made of them."""
    values = rows.values[chosen]
    if rows.kind == "categorical":
        return values, rows.dictionary
    return values if rows.valid is None else np.where(rows.valid[chosen], values, np.nan)


def _in_order(frames: Frames, side: int) -> Ints:
    """Rows that are looked at, in the order of time."""
    count = frames.rows[side]
    order = np.arange(count) if frames.times is None else np.argsort(frames.times[side], kind="stable")
    return order[:: max(1, -(-count // MOST_ROWS))]


def _copula(looks: _Looks) -> MultivariateFigure:
    chosen, before, after = looks.strongest(copula.MOST_COORDINATES)
    found = copula.copula_change(
        copula.CopulaSummary.of(before, chosen), copula.CopulaSummary.of(after, chosen)
    )
    named = chosen.features
    told = [named[place] for pair in found.pairs[:1] for place in (pair.first, pair.second)]
    return MultivariateFigure(
        "copula", "change of a correlation", found.value, 0.0, found.p_value, tuple(told)
    )


def _interactions(looks: _Looks) -> MultivariateFigure:
    chosen, before, after = looks.strongest(interactions.MOST_COORDINATES)
    found, compared = interactions.compare_interactions(before, after, chosen.owner.tolist(), floor=0.0)
    statistic = "change of a mean product of three"
    if not found:
        return MultivariateFigure("interactions", statistic, 0.0, 0.0, 1.0)
    first = found[0]
    return MultivariateFigure(
        "interactions",
        statistic,
        abs(first.after - first.before),
        0.0,
        min(1.0, first.p_value * compared),
        tuple(chosen.features[place] for place in first.coordinates),
    )


def _mmd(looks: _Looks) -> MultivariateFigure:
    reference = MmdReference.learn(looks.before, seed=looks.seed)
    if looks.permutations:
        found = feature_permutation_test(
            looks.before,
            looks.after,
            reference.features,
            permutations=looks.permutations,
            seed=looks.seed,
            by=looks.engine,
        )
    else:
        found = reference.compare(FourierSummary.of(looks.after, reference.features))
    return MultivariateFigure("mmd", "squared mean discrepancy", found.value, 0.0, found.p_value)


def _reconstruction(looks: _Looks) -> MultivariateFigure:
    found = reconstruction_error(looks.before, looks.after)
    return MultivariateFigure(
        "reconstruction", "mean reconstruction error", found.value, found.expected, found.p_value
    )


def _classifier(looks: _Looks) -> MultivariateFigure:
    if looks.classifier == "logistic":
        named: tuple[str, ...] = looks.coordinates.features
        sides, categorical = [looks.before, looks.after], []
    else:
        named = tuple(looks.names)
        pairs = [(looks.frames.reference[name], looks.frames.current[name]) for name in looks.names]
        categorical = [place for place, (ours, _) in enumerate(pairs) if ours.kind == "categorical"]
        columns = [_columns(ours, theirs, looks.rows) for ours, theirs in pairs]
        sides = [np.column_stack([column[side] for column in columns]) for side in (0, 1)]
    found = domain_classifier(
        sides[0],
        sides[1],
        categorical=categorical,
        model=looks.classifier,
        seed=looks.seed,
        by=looks.engine,
    )
    lost: dict[str, float] = {}
    for name, one in zip(named, found.importance, strict=True):
        lost[name] = lost.get(name, 0.0) + one
    told = [name for name in sorted(lost, key=lambda name: -lost[name]) if lost[name] > _TELLS]
    return MultivariateFigure(
        "classifier", "area under the curve", found.auc, 0.5, found.p_value, tuple(told[:_NAMED])
    )


_TELLS = 0.005
"""Area that a column must be worth to be named."""


def _columns(ours: FeatureRows, theirs: FeatureRows, rows: list[Ints]) -> tuple[Floats, Floats]:
    """Values of both sides as trees take them: categories by how frequent they are on both sides together."""
    if ours.kind == "numeric":
        one, other = row_values(ours, rows[0]), row_values(theirs, rows[1])
        assert not isinstance(one, tuple)  # noqa: S101 - numeric, as was just seen
        assert not isinstance(other, tuple)  # noqa: S101
        return tuple(np.where(np.isfinite(side), side, np.nan) for side in (one, other))  # type: ignore[return-value]
    count: dict[str, int] = {}
    for side, chosen in zip((ours, theirs), rows, strict=True):
        codes = side.values[chosen]
        found = np.bincount(codes[codes >= 0], minlength=len(side.dictionary)).tolist()
        for text, times in zip(side.dictionary, found, strict=True):
            count[text] = count.get(text, 0) + times
    ranked = sorted(count, key=lambda text: (-count[text], text))
    code = {text: min(place, _CODED) for place, text in enumerate(ranked)}
    made = []
    for side, chosen in zip((ours, theirs), rows, strict=True):
        place = np.array([*(code[text] for text in side.dictionary), np.nan])
        made.append(place[side.values[chosen]])
    return made[0], made[1]


METHODS: dict[str, Callable[[_Looks], MultivariateFigure]] = {
    "copula": _copula,
    "interactions": _interactions,
    "mmd": _mmd,
    "reconstruction": _reconstruction,
    "classifier": _classifier,
}
