"""``python -m bench drift``: ask Assay and its peers about every case, and print how often each is right."""

from __future__ import annotations

import argparse
import fnmatch
import time
from collections.abc import Sequence

from bench import estimation
from bench.drift import cases as _cases  # noqa: F401 - fills FAMILIES
from bench.drift import kept_year, report, speed, year
from bench.drift.case import FAMILIES, FIRST_SEED, HELD_OUT, MAIN, Family
from bench.drift.judges import JUDGES
from bench.drift.run import FOLDER, outcomes
from bench.drift.scoring import score
from bench.machine import facts

FULL_SEEDS = 20


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench drift", description=__doc__)
    parser.add_argument("--families", default="*", help="names or patterns, separated by commas")
    parser.add_argument(
        "--seeds", type=int, default=FULL_SEEDS, help=f"cases of each family (default: {FULL_SEEDS})"
    )
    parser.add_argument("--only", default="", help=f"judges, separated by commas, of {', '.join(JUDGES)}")
    parser.add_argument("--split", choices=[MAIN, HELD_OUT, "both"], default="both")
    parser.add_argument("--all-seeds", action="store_true", help="ask slow peers about every seed as well")
    parser.add_argument("--jobs", type=int, default=2, help="cases at once (default: 2)")
    parser.add_argument("--speed", action="store_true", help="time and memory of a verdict, and nothing else")
    parser.add_argument(
        "--year", action="store_true", help="false alarms in a year of hours, and nothing else"
    )
    parser.add_argument(
        "--estimation", action="store_true", help="performance without labels, and nothing else"
    )
    parser.add_argument("--list", action="store_true", help="print the families, and stop")
    return parser


def _chosen(patterns: str, split: str) -> list[Family]:
    wanted = [pattern.strip() for pattern in patterns.split(",")]
    found = [
        family
        for family in FAMILIES.values()
        if split in ("both", family.split) and any(fnmatch.fnmatch(family.name, each) for each in wanted)
    ]
    if not found:
        raise SystemExit(f"No family is called {patterns!r}; `python -m bench drift --list` names them")
    return found


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    families = _chosen(asked.families, asked.split)
    if asked.list:
        for family in families:
            print(
                f"{family.name:50} {family.split:9} {'drift' if family.drifted else 'none':6} {family.theme}"
            )
        return 0
    if asked.speed or asked.year or asked.estimation:
        print(facts())
        parts = [speed.speed] * asked.speed + [year.figures, kept_year.figures] * asked.year
        parts += [estimation.estimation] * asked.estimation
        found = [figure for part in parts for figure in part(quick=asked.seeds < FULL_SEEDS)]
        print("\n".join(figure.line() for figure in found))
        return 1 if any(figure.good is False for figure in found) else 0
    names = [name.strip() for name in asked.only.split(",")] if asked.only else list(JUDGES)
    if unknown := set(names) - set(JUDGES):
        raise SystemExit(f"No judge is called {', '.join(sorted(unknown))}; there are {', '.join(JUDGES)}")
    print(facts())
    parts = {}
    missed = 0
    for split in (MAIN, HELD_OUT):
        group = [family for family in families if family.split == split]
        if not group:
            continue
        began = time.perf_counter()
        first = FIRST_SEED[split]
        print(
            f"\n{split}: {len(group)} families, {sum(not family.drifted for family in group)} without drift, "
            f"seeds {first} to {first + asked.seeds - 1}"
        )
        found, absent = outcomes(
            group,
            seeds=asked.seeds,
            judges=[JUDGES[name] for name in names],
            jobs=asked.jobs,
            all_seeds=asked.all_seeds,
        )
        scores = [score(title, found) for title in dict.fromkeys(outcome.title for outcome in found)]
        parts[split] = sorted(scores, key=lambda each: -each.balanced)
        print(report.aligned(report.table(scores)))
        for name, reason in absent.items():
            print(f"  {name} was not asked: {reason}")
        print(report.unanswered(found))
        print(report.aligned(report.by_theme(parts[split])))
        ours = [each for each in scores if each.title == "Assay"]
        for each in ours:
            print("\n  Assay, family by family (those below 0.95)\n" + report.failing(each))
            print("  types of drift\n" + report.types(each))
            for figure in report.figures(each):
                print(figure.line())
                missed += figure.good is False
        print(f"  ({time.perf_counter() - began:.0f} s)")
    if asked.families == "*" and not asked.only:  # everything was asked for
        print("\nperformance without labels")
        for figure in estimation.estimation(quick=asked.seeds < FULL_SEEDS):
            print(figure.line())
            missed += figure.good is False
    report.write(FOLDER, parts)
    print(f"\nWritten to {FOLDER / 'figures.json'} and figures.md")
    return 1 if missed else 0
