"""What the use cases need of the process that they run in."""

from __future__ import annotations

from typing import Protocol

from assay.domain.answers import ServiceHealth

__all__ = ["Background"]


class Background(Protocol):
    """The process's background work, as far as the use cases need it."""

    def lease(self) -> bool:
        """Whether this process does (or may now begin to do) the background work of the data folder."""
        ...

    def wake(self) -> None:
        """Say that there is something new in the journal."""
        ...

    def release(self) -> None:
        """Let another process do it, where none of this process's threads does."""
        ...

    def health(self) -> ServiceHealth:
        """State of every part."""
        ...

    def figures(self) -> dict[str, float]:
        """Counters and gauges by name."""
        ...

    def close(self) -> None:
        """Stop the work and close the stores."""
        ...
