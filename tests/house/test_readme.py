"""The README says what is true of the tree."""

from __future__ import annotations

import re
import tomllib

import pytest

from deploy.stack import ROOT

README = (ROOT / "README.md").read_text()
# Read by bxapp/settings.py; the test's own reading of that file keeps the table complete.
VARIABLES = set(re.findall(r'environment\.\w+\(\s*"([A-Z_0-9]+)"', (ROOT / "bxapp/settings.py").read_text()))


def test_the_configuration_table_is_complete() -> None:
    assert set(re.findall(r"^\| `([A-Z_0-9]+)` \|", README, re.MULTILINE)) == VARIABLES


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["sandbox"]]
    names = [re.split(r"[^\w-]", requirement)[0].removesuffix("-py") for requirement in asked]

    assert [
        name for name in names if not re.search(rf"^\|.*\b{name}\b", README, re.MULTILINE | re.IGNORECASE)
    ] == []


@pytest.mark.parametrize("target", re.findall(r"^\t?make (\w+)|`make (\w+)", README))
def test_every_command_exists(target: tuple[str, str]) -> None:
    name = target[0] or target[1]

    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", re.findall(r"\]\(([\w/.]+)\)|`((?:docs|deploy|static)/[\w./]+)`", README))
def test_every_file_that_it_names_exists(path: tuple[str, str]) -> None:
    assert (ROOT / (path[0] or path[1])).exists()
