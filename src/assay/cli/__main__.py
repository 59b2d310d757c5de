"""``assay``, and ``python -m assay.cli``: the command line, from its first moment on."""

from __future__ import annotations

import sys

__all__ = ["main"]

_INTERRUPTED = 130  # assay.cli.output.EXIT_INTERRUPTED, which cannot be read where its import is interrupted
_SENTENCE = "assay: interrupted"


def main() -> None:
    """Run the command line; Ctrl-C while it is still being read ends it with a sentence, too."""
    try:
        _read_uninterrupted()
        from assay.cli.main import main as run

        run()
    except KeyboardInterrupt:
        print(_SENTENCE, file=sys.stderr)
        raise SystemExit(_INTERRUPTED) from None


def _read_uninterrupted() -> None:
    """Import the command line; Ctrl-C ends the process at once.

    An exception in the middle of an import may come out as another one, or be swallowed, wherever somebody
    guards an import. Nothing is open yet that would have to be closed.
    """
    import os
    import signal

    def end(*_: object) -> None:
        os.write(2, _SENTENCE.encode() + b"\n")
        os._exit(_INTERRUPTED)

    # Who began us with interruptions ignored (nohup, a shell's background) keeps them ignored.
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    signal.signal(signal.SIGINT, end)
    try:
        import assay.cli.main
        import assay.cli.output  # noqa: F401 - what the first lines of every command need
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    main()
