"""Ports on this machine: which are free, and which somebody else has."""

from __future__ import annotations

import socket
from random import SystemRandom

LOOPBACK = "127.0.0.1"
# Linux gives 32768 and above to outgoing connections.
_PORTS = range(16_384, 32_768)
# Not the shared generator, which a test may have seeded: two processes must not choose alike.
_CHANCE = SystemRandom()


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` and would be the one that answers as ``localhost``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    # A browser tries ::1 first for "localhost": a foreign server there would be opened instead of ours.
    with socket.socket(socket.AF_INET6) as visitor:
        visitor.settimeout(1)
        return visitor.connect_ex(("::1", port)) != 0


def choose_free(count: int) -> list[int]:
    """Return ``count`` different ports that nobody has at this moment.

    None of those that the kernel gives to outgoing connections: one of them might take it before us.
    """
    chosen: set[int] = set()
    while len(chosen) < count:
        port = _CHANCE.choice(_PORTS)
        if is_free(port):
            chosen.add(port)
    return list(chosen)
