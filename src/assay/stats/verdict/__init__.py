"""The verdict: whether a window has drifted, from effects, evidence and their number."""
