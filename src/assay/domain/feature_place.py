"""Where one value of a feature lies among the reference's values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assay.domain.rendering import share

__all__ = ["UNUSUAL", "FeaturePlace", "words"]

UNUSUAL = 0.01
"""A value is unusual where fewer than this share of the reference's rows are as unusual as it is."""


@dataclass(frozen=True, slots=True)
class FeaturePlace:
    """A feature's value in one prediction, and where it lies in the active reference.

    Attributes
    ----------
    feature, value : as logged; None where the prediction has no value.
    kind : ``numeric`` or ``categorical``, as the reference has it; None where it does not know the feature.
    place : ``within`` the reference's values, in its ``outer`` share (the most unusual 1%), ``outside``
        its range, a ``new`` category, ``missing``, ``mistyped`` (of the other kind), or ``unknown``.
    unusual : whether fewer than 1% of the reference's rows are as unusual.
    rarity : the share of the reference's rows that are at least as unusual, 0 to 1: of numbers twice the
        share beyond the value on its side, of categories the share of all that are as rare or rarer, of a
        missing value the share that is missing. None where the reference does not know the feature.
    percentile : numbers: the share of the reference below the value, and half of that equal to it.
    bound : how far `percentile` can be off: 0 where the reference has at most 1,000 distinct values or
        the value is one of its 1,000 quantiles, else less than 0.00051.
    share : categories and missing values: their share in the reference.
    spread : numbers: ``min``, ``p05``, ``p25``, ``p50``, ``p75``, ``p95``, ``max`` of the reference.
    """

    feature: str
    value: Any  # a number, a text, a flag or None
    kind: str | None
    place: str
    unusual: bool = False
    rarity: float | None = None
    percentile: float | None = None
    bound: float = 0.0
    share: float | None = None
    spread: dict[str, float] = field(default_factory=dict)


def words(place: FeaturePlace) -> str:
    """Say in a few words where a value lies.

    >>> words(FeaturePlace("age", 31.0, "numeric", "within", percentile=0.42))
    'higher than 42% of the reference'
    """
    if place.place == "unknown":
        return "not in the reference"
    if place.place == "mistyped":
        return "of another type than in the reference"
    if place.place == "missing":
        return f"missing in {share(place.share)} of the reference"
    if place.place == "new":
        return "never seen in the reference"
    if place.kind == "categorical":
        return "rare in the reference" if place.share is None else f"{share(place.share)} of the reference"
    if place.place == "outside":
        return f"{'above' if (place.percentile or 0) > 0.5 else 'below'} everything in the reference"
    return f"higher than {share(place.percentile)} of the reference"
