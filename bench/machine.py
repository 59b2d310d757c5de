"""Facts about the machine, without which a figure means nothing."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path


def facts() -> str:
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pyarrow", "sqlalchemy", "uvicorn"))
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores ({model}), {memory:.0f} GiB memory, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, {libraries}"
    )


def commit_rate(folder: Path, *, seconds: float = 2.0, size: int = 4_096) -> float:
    """Appends of `size` bytes, each with an fsync, that the disk under `folder` does in a second."""
    block = b"\0" * size
    path = folder / "fsync"
    count = 0
    with path.open("wb", buffering=0) as file:
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            file.write(block)
            os.fsync(file.fileno())
            count += 1
        elapsed = time.perf_counter() - started
    path.unlink()
    return count / elapsed


def family(process: int) -> list[int]:
    """A process and those that it has started."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [process]
    for one in found:
        found.extend(parents.get(one, []))
    return found


def resident_bytes(process: int) -> int:
    """Memory that a process and its children hold; what they share counts once (proportional set size)."""
    total = 0
    for one in family(process):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1_024
    return total


def cpu_seconds(process: int, *, alone: bool = False) -> float:
    """Processor time that a process and, unless it is asked for `alone`, its children have used."""
    total = 0
    for one in [process] if alone else family(process):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")
