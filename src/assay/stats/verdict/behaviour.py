"""How the contrasts of a reference behave in time: what a window of it usually looks like.

A window is unusual when it differs from what is expected at its phase by more than windows of its length do.
How much these differ is learnt from the reference itself: the means of the phases of a season where there is
one, an autoregression of what is left, and the windows of that length in the reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import chdtrc, stdtr

from assay.stats.summaries.codec import Floats, Ints
from assay.stats.verdict.autoregression import Autoregression
from assay.stats.verdict.blocks import Blocks
from assay.stats.verdict.contrasts import ContrastKind, Contrasts
from assay.stats.verdict.levels import skewed_tail, squared_levels, straightened
from assay.stats.verdict.seasons import Seasons

__all__ = ["MIN_BLOCKS", "Behaviour", "Centre", "Expectation"]

MIN_BLOCKS = 20
"""With fewer blocks nothing can be learnt about behaviour in time."""

DEPENDENCE_LEVEL = 0.001
"""Rows of a feature count as independent unless this level says otherwise, over all its contrasts."""

UNTIMED_LEVEL = 0.0001
"""The same where only the order of rows is known, which need not be that of time."""

MIN_EXPECTED = 5.0
"""A share is judged where so many effectively independent rows are expected inside and outside it."""

MIN_SQUARES = 30.0
"""A scale is judged where a window has so many effectively independent rows."""

MIN_ROWS = 20
"""A share is asked about its order in time where it counts at least so many rows of the reference, and leaves
as many out."""

_LAGS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What a window is held against, contrast by contrast, then location and scale of each scored feature.

    Attributes
    ----------
    feature : int64[series], place of the feature.
    expected : float64[series], at the window's phase.
    observed : float64[series], NaN where the window has no such rows.
    p_values : float64[series], two-sided; NaN where undefined or too few rows are expected.
    design_effect : float64[series], variance of the difference over that of independent rows.
    """

    feature: Ints
    expected: Floats
    observed: Floats
    p_values: Floats
    design_effect: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Centre:
    """A reference other than the blocks that behaviour is learnt from: its shares are what is expected.

    Attributes
    ----------
    trials : int64[contrasts], rows of the reference among which each contrast counts.
    starts : int64[any], blocks (microseconds) from which the reference was taken, for their phases; None:
        unknown. Then it is held to be as long, and as mixed, as what was learnt from.
    rows : float64[any], rows of each of these blocks.
    """

    trials: Ints
    starts: Ints | None = None
    rows: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """What was learnt of shares (a series for each contrast), then of locations and scales.

    Attributes
    ----------
    contrasts : of what.
    dependent : bool[features], whether rows of the feature depend on those before, or on the time.
    mean : float64[series], overall.
    binomial : float64[series], variance of one row if rows were independent.
    seasons : those that the features share.
    model : autoregression of the residuals.
    running : float64[blocks + 1, series], running sums of the residuals.
    width : length of a block.
    rows : mean number of rows of a block.
    of_mean : float64[series], variance of the mean of all blocks.
    centre : float64[series], variance that the reference's own means have, where it is not the blocks.
    levels : float64[scored features], variance of the mean squared level of all blocks.
    """

    contrasts: Contrasts
    dependent: np.ndarray
    mean: Floats
    binomial: Floats
    seasons: Seasons
    model: Autoregression
    running: Floats
    width: int
    rows: float
    of_mean: Floats
    centre: Floats | None = None
    levels: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def learn(cls, blocks: Blocks, *, centre: Centre | None = None) -> Behaviour | None:
        """Learn from blocks, None where they are too few.

        Blocks without rows are left out, as if those beside them followed one another.

        Parameters
        ----------
        blocks : of the reference; or, with `centre`, of other rows that behave in time as the reference does.
        centre : the reference whose shares are expected, where the blocks are not its own. Seasons, memory
            and spread are learnt from the blocks about their own mean, so that a lasting difference between
            them and the reference is not taken for spread.
        """
        contrasts = blocks.contrasts
        seen = blocks.trials.max(axis=1, initial=0) > 0
        if np.count_nonzero(seen) < MIN_BLOCKS or not contrasts.size:
            return None
        starts = None if blocks.starts is None else blocks.starts[seen]
        usual = np.nan_to_num(contrasts.expected)
        shares = blocks.shares[seen]
        values = _with_scores(contrasts, np.where(np.isnan(shares), usual, shares))
        trials = _widened(contrasts, blocks.trials[seen].astype(np.float64))
        mean = (values * trials).sum(axis=0) / np.maximum(trials.sum(axis=0), 1.0)
        binomial = _binomial(contrasts, np.nan_to_num(contrasts.expected))
        residual = values - mean
        seasons = Seasons()
        if starts is not None:
            scale = np.sqrt(np.maximum(binomial, 1e-12))
            told = np.flatnonzero(binomial > 0)
            found = Seasons.recognise(residual / scale, trials, starts, blocks.width, told.tolist())
            seasons = Seasons(
                tuple(
                    type(one)(one.name, one.phase_length, one.means * scale, one.cycles)
                    for one in found.layers
                )
            )
            residual = residual - seasons.at(starts, mean.size)
        residual = residual - residual.mean(axis=0)
        model = Autoregression.fit(residual, lost=seasons.phases)
        given = None
        if centre is not None:
            mean = _with_scores(contrasts, usual[None, :])[0]
            if centre.starts is not None and centre.starts.size:
                of_blocks = np.ones(centre.starts.size) if centre.rows is None else centre.rows
                mean = mean - seasons.average(centre.starts, of_blocks, mean.size)
            length = len(residual) if centre.starts is None else max(centre.starts.size, 1)
            among = _widened(contrasts, centre.trials[None, :].astype(np.float64))[0]
            of_rows = binomial / np.maximum(among, 1.0)
            given = np.maximum(model.variance_of_mean(length), of_rows)
        made = cls(
            contrasts,
            _dependent(contrasts, residual, trials, binomial, seasons, starts),
            mean,
            binomial,
            seasons,
            model,
            np.concatenate([np.zeros((1, mean.size)), np.cumsum(residual, axis=0)]),
            blocks.width,
            float(trials.max(axis=1).mean()),
            model.variance_of_mean(model.length),
            given,
        )
        return replace(made, levels=made._levels(model.length)[0])

    def expect(
        self, successes: Ints, trials: Ints, *, starts: Ints | None = None, weights: Floats | None = None
    ) -> Expectation:
        """Hold a window against what is usual.

        Parameters
        ----------
        successes, trials : int64[contrasts], of the window.
        starts : where its blocks begin; None where only its number of rows is known.
        weights : rows of each of these blocks; None: equally many.
        """
        contrasts = self.contrasts
        expected = self.mean
        if starts is None or not starts.size:
            count = float(trials.max(initial=0)) / self.width
        else:
            weight = np.ones(starts.size) if weights is None else np.asarray(weights, dtype=np.float64)
            expected = expected + self.seasons.average(starts, weight, self.mean.size)
            count = float(weight.sum() ** 2 / (weight**2).sum())
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(trials > 0, successes / np.maximum(trials, 1), np.nan)
        observed = _with_scores(contrasts, shares[None, :])[0]
        m = np.maximum(_widened(contrasts, trials[None, :].astype(np.float64))[0], 1.0)
        variance = self._variance(count, m)
        if self.seasons.layers:  # a share varies the more at this phase, the nearer it is to a half there
            there = _binomial(contrasts, np.clip(expected[: contrasts.size], 0.0, 1.0))
            with np.errstate(divide="ignore", invalid="ignore"):
                variance = variance * np.where(self.binomial > 0, np.maximum(there / self.binomial, 1.0), 1.0)
        freedom = np.maximum(self.model.independent(self.of_mean) - 1, 2.0)
        scales = slice(contrasts.size + contrasts.scored.size, None)
        of_levels, third = self._levels(max(round(count), 1))
        of_levels = of_levels + self.levels
        variance[scales] = np.maximum(variance[scales], self.binomial[scales] / m[scales] + of_levels)
        if self.seasons.layers:
            freedom = np.maximum(freedom * (1 - 1 / self.seasons.cycles), 2.0)
        of_rows = self.binomial * (1 / m + 1 / (self.rows * self.model.length))
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.abs(observed - expected)
            change[: contrasts.size] = straightened(shares, expected[: contrasts.size], m[: contrasts.size])
            z = change / np.sqrt(variance)
            design = np.where(of_rows > 0, np.maximum(variance / of_rows, 1.0), 1.0)
        share = np.clip(expected[: contrasts.size], 0.0, 1.0)
        few = m[: contrasts.size] / design[: contrasts.size] * np.minimum(share, 1 - share) < MIN_EXPECTED
        z[: contrasts.size][few] = np.nan
        # The mean of few squares is as skewed as a chi-square of few degrees of freedom.
        z[scales][m[scales] / design[scales] < MIN_SQUARES] = np.nan
        p_values = np.where(np.isfinite(z), 2 * stdtr(freedom, -np.nan_to_num(z)), np.nan)
        above = np.where(observed[scales] > expected[scales], z[scales], 0.0)
        tail = skewed_tail(above, third / np.maximum(variance[scales], 1e-200) ** 1.5)
        p_values[scales] = np.fmax(p_values[scales], np.where(np.isnan(z[scales]), np.nan, tail))
        return Expectation(_features(contrasts), expected, observed, p_values, design)

    def _levels(self, count: int) -> tuple[Floats, Floats]:
        """Variance and third cumulant of the mean squared level of `count` blocks, of each scored feature."""
        places = np.arange(self.contrasts.size, self.contrasts.size + self.contrasts.scored.size)
        remembered = self.model.variance[places] - self.binomial[places] / self.rows
        squares = 2 * self.model.independent(self.of_mean)[places]  # twice as many as independent levels
        return squared_levels(self.model, places, remembered, squares, count)

    def _variance(self, count: float, rows: Floats) -> Floats:
        """Variance of a window of `count` blocks with `rows` rows, about what is expected."""
        own = self.model.variance_of_mean(max(count, 1.0)) / min(count, 1.0)
        # The autoregression may miss what lasts longer than its order: the windows themselves do not.
        whole = max(round(count), 1)
        if whole * 3 <= self.model.length:
            means = (self.running[whole:] - self.running[:-whole]) / whole
            own = np.maximum(own, means.var(axis=0) / (1 - whole / self.model.length))
        # A window with fewer rows than the reference's blocks have varies more for that alone.
        own = own + self.binomial * np.maximum(1 / rows - 1 / (self.rows * count), 0.0)
        own = np.maximum(own, self.binomial / rows)
        if self.seasons.layers:
            own = own * (1 + 1 / self.seasons.cycles)
            return np.asarray(own if self.centre is None else own + self.centre)
        given = self.of_mean if self.centre is None else self.centre
        return np.asarray(own + given)


