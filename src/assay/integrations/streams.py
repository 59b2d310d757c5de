"""Detectors and confidence sequences by name, new or from a stored state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.errors import InvalidInput
from assay.stats.sequential import DETECTORS, SEQUENCES
from assay.stats.sequential.confidence_sequence import ConfidenceSequence
from assay.stats.sequential.detector import Detector

__all__ = ["confidence_sequence", "detector"]


def detector(name: str | Mapping[str, Any], **options: Any) -> Detector:
    """Make a detector of changes in a stream, or go on with one from what its `to_dict()` gave.

    Its `update` takes values in their order, one or an array, and returns the positions of alarms; `detected`
    and `detected_at` say what has happened since its start. NaN is passed over and counted.

    Parameters
    ----------
    name : "e-detector", with a promised run length; "cusum" and "bernoulli-cusum", with a computed one; of
    River
        (extra `river`) "adwin", "ddm", "eddm", "hddm-a", "hddm-w", "page-hinkley" and "kswin". Or a mapping
        that `to_dict()` gave: the detector goes on as if it had never stopped.
    options : of the detector; see `docs/explanation/streaming.md`, for River's its own documentation.

    Raises
    ------
    InvalidInput
        For an unknown name, option or value, or a state that does not read back.
    MissingExtra
        For one of River's detectors, without River.

    Examples
    --------
    >>> import assay
    >>> errors = assay.detector("e-detector", baseline=0.1, run_length=10_000)
    >>> errors.update([0, 0, 0, 0, 1, 0, 0, 0, 0, 0] * 100).detected
    False
    >>> errors = assay.detector(errors.to_dict())
    >>> errors.update([0, 1] * 20).alarms
    (1020, 1040)
    """
    from assay.integrations.river import RIVER

    return _make(name, {**DETECTORS, **RIVER}, "detector", options)


def confidence_sequence(name: str | Mapping[str, Any], **options: Any) -> ConfidenceSequence:
    """Make an interval for a mean that may be looked at all the time, or go on with one from its `to_dict()`.

    Parameters
    ----------
    name : "proportion", "betting" and "empirical-bernstein" for values in [0, 1]; "sub-gaussian" for values
    with
        a known deviation. Or a mapping that `to_dict()` gave.
    options : `confidence`, 0.95 by default; "sub-gaussian" needs `sd`.

    Raises
    ------
    InvalidInput
        For an unknown name, option or value, or a state that does not read back.

    Examples
    --------
    >>> import assay
    >>> hits = assay.confidence_sequence("proportion")
    >>> interval = hits.update([1, 1, 0, 1] * 100)
    >>> interval.estimate, round(interval.lower, 3), round(interval.upper, 3)
    (0.75, 0.669, 0.821)
    """
    return _make(name, SEQUENCES, "sequence", options)


def _make(name: str | Mapping[str, Any], known: Mapping[str, Any], kind: str, options: dict[str, Any]) -> Any:
    saved = name if isinstance(name, Mapping) else None
    asked = name if saved is None else saved.get(kind)
    made = known.get(str(asked).lower().replace("_", "-")) if isinstance(asked, str) else None
    if made is None:
        raise InvalidInput(f"there is no {kind} {str(asked)[:60]!r}; there are {', '.join(known)}")
    if saved is not None:
        if options:
            raise InvalidInput(f"the options of a stored {kind} are in its state; give none beside it")
        return made.from_dict(saved)
    try:
        return made(**options)
    except TypeError as exc:
        raise InvalidInput(f"{made.name} does not take these options: {exc}") from exc
