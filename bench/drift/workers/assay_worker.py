"""Assay: `detect_drift`, told nothing but what each column is."""

from __future__ import annotations

from typing import Any

from protocol import Frames, serve


def judge(frames: Frames) -> dict[str, dict[str, Any]]:
    import assay

    report = assay.detect_drift(frames.reference, frames.current, **frames.roles)
    return {
        "Assay": {
            "drifted": bool(report.drift_detected),
            "affected": list(report.affected_features),
            "type": str(getattr(report.drift_type, "value", report.drift_type))
            if report.drift_type
            else None,
        }
    }


if __name__ == "__main__":
    serve(judge)
