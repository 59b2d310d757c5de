"""An environment of its own for each peer, made once from pinned files with hashes."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "peers"


class PeerUnavailable(Exception):
    """A peer's environment cannot be made here; the message says why."""


def requirements(name: str) -> Path:
    return ROOT / "requirements" / f"peers-{name}.txt"


def version(name: str) -> str:
    """Changes when the pins change; part of the key of stored answers."""
    return hashlib.blake2b(requirements(name).read_bytes(), digest_size=6).hexdigest()


def environment(name: str) -> Path:
    """The Python of the peer's environment, which is made if it is absent or its pins have changed."""
    folder = FOLDER / name
    python, stamp = folder / "bin" / "python", folder / "installed"
    folder.mkdir(parents=True, exist_ok=True)
    # Two benchmarks that start at once must not install into the same folder.
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == version(name):
            return python
        print(f"Making an environment for {name} (once)", flush=True)
        try:
            if not python.exists():
                _run([sys.executable, "-m", "venv", str(folder)])
            pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
            # The pins are whole; what they ask for with extras would not match a pinned hash.
            _run([*pip, "install", "--no-deps", "--require-hashes", "-r", str(requirements(name))])
        except subprocess.CalledProcessError as exc:
            said = exc.stderr.strip().splitlines()
            raise PeerUnavailable(f"{name} could not be installed: {said[-1] if said else exc}") from exc
        stamp.write_text(version(name))
    return python


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
