"""From what a model put out to prediction, score and probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.imports.flat import Row
from assay.monitoring.intake.imports.options import BadItem, ImportOptions

__all__ = ["ARGMAX", "UNNAMED", "outcome_of"]

UNNAMED = "prediction"
"""Name of an output that has none."""

ARGMAX = "the prediction is the class of the highest probability, because the model put out only these"

# What servers call their outputs: MLServer predict, predict_proba; ONNX of scikit-learn output_label,
# output_probability, label, probabilities; the algorithms of SageMaker predicted_label, score.
_PREDICTIONS = (
    UNNAMED, "predict", "predictions", "predicted_label", "output_label", "label", "class", "output",
)  # fmt: skip
_PROBABILITIES = ("predict_proba", "probabilities", "output_probability", "probability", "proba")
_SCORES = ("score",)
_TOLERANCE = 1e-3
_MOST_CLASSES = 1_000
_PLACES = frozenset(map(str, range(_MOST_CLASSES)))


def outcome_of(output: Any, options: ImportOptions, notes: set[str]) -> Row:
    """Return the fields of a prediction that one row of a model's output tells.

    Parameters
    ----------
    output : a scalar, a list, or an object of named outputs, each a scalar, a list or an object.
    options : which output is the prediction and which the score; names of classes. The place in a list is
        written behind its name: ``predict_proba_1``. An output without name is ``prediction``.
    notes : gets what was assumed.

    Returns
    -------
    Row
        ``prediction``, ``score`` and ``probabilities``, as far as they are told. An output of several
        numbers is taken for probabilities only if they are from 0 to 1 and add up to 1; without another
        output the most probable class is the prediction then, and of two classes the second one's
        probability is the score.

    Raises
    ------
    BadItem
        Where it cannot be known which output is the prediction.

    Examples
    --------
    >>> outcome_of([0.2, 0.8], ImportOptions(), set())
    {'probabilities': {'0': 0.2, '1': 0.8}, 'prediction': 1, 'score': 0.8}
    >>> outcome_of({"label": "fraud", "score": [0.7]}, ImportOptions(), set())
    {'score': 0.7, 'prediction': 'fraud'}
    """
    outputs = _named(output)
    result: Row = {}
    if options.score:
        result["score"] = _scalar(options.score, _found(outputs, options.score))
    else:
        for name in _SCORES:
            value = outputs.get(name)
            if options.output != name and len(outputs) > 1 and _is_number(value):
                result["score"] = value
                break
    probabilities = _probabilities(outputs, options)
    if probabilities is not None:
        result["probabilities"] = probabilities
    chosen = options.output or _chosen(outputs, options, result)
    if chosen:
        value = _found(outputs, chosen)
        if isinstance(value, (list, dict)):
            several = _distribution(value, options)
            if several is None:
                raise _unclear(chosen, value)
            result["probabilities"] = several
        else:
            result["prediction"] = value
    classes = result.get("probabilities")
    if classes is not None:
        if result.get("prediction") is None:
            best = max(classes, key=classes.__getitem__)
            result["prediction"] = int(best) if best in _PLACES else best
            notes.add(ARGMAX)
        if "score" not in result and len(classes) == 2:
            result["score"] = list(classes.values())[1]
    return result


def _named(output: Any) -> dict[str, Any]:
    """Return the outputs by name, a list of one value as the value."""
    while isinstance(output, list) and len(output) == 1:
        output = output[0]
    if isinstance(output, dict) and output:
        return {name: _single(value) for name, value in output.items()}
    return {UNNAMED: output}


def _single(value: Any) -> Any:
    """Return the value of a list of one."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def _found(outputs: dict[str, Any], name: str) -> Any:
    """Return the output, or the value of one, that `name` names."""
    if name in outputs:
        return outputs[name]
    stem, _, place = name.rpartition("_")
    values = outputs.get(stem)
    if isinstance(values, list) and place.isascii() and place.isdigit() and len(place) < 6:
        if int(place) < len(values):
            return values[int(place)]
        raise BadItem(
            "no_output", f"the output {shown(stem)} has {len(values)} values; there is no {shown(name)}"
        )
    there = ", ".join(shown(name) for name in list(outputs)[:10])
    raise BadItem("no_output", f"there is no output {shown(name)}; the outputs are {there}")


def _scalar(name: str, value: Any) -> Any:
    """Return the score, which must be one value."""
    if isinstance(value, (list, dict)):
        raise BadItem(
            "no_output", f"the output {shown(name)} has {len(value)} values; name one, such as {name[:80]}_1"
        )
    return value


def _probabilities(outputs: dict[str, Any], options: ImportOptions) -> Row | None:
    """Return the probabilities among several outputs."""
    if len(outputs) < 2:
        return None
    for name in _PROBABILITIES:
        value = outputs.get(name)
        if name != options.output and isinstance(value, (list, dict)):
            found = _distribution(value, options)
            if found is not None:
                return found
    return None


def _chosen(outputs: dict[str, Any], options: ImportOptions, known: Row) -> str:
    """Return the name of the output that is the prediction; "" where score or probabilities are all."""
    rest = [name for name in outputs if name != options.score]
    if not rest:
        return ""
    if len(rest) == 1:
        return "" if "probabilities" in known and rest[0] in _PROBABILITIES else rest[0]
    for name in _PREDICTIONS:
        if name in rest:
            return name
    rest = [name for name in rest if name not in _PROBABILITIES and name not in _SCORES]
    if len(rest) == 1:
        return rest[0]
    if not rest and "probabilities" in known:
        return ""
    whole = _distribution(outputs, options) if options.output == "" and not options.score else None
    if whole is not None:
        known["probabilities"] = whole
        return ""
    there = ", ".join(shown(name) for name in list(outputs)[:10])
    raise BadItem(
        "no_output", f"there are several outputs, {there}; say which is the prediction with output=NAME"
    )


def _distribution(value: Any, options: ImportOptions) -> Row | None:
    """Return numbers that are probabilities, by class; None where they are not."""
    if isinstance(value, dict):
        names: Sequence[str] = list(value)
        numbers = list(value.values())
    else:
        numbers = value
        names = [str(place) for place in range(len(numbers))]
    if not 1 < len(numbers) <= _MOST_CLASSES or not all(map(_is_number, numbers)):
        return None
    if not all(0.0 <= number <= 1.0 for number in numbers):
        return None
    if not math.isclose(math.fsum(numbers), 1.0, abs_tol=_TOLERANCE):
        return None
    if options.classes and not isinstance(value, dict):
        if len(options.classes) != len(numbers):
            raise BadItem(
                "wrong_classes",
                f"classes has {len(options.classes)} names, and there are {len(numbers)} probabilities",
            )
        names = options.classes
    return dict(zip(names, numbers, strict=True))


def _is_number(value: object) -> bool:
    """Whether `value` is a number and no boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _unclear(name: str, value: Any) -> BadItem:
    """Say that an output of several values is no prediction."""
    if isinstance(value, list) and value:
        return BadItem(
            "no_output",
            f"the output {shown(name)} has {len(value)} values, which are no probabilities; name the one "
            f"that is the prediction, such as output={name[:80]}_0",
        )
    return BadItem("no_output", f"the output {shown(name)} is {shown(value)}, which is no prediction")
