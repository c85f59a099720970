"""``python -m tests.breaking``: break the product on purpose, run after run, and print what was found.

Ends with status 1 when any run found something wrong, 2 when one could not be fought to its end. With
``DATABASE_URL`` on PostgreSQL each stack gets a database of its own there and a Redis server of its own;
otherwise SQLite and the embedded Valkey.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.breaking.campaign import RunResult, campaign
from tests.breaking.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main() -> int:
    """Fight the runs that the command line asks for; return the exit status."""
    arguments = _arguments()
    # So that every process of a stack is stopped in its turn.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seeds = arguments.seeds or list(range(arguments.seed, arguments.seed + arguments.runs))
    results: list[RunResult] = []
    with tempfile.TemporaryDirectory(prefix="flowstop-breaking-") as temporary:
        folder = arguments.folder or Path(temporary)
        for result in _fought(seeds, folder, arguments.lanes):
            results.append(result)
            _tell(result, verbose=arguments.verbose)
            if arguments.stop_at_first and not result.is_clean:
                break
    results.sort(key=lambda result: result.seed)
    if arguments.report:
        arguments.report.write_text(json.dumps([result.as_json() for result in results]))
    _say(table(results))
    if any(result.violations for result in results):
        return 1
    return 0 if all(result.is_clean for result in results) else 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.breaking", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="how many runs")
    parser.add_argument("--seed", type=int, default=1, help="of the first run; each further one has the next")
    parser.add_argument("--seeds", type=int, nargs="+", help="these instead")
    parser.add_argument("--lanes", type=int, default=1, help="how many stacks at once; each fights in order")
    parser.add_argument("--folder", type=Path, help="where data and logs are kept; default: a temporary one")
    parser.add_argument("--report", type=Path, help="a file for the results as JSON")
    parser.add_argument(
        "--stop-at-first", action="store_true", help="end after the first run that is not clean"
    )
    parser.add_argument("--verbose", action="store_true", help="tell the story of clean runs too")
    return parser.parse_args()


def _fought(seeds: Sequence[int], folder: Path, lanes: int) -> Iterator[RunResult]:
    """Give the results, of one stack after the other or of several at once."""
    server = os.environ.get("DATABASE_URL", "")
    if lanes <= 1:
        yield from campaign(seeds, folder, server if server.startswith("postgres") else "")
        return
    # Each lane is a process of its own, because a stack's processes end with the thread that started them.
    reports = [folder / f"lane-{number}.json" for number in range(lanes)]
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.breaking", "--folder", str(folder / f"lane-{number}")),
                *("--report", str(report), "--seeds", *map(str, seeds[number::lanes])),
            ],
            stdout=sys.stderr,
        )
        for number, report in enumerate(reports)
        if seeds[number::lanes]
    ]
    try:
        for process, report in zip(processes, reports, strict=False):
            process.wait()
            yield from map(RunResult.from_json, json.loads(report.read_text()))
    finally:
        for process in processes:
            process.terminate()


def _tell(result: RunResult, *, verbose: bool) -> None:
    told = ", ".join(f"{number} {what}" for what, number in sorted(result.outcomes.items()))
    verdict = "clean" if result.is_clean else f"{len(result.violations)} VIOLATIONS"
    _say(f"seed {result.seed}: {verdict}, {result.seconds:.0f} s; {told}")
    if result.failure:
        _say(f"It could not be fought to its end:\n{result.failure}")
    if verbose or result.violations:
        _say(result.story)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  (a command)


if __name__ == "__main__":
    sys.exit(main())
