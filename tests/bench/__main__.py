"""``python -m tests.bench`` measures the loads and prints the tables of ``docs/performance.md``."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import TYPE_CHECKING

from deploy.stack import StackError
from tests.bench import crowds, duels, machine, own_cost, painting, peers, screen
from tests.bench.figures import Table, duel_table, joined
from tests.bench.loads import LOADS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Measurement = Callable[..., Table]

# In the order in which they run: first whether the sandbox is fit to measure with.
MEASUREMENTS: dict[str, Measurement] = {
    "sandbox-cost": own_cost.sandbox_cost,
    "portals": crowds.twenty_portals,
    "singles": crowds.singles,
    "queueing": own_cost.queueing,
    "memory": own_cost.memory,
    "refresh": own_cost.refresh,
    "screen": screen.screen,
    "screen-larger": screen.larger,
    "painting": painting.painting,
}
EVERYTHING = ["sandbox-cost", *LOADS, *list(MEASUREMENTS)[1:]]


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    unknown = [name for name in options.loads if name not in EVERYTHING]
    unknown += [name for name in options.peers if name not in peers.SCRIPTS]
    if unknown:
        known = f"Loads: {', '.join(EVERYTHING)}. Peers: {', '.join(peers.SCRIPTS)}."
        _tell(f"Unknown: {', '.join(unknown)}. {known}")
        return 2
    _print(f"{machine.describe()}. {_servers(options)}")
    try:
        if set(options.peers) - {peers.BARE} and set(options.loads) & set(LOADS):
            peers.install()
    except peers.PeersMissingError as error:
        _tell(str(error))
        return 1
    tables: list[Table] = []
    try:
        failed = _measure(options, tables)
    finally:
        # What was measured until somebody broke it off is told too.
        for table in joined(tables):
            _print(f"\n{table.markdown()}")
    return int(failed)


def _measure(options: argparse.Namespace, tables: list[Table]) -> bool:
    """Fill ``tables``; returns whether any load could not be measured."""
    failed = False
    for name in options.loads:
        begun = time.monotonic()
        try:
            tables.append(_measured(name, options))
        except (StackError, AssertionError, OSError) as error:
            failed = True
            _tell(f"{name}: could not be measured: {error}")
        _tell(f"{name}: measured in {time.monotonic() - begun:.0f} s")
    return failed


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--loads", type=_names, default=EVERYTHING, help=f"of {', '.join(EVERYTHING)}")
    parser.add_argument(
        "--peers", type=_names, default=[*peers.SCRIPTS], help=f"of {', '.join(peers.SCRIPTS)}"
    )
    parser.add_argument("--rounds", type=int, default=1, help="how often each load runs side by side")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite and the embedded Valkey")
    parser.add_argument(
        "--quick", action="store_true", help="small loads: whether everything runs, no figures"
    )
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _servers(options: argparse.Namespace) -> str:
    return "SQLite and Valkey." if options.sqlite else "PostgreSQL and Redis on the same machine."


def _measured(name: str, options: argparse.Namespace) -> Table:
    if name in MEASUREMENTS:
        return MEASUREMENTS[name](quick=options.quick, on_sqlite=options.sqlite, tell=_tell)
    load = LOADS[name].quick() if options.quick else LOADS[name]
    runs = duels.duel(load, options.peers, options.rounds, on_sqlite=options.sqlite, tell=_tell)
    return duel_table(f"{name}: {load.title}", load.bound_seconds, runs)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _tell(text: str) -> None:
    """Say on standard error how far it is; standard output holds the tables alone."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    # Ended from outside it takes its processes and databases away all the same.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(main(sys.argv[1:]))
