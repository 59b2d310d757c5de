"""Which features a change of dependence is put down to.

How two features go together changes where the law of one of them changes for some rows only. Where one of
them is found changed by itself, this explains both findings, and the other one, whose own law is as it was,
is not called changed: if a number rises for one category only, it is the number that has changed and not the
category. Where none is found by itself, all are named.
"""

from __future__ import annotations

from collections.abc import Iterable

from assay.stats.verdict.evidence import Aspect, Evidence

__all__ = ["put_down_to"]

_OF_VALUES = (Aspect.DISTRIBUTION, Aspect.NEW)


def put_down_to(found: Iterable[Evidence]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Name for each set of features that a change was found in those that it is put down to.

    Parameters
    ----------
    found : of one window, more than chance and large enough to matter.

    Examples
    --------
    >>> from assay.stats.verdict.evidence import Null
    >>> null = Null.INDEPENDENT
    >>> alone = Evidence(("x",), Aspect.DISTRIBUTION, "ks", 0.3, 0.05, 1e-9, null)
    >>> pairs = [
    ...     Evidence(of, Aspect.DEPENDENCE, "correlation", 0.3, 0.1, 1e-9, null)
    ...     for of in (("x", "y"), ("y", "z"))
    ... ]
    >>> put_down_to([alone, *pairs])
    {('x',): ('x',), ('x', 'y'): ('x',), ('y', 'z'): ('y', 'z')}
    """
    every = list(found)
    changed = {name for one in every if one.aspect in _OF_VALUES for name in one.feature}
    return {
        one.feature: tuple(name for name in one.feature if name in changed) or tuple(one.feature)
        for one in every
    }
