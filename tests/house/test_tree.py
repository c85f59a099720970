"""What the files of the tree may and may not hold."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from deploy.stack import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_FILE_LINES = 350
# Written in two parts, so that this file does not hold what it looks for.
REGISTRY_HOSTS = [
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry.npmjs" + ".org",
    "deb.debian" + ".org",
    "hub.docker" + ".com",
]
PRIVATE_FOLDERS = ["/" + folder + "/" for folder in ("work", "root", "Users", "farm")]


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file of the tree that git knows or would take, vendored ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    files = [ROOT / name for name in listed if name and not name.startswith("static/vendor/")]
    return tuple(file for file in files if file.is_file())


@cache
def texts() -> dict[str, str]:
    """The text files of the tree by path."""
    found = {}
    for file in tracked_files():
        content = file.read_bytes()
        if b"\0" not in content:
            found[str(file.relative_to(ROOT))] = content.decode()
    return found


@pytest.mark.parametrize("host", REGISTRY_HOSTS)
def test_nothing_names_a_package_registry(host: str) -> None:
    assert [path for path, text in texts().items() if host in text] == []


@pytest.mark.parametrize("folder", PRIVATE_FOLDERS)
def test_nothing_names_a_folder_of_somebodys_machine(folder: str) -> None:
    pattern = re.compile(r"(?<![\w.\]})])" + re.escape(folder) + r"\w")

    assert [path for path, text in texts().items() if pattern.search(text)] == []


def test_no_module_is_too_long_to_have_one_concern() -> None:
    lengths = {
        path: text.count("\n")
        for path, text in texts().items()
        if path.endswith((".py", ".js", ".html", ".css", ".sh")) and "/migrations/" not in path
    }

    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE_LINES} == {}


def test_every_python_file_postpones_annotations() -> None:
    modules = {path: text for path, text in texts().items() if path.endswith(".py") and text.strip()}
    code = {
        path: text for path, text in modules.items() if not re.fullmatch(r'\s*""".*?"""\s*', text, re.DOTALL)
    }
    without = [path for path, text in code.items() if "from __future__ import annotations" not in text]

    assert [path for path in without if "/migrations/" not in path] == []


def test_nothing_is_skipped_or_ignored_without_a_reason() -> None:
    """A skipped test proves nothing; a blanket ignore hides what nobody has looked at."""
    blanket = re.compile(r"# type: ignore(?!\[)|# noqa(?!: [A-Z])|mark\.(?:skip|xfail)\b|pytest\.skip\(")

    assert [
        f"{path}: {found.group()}"
        for path, text in texts().items()
        if path.endswith(".py") and path != "tests/house/test_tree.py"
        for found in blanket.finditer(text)
    ] == []
