"""Whether this worker has been asked to end: its slots then begin nothing more and hand back soon."""

from __future__ import annotations

from mmap import mmap
from typing import Any

# One byte of shared memory, made before the worker forks its slots, so that all of them see it. No lock
# guards it, as one does an ``Event``: a slot that is killed while it holds a lock keeps it for ever, and
# everybody else, also those who begin in its place, would wait for it.
_asked = mmap(-1, 1)


def ask(**_signal: Any) -> None:
    """Take in that the worker is shutting down."""
    _asked[0] = 1


def is_asked() -> bool:
    return _asked[0] != 0
