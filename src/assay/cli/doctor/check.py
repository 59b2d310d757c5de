"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["FAILED", "OK", "WARNING", "Check", "Status"]

Status = Literal["ok", "warning", "failed"]

OK: Final = "ok"
WARNING: Final = "warning"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found.

    Attributes
    ----------
    name : what was looked at.
    status : ``ok``; ``warning``: it works, and something should be known or done; ``failed``: it does not.
    message : what was found.
    advice : what to do about it; empty where there is nothing to do.
    figures : what was measured.
    """

    name: str
    status: Status
    message: str
    advice: str = ""
    figures: dict[str, float] = field(default_factory=dict)
