"""The pictures of docs/screens.md, taken by the stories when the run is asked for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

LARGEST_BYTES = 150 * 1024
WIDE: ViewportSize = {"width": 1280, "height": 800}
# For a page so dense that its picture would be too large.
LOW: ViewportSize = {"width": 1280, "height": 720}
NARROW: ViewportSize = {"width": 360, "height": 740}


def take_picture(tab: Page, name: str) -> None:
    """Keep what ``tab`` shows as ``<name>.png`` where FLOWSTOP_SCREENSHOTS names a folder for it."""
    folder = os.environ.get("FLOWSTOP_SCREENSHOTS")
    if not folder:
        return
    picture = tab.screenshot(animations="disabled", caret="hide")
    assert len(picture) <= LARGEST_BYTES, f"{name}.png has {len(picture):,} bytes"
    (Path(folder) / f"{name}.png").write_bytes(picture)
