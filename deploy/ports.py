"""Ports on this machine: which are free, and which somebody else has."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


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
    """Return ``count`` different ports that nobody has at this moment."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
