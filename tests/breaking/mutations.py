"""Shows that the harness can fail: ``python -m tests.breaking.mutations``.

Each mutation spoils a copy of the tree in a way in which this product must never be written; its seeds must
then find violations of the expected kinds. Ends with status 0 when every mutation is caught.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from deploy.stack import ROOT
from tests.breaking.spoilt import MUTATIONS, DoesNotFitError, Mutation

_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", "var", "staticfiles", "node_modules", "__pycache__", ".*_cache", ".hypothesis")
)


def main() -> int:
    """Try the mutations, all or those whose names contain the given words."""
    parser = argparse.ArgumentParser(prog="python -m tests.breaking.mutations", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutations with one of these words in their names")
    parser.add_argument("--seeds", type=int, nargs="+", help="other seeds than the mutation's own")
    arguments = parser.parse_args()
    chosen = [
        mutation
        for mutation in MUTATIONS
        if not arguments.words or any(word in mutation.name for word in arguments.words)
    ]
    verdicts = [_try(mutation, tuple(arguments.seeds or mutation.seeds)) for mutation in chosen]
    return 0 if chosen and all(verdicts) else 1


def _try(mutation: Mutation, seeds: tuple[int, ...]) -> bool:
    """Spoil a copy of the tree and fight there; say and return whether that was noticed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="flowstop-mutation-") as temporary:
        tree, report = Path(temporary) / "tree", Path(temporary) / "report.json"
        shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
        try:
            mutation.spoil(tree)
        except DoesNotFitError as error:
            _say(f"CANNOT BE TRIED  {error}")
            return False
        fought = subprocess.run(
            [
                *(sys.executable, "-m", "tests.breaking", "--stop-at-first"),
                *("--report", str(report), "--seeds", *map(str, seeds)),
            ],
            cwd=tree,
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            _say(f"CANNOT BE TRIED  {mutation.name}:\n{fought.stdout}{fought.stderr}")
            return False
        results = json.loads(report.read_text())
    found = Counter(kind for result in results for kind, _ in result["violations"])
    caught = any(found[kind] for kind in mutation.kinds)
    told = ", ".join(f"{number} {kind}" for kind, number in found.items()) or "nothing"
    last = results[-1]["seed"] if results else "none"
    verdict = "caught  " if caught else "NOT CAUGHT"
    _say(f"{verdict}  {mutation.name}: {told}, by seed {last}, {time.monotonic() - began:.0f} s")
    first = next(
        (text for result in results for kind, text in result["violations"] if kind in mutation.kinds), ""
    )
    if first:
        _say(f"          {first}")
    if failures := [result["failure"] for result in results if result["failure"]]:
        _say(failures[0])
    return caught


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  (a command)


if __name__ == "__main__":
    sys.exit(main())
