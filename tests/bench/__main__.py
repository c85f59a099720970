"""``python -m tests.bench`` measures the loads and prints the tables of ``docs/performance.md``."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import TYPE_CHECKING

from deploy.stack import StackError
from tests.bench import crowds, duels, machine, own_cost, peers
from tests.bench.figures import Run, table
from tests.bench.loads import LOADS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.loads import Load

    Measurement = Callable[..., str]

# In the order in which they run: first whether the sandbox is fit to measure with.
MEASUREMENTS: dict[str, Measurement] = {
    "sandbox-cost": own_cost.sandbox_cost,
    "portals": crowds.twenty_portals,
    "singles": crowds.singles,
    "queueing": own_cost.queueing,
    "memory": own_cost.memory,
    "refresh": own_cost.refresh,
}
EVERYTHING = ["sandbox-cost", *LOADS, *list(MEASUREMENTS)[1:]]
HEADS = ("load", "who", "time", "× bound", "× fast_bitrix24", "limit errors", "finished", "notes")


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    unknown = [name for name in options.loads if name not in EVERYTHING]
    unknown += [name for name in options.peers if name not in peers.SCRIPTS]
    if unknown:
        known = f"Loads: {', '.join(EVERYTHING)}. Peers: {', '.join(peers.SCRIPTS)}."
        _tell(f"Unknown: {', '.join(unknown)}. {known}")
        return 2
    _print(f"{machine.describe()}. {_servers(options)}")
    failed = False
    try:
        if set(options.peers) - {peers.BARE} and set(options.loads) & set(LOADS):
            peers.install()
    except peers.PeersMissingError as error:
        _tell(str(error))
        return 1
    for name in options.loads:
        begun = time.monotonic()
        try:
            _print(f"\n{_measured(name, options)}")
        except (StackError, AssertionError, OSError) as error:
            failed = True
            _tell(f"{name}: could not be measured: {error}")
        _tell(f"{name}: measured in {time.monotonic() - begun:.0f} s")
    return int(failed)


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


def _measured(name: str, options: argparse.Namespace) -> str:
    if name in MEASUREMENTS:
        return MEASUREMENTS[name](quick=options.quick, on_sqlite=options.sqlite, tell=_tell)
    load = LOADS[name].quick() if options.quick else LOADS[name]
    runs = duels.duel(load, options.peers, options.rounds, on_sqlite=options.sqlite, tell=_tell)
    head = f"**{load.name}**: {load.title}, bound {load.bound_seconds:.1f} s ({load.bound})"
    return f"{head}\n\n{table(HEADS, [_row(load, run, runs) for run in runs])}"


def _row(load: Load, run: Run, runs: Sequence[Run]) -> tuple[str, ...]:
    peer = [one.seconds for one in runs if one.who == "fast_bitrix24" and one.is_complete and one.seconds]
    comparable = run.is_complete and run.share == 1 and run.seconds is not None
    return (
        load.name,
        run.who,
        run.told_seconds,
        f"{run.seconds / load.bound_seconds:.2f}"
        if comparable and run.seconds and load.bound_seconds
        else "–",
        f"{run.seconds / min(peer):.2f}" if comparable and run.seconds and peer else "–",
        str(run.limit_errors),
        f"{run.finished:,} of {run.asked:,}",
        run.told_notes,
    )


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
