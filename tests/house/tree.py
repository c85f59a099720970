"""The files of the project, as a clone would have them."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from deploy.stack import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@cache
def tree_files() -> tuple[Path, ...]:
    """Every file that git knows or would take, by its path from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    files = [(ROOT / name).relative_to(ROOT) for name in listed if name]
    return tuple(file for file in files if (ROOT / file).is_file())


def copy_tree(target: Path) -> None:
    """Copy the files, uncommitted changes too, beside the environment that is already installed here."""
    for file in tree_files():
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, target / file)
    (target / ".venv").symlink_to(ROOT / ".venv")
