"""Variance of means of a dependent series, from an autoregression fitted to it.

Rows that follow one another in time are rarely independent, and then a mean of m of them varies more than
``variance / m``. How much more follows from the autocorrelation of the series. It is taken from a fitted
autoregression and not from the sample autocorrelations themselves: these are cut short and biased towards
zero, which makes every test that trusts them raise false alarms.

References
----------
.. [1] K. Berk, "Consistent autoregressive spectral estimates", Annals of Statistics 2 (1974).
.. [2] M. Kendall, "Note on bias in the estimation of autocorrelation", Biometrika 41 (1954).
.. [3] R. Shibata, "Asymptotically efficient selection of the order of the model for estimating parameters of
   a linear process", Annals of Statistics 8 (1980).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.stats.summaries.codec import Floats, Ints

__all__ = ["Autoregression"]

MAX_ORDER = 12
"""Highest order that is tried."""

_SHARPEST = 0.9999
"""Largest sum of the coefficients after the correction of their bias: a series stays stationary."""


@dataclass(frozen=True, slots=True, eq=False)
class Autoregression:
    """Autoregressions of several series that were observed together.

    Attributes
    ----------
    variance : float64[series], variance of one observation.
    coefficients : float64[order, series], zero beyond a series' own order.
    length : observations that they were fitted to.
    """

    variance: Floats
    coefficients: Floats
    length: int

    @classmethod
    def fit(cls, series: Floats, *, max_order: int = MAX_ORDER, lost: int = 1) -> Autoregression:
        """Fit by Yule-Walker's equations, each series with the order that Akaike's criterion prefers [1]_.

        Parameters
        ----------
        series : float64[length, series], residuals about their mean (or about the means of their phases).
        max_order : highest order tried; never more than a tenth of the length.
        lost : degrees of freedom that the means took.

        Notes
        -----
        Shares of rows are a level with memory and the noise of counting: no autoregression of a finite order.
        Schwarz's criterion, which looks for a true order, stops too early for them, and the variance of a
        long mean comes out too small; Akaike's lets the order grow with the length, as it has to [1]_ [3]_.

        The sample autocorrelation of lag 1 is too small by about ``(1 + 3 rho) / length`` [2]_. The
        correction is applied to the sum of the coefficients, which is what the variance of a long mean
        depends on.
        """
        length, width = series.shape
        order = max(0, min(max_order, length // 10))
        spent = max(length - lost, 1) / length
        variance = np.einsum("ij,ij->j", series, series) / (length * spent)
        coefficients = np.zeros((max(order, 1), width))
        if not order or not width:
            return cls(variance, coefficients, length)
        rho = _autocorrelations(series, order)
        # Levinson's recursion for all series at once; the criterion is compared order by order.
        phi = np.zeros((order, width))
        error = np.ones(width)
        best = np.full(width, np.inf)
        np.minimum(best, 0.0, out=best)  # order 0: log 1
        for k in range(order):
            reflection = (rho[k + 1] - np.einsum("ij,ij->j", phi[:k], rho[k:0:-1][:k])) / error
            reflection = np.clip(reflection, -_SHARPEST, _SHARPEST)
            earlier = phi[:k].copy()
            phi[:k] = earlier - reflection * earlier[::-1]
            phi[k] = reflection
            error = np.maximum(error * (1.0 - reflection**2), 1e-12)
            criterion = np.log(error) + 2 * (k + 1) / length
            better = criterion < best
            best = np.where(better, criterion, best)
            coefficients[:, better] = 0.0
            coefficients[: k + 1, better] = phi[: k + 1, better]
        total = coefficients.sum(axis=0)
        wanted = np.where(total > 0, np.minimum(total + (1.0 + 3.0 * total) / length, _SHARPEST), total)
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(total > 0, wanted / total, 1.0)
        fitted = cls(variance, coefficients * factor, length)
        # The mean was taken from the series itself, so that residuals are too small by the mean's own error.
        with np.errstate(divide="ignore", invalid="ignore"):
            lost_share = np.where(variance > 0, fitted._variance_of_mean(length) / variance, 0.0)
        return cls(variance / np.maximum(1.0 - lost_share, 0.1), fitted.coefficients, length)

    def variance_of_mean(self, count: float) -> Floats:
        """Variance of the mean of `count` observations that follow one another.

        Where `count` is not whole, the two whole numbers beside it are interpolated.

        Returns
        -------
        numpy.ndarray
            float64[series].
        """
        whole = max(int(count), 1)
        if count <= 1 or whole == count:
            return self._variance_of_mean(whole)
        part = count - whole
        return (1 - part) * self._variance_of_mean(whole) + part * self._variance_of_mean(whole + 1)

    def covariances(self, count: int, columns: Ints, lagless: Floats) -> tuple[Floats, Floats]:
        """Size of the covariances Γ of `count` observations that follow one another.

        Parameters
        ----------
        count : from 1.
        columns : int64[any], of which series.
        lagless : float64[any], taken in place of an observation's own variance: what is left of it without
            noise that is not remembered.

        Returns
        -------
        tuple of numpy.ndarray
            float64[any] twice: the mean of the squares of all entries of Γ; and a bound of its largest
            eigenvalue, divided by `count`: the largest sum of absolute values in a row (Gershgorin).
        """
        rho = self._autocorrelations(count, self.coefficients[:, columns])
        own = np.maximum(lagless, self.variance[columns] * np.abs(rho[1]) if count > 1 else lagless)
        weights = 1.0 - np.arange(1, count) / count
        squares = own**2 + 2.0 * self.variance[columns] ** 2 * (weights @ rho[1:] ** 2)
        rows = own + 2.0 * self.variance[columns] * np.abs(rho[1:]).sum(axis=0)
        return squares / count, rows / count

    @staticmethod
    def _autocorrelations(count: int, coefficients: Floats) -> Floats:
        """Autocorrelations of lags 0 to ``count - 1`` that the coefficients imply: [count, series]."""
        order, width = coefficients.shape
        rho = np.zeros((count, width))
        rho[0] = 1.0
        known = min(count - 1, order)
        rho[1 : known + 1] = _own_autocorrelations(coefficients)[:known]
        for lag in range(order + 1, count):
            following = np.einsum("ij,ij->j", coefficients, rho[lag - 1 : lag - order - 1 : -1])
            # Coefficients fitted to short series, and scaled, may be just beyond stationarity: none grows.
            rho[lag] = np.clip(following, -1.0, 1.0)
            if lag % 64 == 0 and np.abs(rho[lag - order : lag + 1]).max() < 1e-6:
                break
        return rho

    def _variance_of_mean(self, count: int) -> Floats:
        rho = self._autocorrelations(count, self.coefficients)
        weights = 1.0 - np.arange(1, count) / count
        ratio = 1.0 + 2.0 * (weights @ rho[1:]) if count > 1 else np.ones(rho.shape[1])
        return self.variance * np.maximum(ratio, 1e-3) / count

    def independent(self, of_mean: Floats | None = None) -> Floats:
        """How many independent observations tell as much about the mean as the series does: [1, length].

        `of_mean` is the variance of the mean of all, where it is known already.
        """
        whole = self._variance_of_mean(self.length) if of_mean is None else of_mean
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.variance / (self.length * whole)
        return np.clip(np.nan_to_num(ratio, nan=1.0) * self.length, 1.0, self.length)


def _autocorrelations(series: Floats, lags: int) -> Floats:
    """Biased sample autocorrelations of lags 0 to `lags`: [lags + 1, series]."""
    square = np.einsum("ij,ij->j", series, series)
    found = np.zeros((lags + 1, series.shape[1]))
    found[0] = 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        for lag in range(1, lags + 1):
            found[lag] = np.einsum("ij,ij->j", series[lag:], series[:-lag]) / square
    return np.nan_to_num(found)


def _own_autocorrelations(coefficients: Floats) -> Floats:
    """Autocorrelations of lags 1 to the order that the coefficients imply: [order, series].

    They solve ``rho[k] = sum_i phi[i] rho[|k - i|]`` for k from 1 to the order.
    """
    order, width = coefficients.shape
    lags = np.arange(1, order + 1)
    system = np.tile(np.eye(order), (width, 1, 1))
    right = np.zeros((width, order))
    for row, k in enumerate(lags):
        for i, phi in zip(lags, coefficients, strict=True):
            lag = abs(int(k) - int(i))
            if lag:
                system[:, row, lag - 1] -= phi
            else:
                right[:, row] += phi
    try:
        solved = np.linalg.solve(system, right[:, :, None])[:, :, 0].T
    except np.linalg.LinAlgError:  # pragma: no cover - coefficients on the edge of stationarity
        return np.full((order, width), _SHARPEST)
    return np.asarray(np.clip(solved, -_SHARPEST, _SHARPEST))
