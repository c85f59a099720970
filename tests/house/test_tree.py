"""What the files of the tree may and may not hold."""

from __future__ import annotations

import re
from functools import cache

import pytest

from deploy.stack import ROOT
from tests.house.tree import tree_files

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
def texts() -> dict[str, str]:
    """The text files of the tree by path, without what others wrote."""
    found = {}
    for file in tree_files():
        content = (ROOT / file).read_bytes()
        if b"\0" not in content and "vendor" not in file.parts:
            found[str(file)] = content.decode()
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
