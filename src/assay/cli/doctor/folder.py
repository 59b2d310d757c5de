"""The data folder: is it there, whose is it, how much room, how quick, who works on it."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from assay.cli.doctor.check import FAILED, OK, WARNING, Check
from assay.cli.doctor.clock import set_back
from assay.domain.rendering import number
from assay.runtime.settings import Settings

__all__ = ["folder"]

_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs", "afs"}
)
_LITTLE: Final = 1 << 30
_SLOW: Final = 0.02
_SYNCS: Final = 30
_SYNC_SECONDS: Final = 0.5


def folder(settings: Settings, *, asked: bool) -> Iterator[Check]:
    """Look at the data folder without changing anything in it.

    Parameters
    ----------
    settings : where it is.
    asked : whether somebody named it; else it need not be there.
    """
    place = settings.data_dir
    if not place.exists():
        advice = "it is made with the first prediction, or by: assay serve"
        missing = f"there is no data folder {str(place)!r}"
        if asked:
            yield Check("data folder", FAILED, missing, f"name one that is there, or not: {advice}")
        else:
            yield Check("data folder", OK, f"{missing} yet", advice)
        return
    trouble = _trouble(place)
    if trouble is not None:
        yield trouble
        return
    yield _rights(place)
    yield set_back(place)
    yield _room(place, settings)
    yield _kind(place)
    yield _syncs(place)
    yield _worker(place / "worker.lock")
    yield _leftovers(place)


def _trouble(place: Path) -> Check | None:
    """Say why the folder cannot be used at all."""
    if not place.is_dir():
        return Check("data folder", FAILED, f"{str(place)!r} is a file", "name a folder")
    try:
        next(place.iterdir(), None)
    except OSError as error:
        return Check(
            "data folder",
            FAILED,
            f"{str(place)!r} cannot be read: {error.strerror}",
            "run this as the account that runs Assay, or change its rights",
        )
    if not os.access(place, os.W_OK | os.X_OK):
        return Check(
            "data folder",
            FAILED,
            f"{str(place)!r} cannot be written to",
            "run Assay as its owner, or change its rights",
        )
    return None


def _rights(place: Path) -> Check:
    found = place.stat()
    name = str(place.absolute())
    open_to = [
        who
        for who, bits in (("its group", stat.S_IRWXG), ("everybody", stat.S_IRWXO))
        if found.st_mode & bits
    ]
    if open_to:
        # Only its owner needs it, and what is in it tells of people.
        return Check(
            "data folder", WARNING, f"{name} is open to {' and '.join(open_to)}", f"chmod 700 {name}"
        )
    return Check("data folder", OK, f"{name}, its owner's alone")


def _room(place: Path, settings: Settings) -> Check:
    free = shutil.disk_usage(place).free
    figures = {"free_bytes": float(free)}
    told = f"{free / 1e9:.1f} GB are free"
    if free < settings.min_free_bytes:
        return Check("disk", FAILED, f"{told}: nothing more is accepted", "make room", figures)
    if free < _LITTLE:
        return Check("disk", WARNING, told, "make room before it is needed", figures)
    return Check("disk", OK, told, figures=figures)


def _kind(place: Path) -> Check:
    """The file system, by the longest mount point above the folder."""
    found, longest = "", ""
    target = str(place.resolve())
    try:
        lines = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return Check("file system", OK, "its kind cannot be told on this system")
    for line in lines:
        _, mount, kind, *_ = line.split(" ")
        mount = mount.encode().decode("unicode_escape")
        if (target == mount or target.startswith(mount.rstrip("/") + "/")) and len(mount) >= len(longest):
            found, longest = kind, mount
    if found in _NETWORK:
        return Check(
            "file system",
            WARNING,
            f"{found}, over a network: SQLite's locks and its log do not hold there",
            "put the data folder on a local disk, or the journal into PostgreSQL (ASSAY_DATABASE_URL)",
        )
    if found in ("tmpfs", "ramfs"):
        return Check(
            "file system", WARNING, f"{found}: gone with the next start", "take a disk for what is to stay"
        )
    return Check("file system", OK, found or "unknown")


def _syncs(place: Path) -> Check:
    """How long the disk takes to have something for good: a file without a name is written and forgotten."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None:
        return Check("disk sync", OK, "not measured on this system")
    try:
        descriptor = os.open(place, flag | os.O_RDWR, 0o600)
    except OSError:
        return Check("disk sync", OK, "not measured: this file system has no files without a name")
    taken: list[float] = []
    try:
        begun = time.perf_counter()
        while len(taken) < _SYNCS and time.perf_counter() - begun < _SYNC_SECONDS:
            os.write(descriptor, b"x" * 4096)
            before = time.perf_counter()
            os.fsync(descriptor)
            taken.append(time.perf_counter() - before)
    except OSError as error:
        return Check("disk sync", FAILED, f"writing fails: {error.strerror}", "look after the disk")
    finally:
        os.close(descriptor)
    middle = sorted(taken)[len(taken) // 2]
    told = (
        f"{middle * 1e3:.1f} ms: one caller that waits for each prediction logs at most "
        f"{number(int(1 / max(middle, 1e-5)))} a second"
    )
    figures = {"seconds": middle}
    if middle > _SLOW:
        advice = "send batches, or many callers at once, who share a sync; or take a quicker disk"
        return Check("disk sync", WARNING, told, advice, figures)
    return Check("disk sync", OK, told, figures=figures)


def _worker(lock: Path) -> Check:
    """Who does the background work, as the system knows from its locks."""
    try:
        found = lock.stat()
        device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        locks = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return Check("worker", OK, "nobody works on the folder now")
    for line in locks:
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == device:
            return Check(
                "worker", OK, f"process {words[4]} works on the folder", figures={"pid": float(words[4])}
            )
    return Check("worker", OK, "nobody works on the folder now")


def _leftovers(place: Path) -> Check:
    """Files that an interrupted write left behind: parts of exports and notes of back-fills."""
    old = time.time() - 3600
    found = []
    for pattern in ("*.part", ".*.part", "backfill/.record-*"):
        for file in place.glob(pattern):
            try:
                if file.stat().st_mtime < old:
                    found.append(file)
            except OSError:
                continue
    if found:
        names = ", ".join(str(file.relative_to(place))[:80] for file in found[:3])
        return Check("leftovers", WARNING, f"{len(found)} files of interrupted work: {names}", "delete them")
    return Check("leftovers", OK, "none")
