"""River: its detectors with their defaults, fed row by row, reference first; an alarm within the window is a
verdict.

Each number is a stream; a category is the stream of whether it is the reference's most frequent one; and
where truth
and prediction are there, the error is a stream too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from protocol import Frames, serve, verdict


def _streams(frames: Frames) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    made = {}
    for name in frames.judged:
        reference, current = frames.reference[name], frames.current[name]
        if not frames.numeric(name):
            common = reference.mode(dropna=True)
            if common.empty:
                continue
            reference, current = ((side == common[0]).astype(float) for side in (reference, current))
        made[name] = (reference.dropna().to_numpy(float), current.dropna().to_numpy(float))
    truth, prediction = frames.roles.get("target"), frames.roles.get("prediction")
    if truth and prediction:
        made["(error)"] = (
            _errors(frames.reference, truth, prediction),
            _errors(frames.current, truth, prediction),
        )
    return made


def _errors(frame: Any, truth: str, prediction: str) -> np.ndarray:
    known = frame[[truth, prediction]].dropna()
    if known[truth].dtype.kind == "f" and known[truth].nunique() > 20:
        return (known[truth] - known[prediction]).abs().to_numpy(float)
    return (known[truth] != known[prediction]).to_numpy(float)


def judge(frames: Frames) -> dict[str, dict[str, Any]]:
    from river.drift import ADWIN, PageHinkley

    streams = _streams(frames)
    verdicts = {}
    for title, make in (("river ADWIN", ADWIN), ("river Page-Hinkley", PageHinkley)):
        flagged = {}
        for name, (reference, current) in streams.items():
            detector = make()
            for value in reference.tolist():
                detector.update(value)
            found = False
            for value in current.tolist():
                detector.update(value)
                if detector.drift_detected:
                    found = True
                    break
            flagged[name] = found
        verdicts[title] = verdict(flagged)
    return verdicts


if __name__ == "__main__":
    serve(judge)
