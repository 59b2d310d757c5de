"""Say how much `pip install .` brings: packages and megabytes, the optional ones left out.

It is counted in the environment at hand, without a network: what the package asks for, what that asks for,
and so on; of each the files that its installer listed, without byte code. ``--write`` puts the sentence into
README.md, where a test holds it.
"""

from __future__ import annotations

import argparse
import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
NAME = "assay"

_SENTENCE = re.compile(r"(<!-- footprint -->\n).*?(<!-- end -->)", re.DOTALL)


def closure(name: str = NAME) -> list[str]:
    """Return the names of all packages that `name` needs without extras, sorted; itself left out.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        Where one of them is not installed.
    """
    seen: set[tuple[str, str]] = set()
    waiting = [(name, "")]
    while waiting:
        package, extra = waiting.pop()
        if (package, extra) in seen:
            continue
        seen.add((package, extra))
        for line in metadata.requires(package) or []:
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                below = canonicalize_name(wanted.name)
                waiting += [(below, one) for one in ("", *sorted(wanted.extras))]
    return sorted({package for package, _ in seen} - {name})


def size(package: str) -> int:
    """Return the bytes of the files that belong to an installed package, byte code left out."""
    found = [Path(str(path.locate())) for path in metadata.files(package) or [] if path.suffix != ".pyc"]
    return sum(path.stat().st_size for path in found if path.is_file())


def sentence(packages: int, megabytes: float) -> str:
    """Return what README.md says."""
    size = f"{megabytes:.0f} MB"
    return f"It brings {packages} packages, {size} in all on Linux; what the extras bring is optional."


def renewed(text: str, said: str) -> str:
    """Return README.md with the sentence `said`."""
    return _SENTENCE.sub(lambda match: f"{match[1]}{said}\n{match[2]}", text)


def main() -> int:
    """Print the packages by size, and the sentence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the sentence into README.md")
    write = parser.parse_args().write
    sizes = sorted(((size(package), package) for package in closure()), reverse=True)
    for bytes_, package in sizes:
        print(f"{bytes_ / 1e6:8.1f} MB  {package} {metadata.version(package)}")
    said = sentence(len(sizes), sum(bytes_ for bytes_, _ in sizes) / 1e6)
    print(said)
    if write:
        readme = ROOT / "README.md"
        readme.write_text(renewed(readme.read_text(encoding="utf-8"), said), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
