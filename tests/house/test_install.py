"""``make install``: quick when nothing changed, and one sentence for whatever is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from deploy.stack import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with all that an install needs and nothing installed."""
    (tmp_path / "deploy").mkdir()
    for file in ("Makefile", "requirements.lock", "deploy/install.sh"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


@pytest.fixture
def other_python(tmp_path: Path) -> Path:
    """A folder with every Python that an install would look for, all too old."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("python3", *(f"python3.{minor}" for minor in range(11, 15))):
        (folder / name).write_text('#!/bin/sh\necho "Python 3.9.2"\nexit 1\n')
        (folder / name).chmod(0o755)
    return folder


def install(tree: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "install"],
        cwd=tree,
        env={"PATH": os.environ["PATH"]} | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def sentences(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What the install says for itself, without make's own line."""
    return [line for line in done.stderr.splitlines() if not line.startswith("make:")]


def test_nothing_to_do_is_quick(tree: Path) -> None:
    (tree / ".venv").symlink_to(ROOT / ".venv")

    started = time.monotonic()
    done = install(tree)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - started < 30


def test_no_network(tree: Path) -> None:
    nowhere = "http://127.0.0.1:9/"

    done = install(
        tree, PIP_CONFIG_FILE=os.devnull, PIP_INDEX_URL=nowhere, PIP_NO_CACHE_DIR="1", PIP_FIND_LINKS=""
    )

    assert done.returncode != 0
    [sentence] = sentences(done)
    assert "could not be downloaded: no network" in sentence
    assert (tree / "var/install.log").read_text() != ""


def test_a_python_that_is_too_old(tree: Path, other_python: Path) -> None:
    done = install(tree, PATH=f"{other_python}:/usr/bin:/bin")

    assert done.returncode != 0
    [sentence] = sentences(done)
    assert "Python 3.11 or newer is needed, but python3 is 3.9.2" in sentence


def test_a_named_python_that_is_none(tree: Path) -> None:
    done = install(tree, PYTHON="/bin/false")

    assert done.returncode != 0
    assert sentences(done) == ["make install: PYTHON=/bin/false is no Python 3.11 or newer."]


def test_a_package_that_is_not_the_locked_one(tree: Path) -> None:
    """A download whose hash differs is refused, and nothing is called installed."""
    lock = tree / "requirements.lock"
    lock.write_text(
        "six==1.17.0 \\\n    --hash=sha256:" + "0" * 64 + "\n",
    )
    archive = tree / "six-1.17.0-py2.py3-none-any.whl"
    archive.write_bytes(b"no wheel of anybody's")

    done = install(
        tree, PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tree), PIP_NO_CACHE_DIR="1"
    )

    assert done.returncode != 0
    [sentence] = sentences(done)
    assert "does not have the hash that requirements.lock tells" in sentence
    assert not (tree / ".venv/installed-from").exists()


def test_a_missing_system_package_and_nobody_who_may_install_it(tree: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "cut", "dirname", "flock", "id", "make", "mkdir", "sh", "sha256sum", "cat"):
        (programs / name).symlink_to(str(shutil.which(name)))
    (programs / "id").unlink()
    (programs / "id").write_text("#!/bin/sh\necho 1000\n")
    (programs / "id").chmod(0o755)

    done = install(tree, PATH=str(programs))

    assert done.returncode != 0
    [sentence] = sentences(done)
    assert "the system package 'python3' is missing; install it as root (apt-get install" in sentence
