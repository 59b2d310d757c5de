"""``python -m bench [--quick] [part ...]``, or ``python -m bench drift --help``: print the figures."""

from __future__ import annotations

import argparse
import sys
import time

from bench import alone, estimation, first_chart, imports, ingest, logger, pages, streams, windows
from bench.drift import speed
from bench.machine import facts

PARTS = {
    "starts": alone.starts,
    "first-chart": first_chart.first_chart,
    "profile": alone.one_shot,
    "evidently": alone.evidently,
    "batches": ingest.batches,
    "singles": ingest.singles,
    "imports": imports.imports,
    "analyses": windows.analyses,
    "keep-up": windows.keep_up,
    "pages": pages.pages,
    "logger": logger.calls,
    "streams": streams.streams,
    "drift-speed": speed.speed,
    "estimation": estimation.estimation,
}


def main() -> int:
    if sys.argv[1:2] == ["drift"]:  # it has options of its own
        from bench.drift import command

        return command.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs, to see that everything works")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"of {', '.join(PARTS)}; default: all")
    arguments = parser.parse_args()
    print(facts())
    missed = 0
    chosen = arguments.parts or [name for name in PARTS if not (arguments.quick and name == "evidently")]
    for name in chosen:
        began = time.perf_counter()
        print(f"\n{name}")
        for figure in PARTS[name](quick=arguments.quick):
            print(figure.line(), flush=True)
            missed += figure.good is False
        print(f"  ({time.perf_counter() - began:.0f} s)")
    print(f"\n{missed} missed" if missed else "\nall as aimed")
    return 1 if missed and not arguments.quick else 0


if __name__ == "__main__":
    sys.exit(main())
