"""Evidently: `DataDriftPreset` with its defaults. Its verdict is that of the data set: half of the columns
drifted.

The same run also says which columns drifted; `any column` is what a user sees who looks at these.
"""

from __future__ import annotations

from typing import Any

from protocol import Frames, serve, verdict


def judge(frames: Frames) -> dict[str, dict[str, Any]]:
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    names = frames.judged
    numbers = [name for name in names if frames.numeric(name)]
    definition = DataDefinition(
        numerical_columns=numbers, categorical_columns=[name for name in names if name not in numbers]
    )
    current = Dataset.from_pandas(frames.current[names], data_definition=definition)
    reference = Dataset.from_pandas(frames.reference[names], data_definition=definition)
    snapshot = Report([DataDriftPreset()]).run(current, reference).dict()
    flagged: dict[str, bool] = {}
    whole = False
    for metric in snapshot["metrics"]:
        config, value = metric["config"], metric["value"]
        if "column" in config:
            limit = config["threshold"]
            flagged[config["column"]] = value < limit if "p_value" in config["method"] else value >= limit
        else:
            whole = value["share"] >= config["drift_share"]
    return {"Evidently": verdict(flagged, drifted=whole), "Evidently, any column": verdict(flagged)}


if __name__ == "__main__":
    serve(judge)
