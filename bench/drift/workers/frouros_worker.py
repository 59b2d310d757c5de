"""Frouros: its Kolmogorov-Smirnov test for each number and chi-square for each category, Bonferroni at 5%."""

from __future__ import annotations

from typing import Any

from protocol import Frames, serve, verdict

_LEVEL = 0.05


def judge(frames: Frames) -> dict[str, dict[str, Any]]:
    from frouros.detectors.data_drift import ChiSquareTest, KSTest

    names = frames.judged
    flagged = {}
    for name in names:
        # Neither test knows what a missing value is.
        reference, current = frames.reference[name].dropna(), frames.current[name].dropna()
        if reference.empty or current.empty:
            continue
        detector = KSTest() if frames.numeric(name) else ChiSquareTest()
        detector.fit(X=reference.to_numpy())
        answer, _ = detector.compare(X=current.to_numpy())
        flagged[name] = bool(answer.p_value < _LEVEL / len(names))
    return {"frouros": verdict(flagged)}


if __name__ == "__main__":
    serve(judge)
