"""The heavy loops: kernels, permutations and many logistic fits, by NumPy or by JAX.

Both engines compute the same numbers from the same arrays, in double precision; what is drawn by chance is
drawn before, by NumPy. JAX compiles the loops for the processor, or for a GPU where there is one.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import numpy as np
from scipy.special import expit

from assay.errors import InvalidInput, MissingExtra
from assay.stats.summaries.codec import Floats

__all__ = ["Engine", "EngineName", "engine"]

EngineName = Literal["numpy", "jax"]

NEWTON_STEPS = 15
"""Steps of a logistic fit. With the ridge that is asked for the sixth changes nothing any more."""

_HALVINGS = (1.0, 0.5, 0.25, 0.0625)
"""Lengths of a Newton step that are tried; the one with the least loss is taken."""


class Engine(Protocol):
    """What is computed in bulk. Arrays go in and come out as NumPy's."""

    def gaussian_kernel(self, points: Floats, bandwidth: float) -> Floats:
        """Kernel of all pairs of rows: float64[rows, rows]."""
        ...

    def quadratic_forms(self, kernel: Floats, weights: Floats) -> Floats:
        """``w' K w`` of each row w of `weights` (float64[draws, rows]): float64[draws]."""
        ...

    def squared_lengths(self, features: Floats, weights: Floats) -> Floats:
        """``|w' F|^2`` of each row w of `weights`, for features float64[rows, columns]: float64[draws]."""
        ...

    def logistic_fits(self, design: Floats, labels: Floats, weights: Floats, ridge: float) -> Floats:
        """Coefficients of one logistic regression for each row of `weights` (float64[fits, rows]).

        `design` is float64[rows, terms], `labels` float64[rows] of 0 and 1. Half of `ridge` times the squared
        coefficients is added to the loss, that of the first term, the intercept, excepted. The result is
        float64[fits, terms].
        """
        ...


def engine(name: EngineName = "numpy") -> Engine:
    """Return the engine of this name.

    Raises
    ------
    MissingExtra
        For "jax" where JAX is not installed.
    InvalidInput
        For another name.

    Examples
    --------
    >>> engine().gaussian_kernel(np.array([[0.0], [1.0]]), 1.0).round(3).tolist()
    [[1.0, 0.607], [0.607, 1.0]]
    """
    if name == "numpy":
        return _Numpy()
    if name == "jax":
        return _Jax()
    raise InvalidInput(f'an engine is "numpy" or "jax"; got {name!r:.40}')


class _Numpy:
    def gaussian_kernel(self, points: Floats, bandwidth: float) -> Floats:
        length = np.einsum("ij,ij->i", points, points)
        squared = length[:, None] + length[None, :] - 2 * points @ points.T
        return np.asarray(np.exp(-np.maximum(squared, 0.0) / (2 * bandwidth**2)))

    def quadratic_forms(self, kernel: Floats, weights: Floats) -> Floats:
        return np.asarray(np.einsum("ij,ij->i", weights @ kernel, weights))

    def squared_lengths(self, features: Floats, weights: Floats) -> Floats:
        sums = weights @ features
        return np.asarray(np.einsum("ij,ij->i", sums, sums))

    def logistic_fits(self, design: Floats, labels: Floats, weights: Floats, ridge: float) -> Floats:
        return np.stack([_newton(design, labels, one, ridge) for one in weights])


def _newton(design: Floats, labels: Floats, weights: Floats, ridge: float) -> Floats:
    terms = design.shape[1]
    penalty = np.full(terms, ridge)
    penalty[0] = 1e-6
    beta = np.zeros(terms)
    for _ in range(NEWTON_STEPS):
        chance = expit(design @ beta)
        slope = design.T @ (weights * (labels - chance)) - penalty * beta
        curve = (design * (weights * chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        trials = beta + np.multiply.outer(np.array([*_HALVINGS, 0.0]), step)
        logit = trials @ design.T
        loss = (np.logaddexp(0.0, logit) - labels * logit) @ weights + 0.5 * trials**2 @ penalty
        beta = trials[int(np.argmin(loss))]
    return beta


class _Jax:
    """The same by JAX, whose functions are compiled when they are first used on arrays of a shape."""

    def __init__(self) -> None:
        try:
            import jax
        except ImportError as exc:
            raise MissingExtra.of("jax", purpose="the engine jax") from exc
        self._jax = jax
        self._compiled = _compiled(jax)

    def gaussian_kernel(self, points: Floats, bandwidth: float) -> Floats:
        return self._run("kernel", points, float(bandwidth))

    def quadratic_forms(self, kernel: Floats, weights: Floats) -> Floats:
        return self._run("forms", kernel, weights)

    def squared_lengths(self, features: Floats, weights: Floats) -> Floats:
        return self._run("lengths", features, weights)

    def logistic_fits(self, design: Floats, labels: Floats, weights: Floats, ridge: float) -> Floats:
        return self._run("fits", design, labels, weights, float(ridge))

    def _run(self, name: str, *arguments: Any) -> Floats:
        # In double precision here only: a program around this one may well compute in single.
        with self._jax.enable_x64(True):
            return np.asarray(self._compiled[name](*arguments), dtype=np.float64)


_COMPILED: dict[str, Any] = {}


def _compiled(jax: Any) -> dict[str, Any]:
    """Functions of JAX, made once."""
    if _COMPILED:
        return _COMPILED
    jnp = jax.numpy
    exact = jax.lax.Precision.HIGHEST

    def kernel(points: Any, bandwidth: Any) -> Any:
        length = (points**2).sum(axis=1)
        product = jnp.matmul(points, points.T, precision=exact)
        squared = length[:, None] + length[None, :] - 2 * product
        return jnp.exp(-jnp.maximum(squared, 0.0) / (2 * bandwidth**2))

    def forms(kernel: Any, weights: Any) -> Any:
        return (jnp.matmul(weights, kernel, precision=exact) * weights).sum(axis=1)

    def lengths(features: Any, weights: Any) -> Any:
        return (jnp.matmul(weights, features, precision=exact) ** 2).sum(axis=1)

    def fit(design: Any, labels: Any, weights: Any, ridge: Any) -> Any:
        penalty = jnp.full(design.shape[1], ridge).at[0].set(1e-6)
        lengths = jnp.array([*_HALVINGS, 0.0])

        def step(_: Any, beta: Any) -> Any:
            chance = jax.nn.sigmoid(design @ beta)
            slope = design.T @ (weights * (labels - chance)) - penalty * beta
            curve = (design * (weights * chance * (1 - chance))[:, None]).T @ design + jnp.diag(penalty)
            trials = beta + lengths[:, None] * jnp.linalg.solve(curve, slope)[None, :]
            logit = trials @ design.T
            loss = (jnp.logaddexp(0.0, logit) - labels * logit) @ weights + 0.5 * trials**2 @ penalty
            return trials[jnp.argmin(loss)]

        return jax.lax.fori_loop(0, NEWTON_STEPS, step, jnp.zeros(design.shape[1]))

    _COMPILED["kernel"] = jax.jit(kernel)
    _COMPILED["forms"] = jax.jit(forms)
    _COMPILED["lengths"] = jax.jit(lengths)
    _COMPILED["fits"] = jax.jit(jax.vmap(fit, in_axes=(None, None, 0, None)))
    return _COMPILED
