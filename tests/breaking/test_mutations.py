"""The mutations of ``make mutations`` still fit the code that they spoil."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from deploy.stack import ROOT
from tests.breaking.spoilt import MUTATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.breaking.spoilt import Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.name for mutation in MUTATIONS])
def test_it_fits(tmp_path: Path, mutation: Mutation) -> None:
    files = {edit.file for edit in mutation.edits}
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)

    mutation.spoil(tmp_path)

    for file in files:
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert text != (ROOT / file).read_text(encoding="utf-8")
        compile(text, file, "exec")
