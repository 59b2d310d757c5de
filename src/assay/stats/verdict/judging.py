"""From evidence to a verdict: what is more than chance, and large enough to matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtri

from assay.stats.verdict.evidence import Aspect, Evidence
from assay.stats.verdict.floors import severity
from assay.stats.verdict.multiplicity import adjusted

__all__ = ["Finding", "judge", "smallest_detectable"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence after all other evidence has been taken into account.

    Attributes
    ----------
    evidence : the test.
    adjusted_p_value : for the number of tests; NaN where there is no p-value.
    drifted : unlikely by chance, and at least as large as the floor.
    severity : 0 to 100.
    """

    evidence: Evidence
    adjusted_p_value: float
    drifted: bool
    severity: float


def judge(evidence: Sequence[Evidence], *, level: float, waiting: int = 0) -> list[Finding]:
    """Judge all tests of a window together.

    The tests of one feature are combined by Bonferroni's rule, and features by Benjamini's and Hochberg's. A
    test of a feature that is found counts as a finding where it would have been enough by itself.

    Parameters
    ----------
    evidence : of all features and statistics.
    level : the false discovery rate; where nothing has changed, the probability of a false alarm.
    waiting : groups of tests whose data have not come yet. They keep their place, so that judging again
        when they have come allows no more false alarms than judging once: what is a finding now stays one.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, one in enumerate(evidence):
        groups.setdefault(_JOINT if one.aspect is Aspect.DEPENDENCE else one.feature, []).append(place)
    number = {
        # Pairs come with p-values for the number of pairs.
        names: 1 if names is _JOINT else sum(not math.isnan(evidence[place].p_value) for place in places)
        for names, places in groups.items()
    }
    combined = {
        names: _combined([evidence[place].p_value for place in places], number[names])
        for names, places in groups.items()
    }
    q = dict(zip(combined, adjusted([*combined.values(), *([1.0] * waiting)]), strict=False))
    made: list[Finding | None] = [None] * len(evidence)
    for names, places in groups.items():
        factor = float(q[names] / combined[names]) if combined[names] > 0 else 1.0
        for place in places:
            one = evidence[place]
            value = max(float(q[names]), min(1.0, number[names] * one.p_value * factor))
            if math.isnan(one.p_value):
                value = math.nan
            drifted = value <= level and one.effect >= one.floor
            made[place] = Finding(one, value, drifted, severity(_comparable(one)))
    return [one for one in made if one is not None]


_JOINT = ("dependence", "")


def _combined(p_values: Sequence[float], number: int) -> float:
    """Smallest p-value for the number of tests; NaN where none is known."""
    known = [p for p in p_values if not math.isnan(p)]
    return min(1.0, min(known) * number) if known else math.nan


def _comparable(one: Evidence) -> float:
    """Return the effect on the scale of a distance of distributions, from 0 to 1.

    A share that changes by d is a total variation of d. Units of standard deviations are turned into the
    Kolmogorov-Smirnov distance of two normal distributions so far apart.
    """
    if math.isnan(one.effect):
        return 0.0
    if one.aspect in (Aspect.ERROR, Aspect.METRIC):
        return math.erf(one.effect / (2 * math.sqrt(2)))
    return min(one.effect, 1.0)


def smallest_detectable(
    rows: tuple[int, int], *, tests: int, level: float, design_effect: float = 1.0, power: float = 0.8
) -> float:
    """Smallest Kolmogorov-Smirnov distance that a window of this size would have shown.

    The distance that the two-sample test finds with probability `power` at ``level / tests``, from Smirnov's
    asymptotic law and the binomial spread of the distance about its value, which is at most 1/2.

    Returns
    -------
    float
        At most 1, which means that nothing could have been seen; 1 where one side is empty.

    Examples
    --------
    >>> round(smallest_detectable((10_000, 1_000), tests=20, level=0.01), 3)
    0.081
    """
    n, m = rows
    if not n or not m:
        return 1.0
    spread = math.sqrt(design_effect * (1 / n + 1 / m))
    critical = math.sqrt(-math.log(level / max(tests, 1) / 2) / 2)
    return min(1.0, (critical + 0.5 * float(ndtri(power))) * spread)
