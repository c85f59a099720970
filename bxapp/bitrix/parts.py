"""Cutting what is too much for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Part = TypeVar("Part")


def in_parts(items: Sequence[Part], size: int) -> list[Sequence[Part]]:
    """Return ``items`` in their order in sequences of ``size``, the last one perhaps shorter."""
    return [items[start : start + size] for start in range(0, len(items), size)]
