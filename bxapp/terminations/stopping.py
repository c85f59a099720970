"""Whether this worker has been asked to end: its slots then begin nothing more and hand back soon."""

from __future__ import annotations

from multiprocessing import Event
from typing import Any

# Made before the worker forks its slots, so that all of them share it.
_asked = Event()


def ask(**_signal: Any) -> None:
    """Take in that the worker is shutting down."""
    _asked.set()


def is_asked() -> bool:
    return _asked.is_set()
