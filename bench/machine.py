"""Facts about the machine, without which a figure means nothing."""

from __future__ import annotations

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


def resident_bytes(process: int) -> int:
    """Memory that a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
