"""Profile of a data frame at once, without a store: ``assay.profile``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from assay.domain.answers import DriftWindow
from assay.domain.plotting import Plotted
from assay.domain.rendering import Table, number, share
from assay.domain.time import from_micros
from assay.errors import InvalidInput
from assay.monitoring.feature_detail import feature_view
from assay.monitoring.frames import columns_of, feature_table, frame_columns
from assay.monitoring.intake.faults import shown
from assay.stats.drift import FeatureDrift, profile_drift
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.codec import Kind, Reader, Writer
from assay.stats.summaries.feature_profile import FeatureProfile, FeatureSummary
from assay.stats.summaries.numeric import NumericSummary
from assay.stats.summaries.reference import Reference

__all__ = ["Profile", "profile"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Profile(Plotted, Mergeable):
    """A description of the features of some rows that can be merged, stored and compared.

    Made by :func:`profile`. ``a + b`` describes the rows of both, where both were made under one reference.

    Attributes
    ----------
    reference : whose cells the values are counted in.
    summaries : the counts.
    left_out : columns that are no features: moments and nested values.
    """

    reference: Reference
    summaries: FeatureProfile
    left_out: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows described."""
        return self.summaries.rows

    @property
    def features(self) -> Mapping[str, FeatureSummary]:
        """Summary of each feature, in the reference's order."""
        return self.summaries.features

    def merge(self, other: Self) -> Self:
        """Describe the rows of both.

        Raises
        ------
        InvalidInput
            Where they were made under different references.
        """
        if self.reference.id != other.reference.id:
            raise InvalidInput(
                "profiles under different references cannot be merged; make the second one with "
                "profile(frame, reference=first)"
            )
        left_out = tuple(dict.fromkeys((*self.left_out, *other.left_out)))
        return type(self)(self.reference, self.summaries.merge(other.summaries), left_out)

    def drift(self) -> dict[str, FeatureDrift]:
        """Compare each feature with the reference: figures without a verdict."""
        return profile_drift(self.reference.profile, self.summaries)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "reference_id": self.reference.id,
            "reference_rows": self.reference.rows,
            **self.summaries.to_dict(),
            "left_out": list(self.left_out),
        }

    def to_bytes(self) -> bytes:
        """Compact versioned bytes, with the reference in them."""
        writer = Writer()
        writer.blob(self.reference.to_bytes())
        writer.texts(self.left_out)
        self.summaries.write(writer)
        return writer.finish(Kind.PROFILE)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back.
        """
        reader = Reader(data, Kind.PROFILE)
        reference = Reference.from_bytes(reader.blob())
        left_out = tuple(reader.texts())
        summaries = FeatureProfile.read(reader, reference.layout)
        reader.done()
        return cls(reference, summaries, left_out)

    def plot(self, what: str | None = None, *, theme: str = "light") -> Any:
        """Draw a feature's values over those of the reference, or how far all features have moved.

        Parameters
        ----------
        what : a feature; None: all of them, or the first where the profile is its own reference.
        theme : ``light`` or ``dark``.

        Raises
        ------
        InvalidInput
            Where there is no such feature or theme.
        """
        never = from_micros(0)  # these figures show no time
        if what is None and self.reference.profile is not self.summaries:
            return DriftWindow(
                never, never, self.rows, self.reference.id, self.reference.provisional, self.drift()
            ).plot(theme=theme)
        chosen = next(iter(self.features), None) if what is None else what
        if chosen is None:
            raise InvalidInput("this profile has no features to draw")
        if chosen not in self.features:
            named = ", ".join(shown(name) for name in list(self.features)[:30])
            raise InvalidInput(f"there is no feature {shown(chosen)} in this profile; there are {named}")
        return feature_view("", chosen, self.reference, "", (0, 0, self.summaries), ()).plot(
            "distribution", theme=theme
        )

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        rows = [_feature_row(name, summary) for name, summary in self.features.items()]
        notes = [f"no feature: {name}" for name in self.left_out]
        notes += [f"not in the reference: {name}" for name in self.summaries.unknown_features]
        columns = ("feature", "kind", "n", "missing", "mean", "min", "p50", "max")
        return Table(f"Profile of {number(self.rows)} rows", columns, rows, notes)


def _feature_row(name: str, summary: FeatureSummary) -> list[str]:
    values = summary.to_dict()
    missing = share((summary.rows - summary.n) / summary.rows if summary.rows else None)
    if isinstance(summary, NumericSummary):
        shown_values = [number(values[key]) for key in ("mean", "min", "p50", "max")]
    else:
        shown_values = ["", "", "", f"{len(summary.categories.names) + len(summary.new)} categories"]
    return [name, values["kind"], number(summary.n), missing, *shown_values]


def profile(
    frame: Any,
    *,
    reference: Profile | Reference | Any = None,
    features: Collection[str] | None = None,
) -> Profile:
    """Describe the features of a data frame.

    Parameters
    ----------
    frame : Polars, pandas or PyArrow frame, or a dictionary of arrays.
    reference : a profile, whose reference is used, or a data frame to make one of. None: the frame is its
        own reference.
    features : columns to describe; None: all that hold numbers, texts or booleans.

    Returns
    -------
    Profile
        Mergeable with every other one under the same reference.

    Raises
    ------
    InvalidInput
        Where `frame` is no frame or a named column is absent.

    Examples
    --------
    >>> january = profile({"age": [31.0, 45.0, 45.0]})
    >>> february = profile({"age": [50.0, None]}, reference=january)
    >>> (january + february).features["age"].missing
    1
    >>> february.drift()["age"].statistics["ks"].value
    1.0
    """
    columns, rows = frame_columns(frame, features)
    table, left_out = feature_table(columns, rows)
    if reference is None:
        own = Reference.of(columns_of(table), rows=rows)
        return Profile(own, own.profile, left_out)
    if isinstance(reference, Profile):
        reference = reference.reference
    elif not isinstance(reference, Reference):
        reference = profile(reference, features=features).reference
    summaries = FeatureProfile.of(columns_of(table, reference), reference, rows=rows)
    return Profile(reference, summaries, left_out)
