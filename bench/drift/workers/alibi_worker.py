"""Alibi Detect: `TabularDrift` (Kolmogorov-Smirnov and chi-square, Bonferroni at 5%) with its defaults."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from protocol import Frames, serve, verdict


def judge(frames: Frames) -> dict[str, dict[str, Any]]:
    from alibi_detect.cd import TabularDrift

    names = frames.judged
    both = pd.concat([frames.reference[names], frames.current[names]], ignore_index=True)
    categories = {}
    for place, name in enumerate(names):
        if frames.numeric(name):
            # It has no missing values: the reference's median stands in, as in its own examples'
            # preprocessing.
            both[name] = both[name].fillna(frames.reference[name].median()).fillna(0.0)
        else:
            both[name] = pd.factorize(both[name].fillna("missing"))[0]
            categories[place] = list(range(int(both[name].max()) + 1))
    matrix = both.to_numpy(np.float32)
    rows = len(frames.reference)
    detector = TabularDrift(matrix[:rows], p_val=0.05, categories_per_feature=categories or None)
    answer = detector.predict(matrix[rows:])["data"]
    flagged = {name: bool(answer["p_val"][place] < answer["threshold"]) for place, name in enumerate(names)}
    return {"alibi-detect": verdict(flagged, drifted=bool(answer["is_drift"]))}


if __name__ == "__main__":
    serve(judge)
