"""``python -m tests.breaking``: break the product on purpose, run after run, and print what was found.

Ends with status 1 when any run found something wrong. With ``DATABASE_URL`` on PostgreSQL each stack gets a
database of its own there and a Redis server of its own; otherwise SQLite and the embedded Valkey.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.breaking.campaign import campaign
from tests.breaking.table import table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.breaking", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="how many runs")
    parser.add_argument("--seed", type=int, default=1, help="of the first run; each further one has the next")
    parser.add_argument("--folder", type=Path, help="where data and logs are kept; default: a temporary one")
    parser.add_argument("--verbose", action="store_true", help="tell the story of clean runs too")
    arguments = parser.parse_args()
    server = os.environ.get("DATABASE_URL", "")
    server = server if server.startswith("postgres") else ""
    with tempfile.TemporaryDirectory(prefix="flowstop-breaking-") as temporary:
        folder = arguments.folder or Path(temporary)
        results = []
        for result in campaign(range(arguments.seed, arguments.seed + arguments.runs), folder, server):
            results.append(result)
            told = ", ".join(f"{number} {what}" for what, number in sorted(result.outcomes.items()))
            verdict = "clean" if result.is_clean else f"{len(result.violations)} VIOLATIONS"
            print(f"seed {result.seed}: {verdict}, {result.seconds:.0f} s; {told}", flush=True)  # noqa: T201
            if arguments.verbose or not result.is_clean:
                print(result.story or "\n".join(map(str, result.violations)), flush=True)  # noqa: T201
        print(table(results))  # noqa: T201
    return 0 if all(result.is_clean for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