def _features(contrasts: Contrasts) -> Ints:
    return np.concatenate([contrasts.feature, contrasts.scored, contrasts.scored])


def _with_scores(contrasts: Contrasts, shares: Floats) -> Floats:
    """Shares, then locations, then scales: float64[windows, series]."""
    scored = contrasts.scored
    if not scored.size:
        return shares
    begin = np.searchsorted(contrasts.feature, scored)
    chosen = np.isin(contrasts.feature, scored)
    offsets = np.searchsorted(np.flatnonzero(chosen), begin)
    parts = [shares]
    parts += [
        np.add.reduceat((shares * weights)[:, chosen], offsets, axis=1) for weights in contrasts.scores()
    ]
    return np.concatenate(parts, axis=1)


def _widened(contrasts: Contrasts, trials: Floats) -> Floats:
    """Rows with a value of each series."""
    begin = np.searchsorted(contrasts.feature, contrasts.scored)
    return np.concatenate([trials, trials[:, begin], trials[:, begin]], axis=1)


def _binomial(contrasts: Contrasts, usual: Floats) -> Floats:
    """Variance of each series for one independent row, where the shares are as usual: float64[series]."""
    parts = [usual * (1 - usual)]
    for weights in contrasts.scores():
        found = []
        for place in contrasts.scored.tolist():
            where = contrasts.of_feature(place)
            inside = np.flatnonzero(contrasts.kind[where] == ContrastKind.BELOW) + where.start
            share, weight = usual[inside], weights[inside]
            below = np.minimum.outer(share, share) - np.outer(share, share)
            found.append(float(weight @ below @ weight))
        parts.append(np.array(found))
    return np.concatenate(parts)


