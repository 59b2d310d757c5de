"""What whoever imports says about payloads that do not say it themselves."""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import InvalidInput
from assay.monitoring.intake.faults import shown

__all__ = ["FORMATS", "BadItem", "ImportOptions", "check_format"]

FORMATS = ("kserve", "open-inference", "sagemaker", "mlflow")
"""Names of the formats, as the address of the route and the command line have them."""


class BadItem(Exception):
    """One item of an import cannot be used; the others are.

    Parameters
    ----------
    code : a short name for programs.
    message : what is wrong, with which value, and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How payloads are read.

    Attributes
    ----------
    model : the model; "" for the one that each payload names.
    version : the version of the model; "" for the one that each payload names.
    feature_names : names of the values that come without, in order; () for ``f0``, ``f1``, ...
    output : the output that is the prediction; "" to find it, see
        :func:`assay.monitoring.intake.imports.outcomes.outcome_of`.
    score : the output that is the probability of the positive class; "" to find it.
    classes : names of the classes, in the order of the probabilities; () for 0, 1, ...
    """

    model: str = ""
    version: str = ""
    feature_names: tuple[str, ...] = ()
    output: str = ""
    score: str = ""
    classes: tuple[str, ...] = ()


def check_format(name: str) -> str:
    """Return `name` if it is a format.

    Raises
    ------
    InvalidInput
        Where it is none.
    """
    if name not in FORMATS:
        raise InvalidInput(f"there is no format {shown(name)}; the formats are {', '.join(FORMATS)}")
    return name
