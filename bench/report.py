"""How figures are printed: one line each, beside what was aimed at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measurement. `aim` is in words; `good` is None where there is none."""

    name: str
    value: str
    aim: str = ""
    good: bool | None = None

    def line(self) -> str:
        mark = {True: "ok", False: "MISSED", None: ""}[self.good]
        return f"  {self.name:<58} {self.value:>22}   {self.aim:<26} {mark}".rstrip()


def at_least(name: str, value: float, aim: float, unit: str = "/s") -> Figure:
    return Figure(name, f"{value:,.0f}{unit}", f">= {aim:,.0f}{unit}", value >= aim)


def at_most(name: str, value: float, aim: float, unit: str) -> Figure:
    return Figure(name, f"{value:,.2f} {unit}", f"<= {aim:g} {unit}", value <= aim)


def plain(name: str, value: str) -> Figure:
    return Figure(name, value)
