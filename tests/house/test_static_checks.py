"""The tools that read the code without running it; one test run proves them too."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.stack import ROOT

PYTHON_TOOLS = Path(sys.executable).parent


def run(tool: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PYTHON_TOOLS / tool), *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "command",
    [("ruff", "format", "--check", "."), ("ruff", "check", "."), ("mypy",), ("lint-imports",)],
    ids=" ".join,
)
def test_the_tree_passes(command: tuple[str, ...]) -> None:
    done = run(*command)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("bxapp/audit/models.py", "import bxapp.terminations.models", "Floors"),
        ("bxapp/audit/models.py", "import bxapp.web.refusals", "Floors"),
        ("bxapp/unplaced/__init__.py", "", "Floors"),
        ("bxapp/bitrix/errors.py", "import django.conf", "What speaks with Bitrix24 knows neither Django"),
        ("bxapp/portals/models.py", "import requests", "HTTP requests leave through bxapp.bitrix only"),
        ("bxapp/portals/models.py", "import bxapp.settings", "The environment is read by bxapp.settings"),
        ("bxapp/sandbox/world.py", "import bxapp.bitrix.errors", "The sandbox knows nothing of the product"),
        ("bxapp/web/refusals.py", "import bxapp.sandbox.world", "The product knows nothing of the sandbox"),
    ],
)
def test_the_import_contract_notices(tmp_path: Path, file: str, line: str, contract: str) -> None:
    """Each contract is broken once, in a copy, so that none of them is a check that cannot fail."""
    for part in ("bxapp", "deploy"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    target = tmp_path / file
    target.parent.mkdir(exist_ok=True)
    with target.open("a") as module:
        module.write(f"\n{line}\n")

    done = run("lint-imports", "--no-cache", folder=tmp_path)

    assert done.returncode == 1, done.stdout + done.stderr
    broken = [row for row in done.stdout.splitlines() if row.endswith(" BROKEN")]
    assert [row for row in broken if row.startswith(contract)], done.stdout
