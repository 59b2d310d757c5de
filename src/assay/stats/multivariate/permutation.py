"""Exact tests of the maximum mean discrepancy, from raw rows: labels of the two samples are permuted.

References
----------
.. [1] B. Phipson, G. Smyth, "Permutation p-values should never be zero", Statistical Applications in
Genetics and
   Molecular Biology 9 (2010).
"""

from __future__ import annotations

import numpy as np

from assay.errors import InvalidInput
from assay.stats.multivariate.engine import EngineName, engine
from assay.stats.multivariate.mmd import MmdResult
from assay.stats.multivariate.random_features import RandomFeatures
from assay.stats.summaries.codec import Floats

__all__ = ["feature_permutation_test", "kernel_permutation_test"]

PERMUTATIONS = 500

MAX_KERNEL_ROWS = 20_000
"""The kernel of so many rows takes 3.2 GB; with more, random features do."""


def kernel_permutation_test(
    before: Floats,
    after: Floats,
    *,
    bandwidth: float,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    by: EngineName = "numpy",
) -> MmdResult:
    """Test by the whole Gaussian kernel: quadratic in the number of rows.

    Parameters
    ----------
    before, after : float64[rows, coordinates]; NaN counts as 0.
    bandwidth : of the kernel.
    permutations : draws; the smallest p-value is one in this number and one [1]_.
    seed : of the draws.
    by : the engine that computes.

    Returns
    -------
    MmdResult
        `value` is the unbiased estimate of the squared discrepancy.

    Raises
    ------
    InvalidInput
        With fewer than two rows on a side, more than 20,000 in all, or fewer than one permutation.
    MissingExtra
        By JAX, where it is not installed.
    """
    n, m = _checked(before, after, permutations)
    if n + m > MAX_KERNEL_ROWS:
        raise InvalidInput(
            f"the kernel of {n + m} rows is too large; at most {MAX_KERNEL_ROWS}: take random features"
        )
    made = engine(by)
    kernel = made.gaussian_kernel(np.nan_to_num(np.concatenate([before, after])), bandwidth)
    members = _members(n, m, permutations, seed)
    forms = made.quadratic_forms(kernel, members)
    return _result(forms, members @ kernel.sum(axis=1), float(kernel.sum()), n, m)


def feature_permutation_test(
    before: Floats,
    after: Floats,
    features: RandomFeatures,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    by: EngineName = "numpy",
) -> MmdResult:
    """Test by random Fourier features: linear in the number of rows; see :func:`kernel_permutation_test`."""
    n, m = _checked(before, after, permutations)
    mapped = features.of(np.concatenate([before, after]))
    whole = mapped.sum(axis=0)
    members = _members(n, m, permutations, seed)
    forms = engine(by).squared_lengths(mapped, members)
    return _result(forms, members @ (mapped @ whole), float(whole @ whole), n, m)


def _checked(before: Floats, after: Floats, permutations: int) -> tuple[int, int]:
    n, m = len(before), len(after)
    if min(n, m) < 2:
        raise InvalidInput(f"a permutation test needs two rows on either side; got {n} and {m}")
    if permutations < 1:
        raise InvalidInput(f"permutations must be at least 1; got {permutations}")
    return n, m


def _members(n: int, m: int, permutations: int, seed: int) -> Floats:
    """Members of the first sample: as given, then permuted; float64[permutations + 1, n + m] of 0 and 1."""
    rng = np.random.default_rng(seed)
    members = np.zeros((permutations + 1, n + m))
    members[0, :n] = 1.0
    for row in members[1:]:
        row[rng.permutation(n + m)[:n]] = 1.0
    return members


def _result(forms: Floats, ones: Floats, total: float, n: int, m: int) -> MmdResult:
    """Combine, for each draw w, ``w'Kw`` and ``w'K1``, and ``1'K1``, to the discrepancies."""
    second = total - 2 * ones + forms
    between = ones - forms
    drawn = (forms - n) / (n * (n - 1)) + (second - m) / (m * (m - 1)) - 2 * between / (n * m)
    # A draw that is the same but for rounding is as large.
    larger = np.count_nonzero(drawn[1:] >= drawn[0] - 1e-12)
    return MmdResult(float(drawn[0]), (larger + 1) / drawn.size)
