"""What held-out blocks of a reference decide: whether scores say anything, and whether features help."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["Errors", "clearly_better", "no_information"]

_Floats = npt.NDArray[np.float64]
Errors = Mapping[str, tuple[_Floats, _Floats]]
"""Of each metric: float64[chunks] errors, realised less expected, and the variance that is explained."""

_CLEARLY = 0.9
_UNEQUAL_BLOCKS = 1.645


def no_information(gains: _Floats, weight: _Floats, what: str) -> str | None:
    """Why `what` (plural) says nothing that an estimate could be made of; None where it does.

    Parameters
    ----------
    gains : float64[blocks], by how much the mean log loss of each is lower than by the classes' shares alone.
    weight : float64[blocks], labels of each.
    """
    share = weight / weight.sum()
    gain = float(share @ gains)
    spread = float(np.sqrt(np.sum(share**2 * (gains - gain) ** 2) * gains.size / max(gains.size - 1, 1)))
    if gain > _UNEQUAL_BLOCKS * spread:
        return None
    return (
        f"the {what} carry no information about the target: in the reference, they tell held-out labels "
        f"no better than the shares of the classes do (log loss lower by {gain:.2g} ± {spread:.2g})"
    )


def clearly_better(trial: Errors, errors: Errors) -> bool:
    """Whether held-out mean squared errors fall below nine tenths, on average over the metrics."""
    ratios = [
        float(np.mean(trial[name][0] ** 2) / np.mean(old**2))
        for name, (old, _) in errors.items()
        if old.size and trial[name][0].size == old.size and old.any()
    ]
    return bool(ratios) and float(np.mean(ratios)) < _CLEARLY
