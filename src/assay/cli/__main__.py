"""``assay``, and ``python -m assay.cli``: the command line, from its first moment on."""

from __future__ import annotations

import sys

__all__ = ["main"]

_INTERRUPTED = 130  # assay.cli.output.EXIT_INTERRUPTED, which cannot be read where its import is interrupted


def main() -> None:
    """Run the command line; Ctrl-C while it is still being read ends it with a sentence, too."""
    try:
        from assay.cli.main import main as run
    except KeyboardInterrupt:
        print("assay: interrupted", file=sys.stderr)
        raise SystemExit(_INTERRUPTED) from None
    run()


if __name__ == "__main__":
    main()
