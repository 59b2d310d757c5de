"""E-detector: alarms when the mean of bounded values has risen or fallen, with a promised run length.

References
----------
.. [1] J. Shin, A. Ramdas, A. Rinaldo, "E-detectors: a nonparametric framework for sequential change
   detection", New England Journal of Statistics in Data Science 2 (2024); arXiv:2203.03532.
.. [2] M. Pollak, "Optimal detection of a change in distribution", Annals of Statistics 13 (1985).
.. [3] I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", Journal of the
   Royal Statistical Society B 86 (2024).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, rel_entr

from assay.errors import InvalidInput
from assay.stats.sequential.baseline import Baseline, EstimatedBaseline, KnownBaseline, LearnedBound
from assay.stats.sequential.blocks import BlockDetector
from assay.stats.sequential.detector import Values, read_values
from assay.stats.sequential.reference_bound import reference_bound

__all__ = ["EDetector"]

# Products of so many factors neither overflow nor vanish: a factor is between 1/130 and 130.
_BLOCK = 64
# By how much the log-odds of the level may have moved: from barely (10% to 11%) to altogether (10% to 93%).
_SHIFTS = 0.125 * 1.5 ** np.arange(10)


class EDetector(BlockDetector):
    """Alarms when the mean of values in [0, 1] has left its level to one side: errors, losses, hits.

    For each of ten sizes of change it keeps a Shiryaev-Roberts sum: ``M = (1 + M) * (1 + bet * (value -
    level))``, where the bet is the one that gains most from a change of that size. While the mean is at the
    level or on its good side, no factor has an expectation over 1, so the weighted mean of the ten
    sums, less the number of values, is a supermartingale; the expected number of values until it reaches a
    threshold is at least this threshold [1]_. Nothing is assumed about the values but their range and their
    mean given what came before; of ones and zeros the factors are likelihood ratios, for which such sums are
    close to optimal [2]_.

    The level is, by what is given:

    - `baseline`: known. The mean run length is at least `run_length`.
    - `reference`: unknown, bounded from rows like those before a change. The bound is wrong with probability
      ``1 - confidence``; the threshold is ``run_length / confidence``, so that the mean run length is at
      least `run_length` over all references, and for ``confidence`` of them each on its own.
    - neither: learned from the stream itself by a bound that holds at all times; the promise is the same. A
      level that is learned so is the best that the stream has ever kept: going back from a better spell is a
      change.
    - ``learn="estimate"``: an estimate in place of the bound. Changes are found sooner; the run length is
      that of simulations only, not promised.

    After an alarm a level learned from the stream is learned anew; a baseline or a reference stays.

    Parameters
    ----------
    baseline : the mean before a change, in (0, 1).
    reference : values like those before a change, in [0, 1], shape (n,); NaN is passed over. Not both.
    run_length : mean number of values from a start to a false alarm, at least; over 1.
    direction : "up" where larger is worse (errors, losses), "down" where smaller is worse (hits, precision).
    learn : "bound" or "estimate", where there is no `baseline`.
    confidence : probability of the bound, in (0, 1); not used with a baseline or an estimate.

    Raises
    ------
    InvalidInput
        For arguments out of these ranges, and for values outside [0, 1].

    Examples
    --------
    >>> detector = EDetector(baseline=0.1, run_length=10_000)
    >>> detector.update([0, 0, 0, 0, 0, 0, 0, 0, 0, 1] * 50).alarms
    ()
    >>> detector.update([0, 1] * 20).alarms
    (518, 538)
    """

    name = "e-detector"
    low, high = 0.0, 1.0

    def __init__(
        self,
        *,
        baseline: float | None = None,
        reference: Values | None = None,
        run_length: float = 10_000,
        direction: Literal["up", "down"] = "up",
        learn: Literal["bound", "estimate"] = "bound",
        confidence: float = 0.95,
        level: float | None = None,
    ) -> None:
        super().__init__()
        _check(run_length=run_length, direction=direction, learn=learn, confidence=confidence)
        if sum(given is not None for given in (baseline, reference, level)) > 1:
            raise InvalidInput("give the baseline, or the reference that it is bounded from, not both")
        self._arguments: dict[str, Any] = {
            "baseline": baseline,
            "run_length": run_length,
            "direction": direction,
            "learn": learn,
            "confidence": confidence,
        }
        self._falling = direction == "down"
        unknown = baseline is None and learn == "bound"
        self._limit = float(run_length) / (confidence if unknown else 1.0)
        if reference is not None:
            level = self._from_reference(reference, learn=learn, alpha=1 - confidence)
        # A level is what a reference has left: a state holds no rows.
        self._arguments["level"] = level
        self._baseline: Baseline
        if (known := level if baseline is None else self._turned(_share(baseline))) is not None:
            self._baseline = KnownBaseline(_share(known))
        elif learn == "bound":
            self._baseline = LearnedBound(confidence)
        else:
            self._baseline = EstimatedBaseline()
        self._begin(np.zeros(_SHIFTS.size))
        self._bet()

    @property
    def level(self) -> float | None:
        """The mean that values are compared with: known, a bound or an estimate; None at first."""
        level = self._baseline.level
        return level if level is None or not self._falling else 1 - level

    @property
    def statistic(self) -> float:
        """The weighted mean of the sums; at `threshold` there is an alarm."""
        return float(_mean(self._sums, self._weights)[0])

    @property
    def _sums(self) -> npt.NDArray[np.float64]:
        return self._products * (self._start + self._inverses)

    def _from_reference(self, reference: Values, *, learn: str, alpha: float) -> float:
        rows = read_values(reference, low=0.0, high=1.0)
        rows = rows[~np.isnan(rows)]
        if not rows.size:
            raise InvalidInput("the reference holds no value; give a baseline, or neither to learn it")
        rows = 1 - rows if self._falling else rows
        return float(rows.mean()) if learn == "estimate" else reference_bound(rows, alpha=alpha)

    def _turned(self, level: float) -> float:
        return 1 - level if self._falling else level

    def _begin(self, sums: npt.NDArray[np.float64]) -> None:
        """Begin a block: the sums so far, the product since, and the sum of its inverses; shape (10, 1)."""
        self._start = sums.reshape(-1, 1)
        self._products = np.ones_like(self._start)
        self._inverses = np.zeros_like(self._start)
        self._filled = 0

    def _bet(self) -> None:
        """Find the bets that gain most after each size of change from the present level."""
        level = self._baseline.level
        # The bound that is learned moves, and weights that moved with it would break the promise.
        fixed = isinstance(self._baseline, LearnedBound)
        self._weights = _weights(None if fixed else level, self._arguments["run_length"])
        if level is None:
            self._bets = np.zeros_like(self._start)
        else:
            after = expit(logit(level) + _SHIFTS)
            self._bets = ((after - level) / (level * (1 - level))).reshape(-1, 1)

    def _room(self) -> int:
        room = _BLOCK - self._filled
        return room if self._baseline.until is None else min(room, self._baseline.until)

    def _statistics(self, piece: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        level = self._baseline.level
        self._turned_piece = 1 - piece if self._falling else piece
        if level is None:
            return np.full(piece.size, -np.inf)
        factors = 1 + self._bets * (self._turned_piece - level)
        products = np.multiply.accumulate(np.hstack([self._products, factors]), axis=1)
        inverses = np.hstack([self._inverses, 1 / products[:, :-1]])
        self._all_inverses = np.add.accumulate(inverses, axis=1)[:, 1:]
        self._all_products = products[:, 1:]
        return _mean(self._all_products * (self._start + self._all_inverses), self._weights)

    def _take(self, taken: int) -> None:
        level = self._baseline.level
        if level is not None:
            self._products = self._all_products[:, taken - 1 : taken].copy()
            self._inverses = self._all_inverses[:, taken - 1 : taken].copy()
            self._filled += taken
            if self._filled == _BLOCK:
                self._begin(self._sums)
        if self._baseline.until is None:
            return
        looks = taken == self._baseline.until
        self._baseline.take_all(self._turned_piece[:taken])
        if looks:
            self._bet()
            self._begin(self._sums)

    def _restart(self) -> None:
        self._baseline.restart()
        self._begin(np.zeros(_SHIFTS.size))
        self._bet()

    def _options(self) -> dict[str, Any]:
        return self._arguments

    def _state(self) -> dict[str, Any]:
        parts = {"start": self._start, "products": self._products, "inverses": self._inverses}
        return {
            **{name: part.ravel().tolist() for name, part in parts.items()},
            "filled": self._filled,
            "baseline": self._baseline.state(),
        }

    def _set_state(self, state: Mapping[str, Any]) -> None:
        self._start, self._products, self._inverses = (
            np.array(state[name], dtype=np.float64).reshape(_SHIFTS.size, 1)
            for name in ("start", "products", "inverses")
        )
        self._filled = int(state["filled"])
        if not 0 <= self._filled < _BLOCK or not np.isfinite(self._sums).all() or (self._sums < 0).any():
            raise ValueError(self._filled)
        self._baseline.set_state(state["baseline"])
        self._bet()


def _weights(level: float | None, run_length: float) -> npt.NDArray[np.float64]:
    """Weights of the sizes of change, which add up to 1.

    A change is found after ``(log(run_length) - log(weight)) / information`` values, to the first order, the
    information of a value being what the bet on this size gains. A size for which that is more than the run
    length cannot be found between two false alarms, and its bets only follow chance: it has no weight. The
    others have weights falling as the root of the size, since a weight that is half as large costs the more
    values, the smaller the change. Where there is no level yet, the information is the most that any has.
    """
    if level is None:
        information = _SHIFTS**2 / 8
    else:
        after = expit(logit(level) + _SHIFTS)
        information = rel_entr(after, level) + rel_entr(1 - after, 1 - level)
    found = np.log(run_length) <= run_length * information
    found[-1] = True
    weights = np.where(found, _SHIFTS**-0.5, 0.0)
    return np.asarray(weights / weights.sum())


def _mean(sums: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weighted mean over sizes of change, added one by one: the number of columns must not matter."""
    total = np.zeros(sums.shape[1])
    for row, weight in zip(sums, weights.tolist(), strict=True):
        total = total + weight * row
    return total


def _share(value: float) -> float:
    if not 0 < value < 1:
        raise InvalidInput(
            f"the level before a change is {value!r}; it must be between 0 and 1, both not included"
        )
    return float(value)


def _check(*, run_length: float, direction: str, learn: str, confidence: float) -> None:
    if not 1 < run_length < float("inf"):
        raise InvalidInput(f"run_length={run_length!r} must be a number over 1; 10_000 is usual")
    if direction not in ("up", "down"):
        raise InvalidInput(f'direction={direction!r} must be "up" (larger is worse) or "down"')
    if learn not in ("bound", "estimate"):
        raise InvalidInput(f'learn={learn!r} must be "bound" or "estimate"')
    if not 0 < confidence < 1:
        raise InvalidInput(f"confidence={confidence!r} is not between 0 and 1; 0.95 is usual")
