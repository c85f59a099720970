"""Output that nobody reads any more, as that of ``list | head``: Python would complain of it at its end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def silence(stream: TextIO) -> None:
    """Let a stream whose reader is gone lead nowhere, together with what still waits in it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