def _dependent(
    contrasts: Contrasts,
    residual: Floats,
    trials: Floats,
    binomial: Floats,
    seasons: Seasons,
    starts: Ints | None,
) -> np.ndarray:
    """Which features have blocks that differ by more than chance, or that follow from those before them."""
    blocks = len(residual)
    usual = np.nan_to_num(contrasts.expected)
    expected = trials[:, : contrasts.size].sum(axis=0) * np.minimum(usual, 1 - usual)
    told = binomial > 0
    told[: contrasts.size] &= expected >= MIN_ROWS
    # The spread of shares of few rows has heavier tails than a chi-square: its variance is matched.
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = ((1 - 6 * usual * (1 - usual)) / binomial[: contrasts.size]) * (
            1 / np.maximum(trials[:, : contrasts.size], 1)
        ).sum(axis=0)
    free = float(max(blocks - seasons.phases, 1))
    stretch = np.ones(binomial.size)
    stretch[: contrasts.size] = np.maximum(
        1 + np.nan_to_num(excess, posinf=0.0, neginf=0.0) / (2 * free), 0.1
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (trials * residual**2).sum(axis=0) / binomial
        square = np.einsum("ij,ij->j", residual, residual)
        rho = np.array(
            [np.einsum("ij,ij->j", residual[lag:], residual[:-lag]) / square for lag in range(1, _LAGS + 1)]
        )
    of_spread = chdtrc(free / stretch, np.nan_to_num(spread) / stretch)
    of_order = chdtrc(_LAGS, blocks * (np.nan_to_num(rho) ** 2).sum(axis=0))
    p = 2 * np.minimum(of_spread, of_order)
    if seasons.layers and starts is not None:
        season = seasons.at(starts, residual.shape[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            of_season = (trials * season**2).sum(axis=0) / binomial
        p = 1.5 * np.minimum(p, 2 * chdtrc(seasons.phases - 1, np.nan_to_num(of_season)))
    p = np.where(told, p, 1.0)
    feature = _features(contrasts)
    least = np.ones(len(contrasts.layout.features))
    np.minimum.at(least, feature, p)
    count = np.bincount(feature[told], minlength=least.size)
    level = UNTIMED_LEVEL if starts is None else DEPENDENCE_LEVEL
    return np.asarray(least * np.maximum(count, 1) < level)
