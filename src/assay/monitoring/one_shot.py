"""What needs no store, in one place: ``assay.profile`` and ``assay.evaluate``."""

from __future__ import annotations

from assay.monitoring.evaluation import Evaluation, evaluate
from assay.monitoring.frame_profile import Profile, profile

__all__ = ["Evaluation", "Profile", "evaluate", "profile"]
