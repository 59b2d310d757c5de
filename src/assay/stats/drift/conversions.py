"""Changes of unit that happen: by what factor, and from which offset."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CONVERSIONS", "Conversion"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """A map ``new = scale * old + offset``.

    Attributes
    ----------
    name : from what to what.
    scale, offset : of the map.
    """

    name: str
    scale: float
    offset: float = 0.0

    def inverse(self) -> Conversion:
        """Return the way back, named so."""
        first, _, second = self.name.partition(" to ")
        return Conversion(f"{second} to {first}", 1 / self.scale, -self.offset / self.scale)


_FORWARD = (
    Conversion("Celsius to Fahrenheit", 1.8, 32.0),
    Conversion("Celsius to kelvin", 1.0, 273.15),
    Conversion("Fahrenheit to kelvin", 5 / 9, 459.67 * 5 / 9),
    Conversion("units to thousandths", 1000.0),
    Conversion("units to millionths", 1e6),
    Conversion("units to billionths", 1e9),
    Conversion("shares to percent", 100.0),
    Conversion("units to tenths", 10.0),
    Conversion("units to ten-thousandths", 10_000.0),
    Conversion("inches to centimetres", 2.54),
    Conversion("inches to millimetres", 25.4),
    Conversion("feet to metres", 0.3048),
    Conversion("miles to kilometres", 1.609344),
    Conversion("nautical miles to kilometres", 1.852),
    Conversion("pounds to kilograms", 0.45359237),
    Conversion("ounces to grams", 28.349523125),
    Conversion("metres per second to kilometres per hour", 3.6),
    Conversion("US gallons to litres", 3.785411784),
    Conversion("knots to metres per second", 0.514444),
    Conversion("minutes to seconds", 60.0),
    Conversion("hours to seconds", 3600.0),
    Conversion("days to hours", 24.0),
    Conversion("days to seconds", 86_400.0),
    Conversion("weeks to days", 7.0),
    Conversion("dozens to units", 12.0),
    Conversion("radians to degrees", 57.29577951308232),
    Conversion("bytes to kibibytes", 1 / 1024),
    Conversion("bytes to mebibytes", 1 / 1024**2),
    Conversion("bytes to bits", 8.0),
    Conversion("pounds per square inch to kilopascals", 6.894757293168),
    Conversion("kilocalories to kilojoules", 4.184),
    Conversion("one sign to the other", -1.0),
)

CONVERSIONS: tuple[Conversion, ...] = tuple(
    one
    for forward in _FORWARD
    for one in ((forward,) if forward.scale == -1 else (forward, forward.inverse()))
)
"""All known conversions, both ways, commoner ones first: where chance hides which it is, the first is told.

None scales by less than half as much again without an offset: that is ordinary drift.
"""
