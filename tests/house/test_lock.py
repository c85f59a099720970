"""requirements.lock: every package pinned and hashed, for exactly what pyproject.toml asks."""

from __future__ import annotations

import re
import tomllib
from itertools import chain

from deploy.stack import ROOT

LOCK = (ROOT / "requirements.lock").read_text()
# "name==1.2 ; marker \" followed by its hashes.
PINS = re.findall(
    r"^([a-z0-9][\w.-]*)==(\S+)[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", LOCK, re.MULTILINE
)


def test_every_line_is_a_pin_with_hashes() -> None:
    named = re.findall(r"^([a-z0-9][\w.-]*)", LOCK, re.MULTILINE)

    assert len(PINS) > 50
    assert [name for name, *_ in PINS] == named


def test_it_names_no_address() -> None:
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--find-links" not in LOCK


def test_it_holds_everything_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = {re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-") for requirement in asked}

    assert names - {name for name, *_ in PINS} == set()
