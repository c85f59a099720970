"""One load, side by side: the product twice on a portal, then each peer on a fresh portal of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from deploy.stack import ROOT
from tests.bench import contest, peers
from tests.bench.figures import Run, limit_errors
from tests.bench.stage import staged
from tests.control import Control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.bench.loads import Load
    from tests.bench.stage import Stage
    from tests.bench.watch import Watch
    from tests.visitor import Visitor

FIRST = "Flowstop, first job"
NEXT = "Flowstop, next job"
_CLICK_EVERY_SECONDS = 0.2
_GHOSTS_WITHIN_SECONDS = 60.0


def duel(
    load: Load, who: Sequence[str], rounds: int, *, on_sqlite: bool, tell: Callable[[str], None]
) -> list[Run]:
    """Measure a load ``rounds`` times, contestants alternating; each run is told as soon as it is over."""
    runs: list[Run] = []

    def note(run: Run) -> None:
        runs.append(run)
        tell(f"{load.name}: {run.who}: {run.told_seconds}, {run.finished}/{run.asked}. {run.told_notes}")

    with staged(portals=rounds * (1 + len(who)), on_sqlite=on_sqlite, variables=load.product_variables) as (
        stage,
        watch,
    ):
        numbers = count(1)
        for _ in range(rounds):
            visitor = contest.administrator(stage, next(numbers), edition=load.edition)
            note(_product(FIRST, load, stage, watch, visitor))
            if runs[-1].seconds is not None:
                time.sleep(load.rest_seconds)
                note(_product(NEXT, load, stage, watch, visitor))
            for peer in who:
                note(_peer(peer, load, Control(stage, portal=next(numbers))))
            if any(run.seconds is None and run.who in (FIRST, NEXT) for run in runs):
                # A job that is still at work would be in the way of the next round.
                break
    return runs


def _product(who: str, load: Load, stage: Stage, watch: Watch, visitor: Visitor) -> Run:
    ids, confirmation = contest.lay_out(load, visitor)
    control = visitor.control
    control.forget_requests()
    cpu, statements = stage.worker_cpu_seconds(), stage.statements
    with _colleague(load, control) as clicks:
        seconds = contest.confirm(watch, [confirmation], load.limit_seconds)
    refused = limit_errors(control.requests())
    notes: list[str] = []
    if load.tells_cost and seconds is not None:
        watch.await_looked_for_ghosts(_GHOSTS_WITHIN_SECONDS)
        cpu, statements = stage.worker_cpu_seconds() - cpu, stage.statements - statements
        notes.append(
            f"own cost per workflow: {cpu * 1000 / load.count:.2f} ms CPU of the workers, "
            f"{statements / load.count:.3f} database statements"
        )
    return Run(who, seconds, load.count, contest.finished(control, ids), refused, clicks=clicks, notes=notes)


def _peer(who: str, load: Load, control: Control) -> Run:
    share = load.shares.get(who, 1)
    part = replace(load, count=max(1, load.count // share))
    control.change_settings(**part.portal_settings)
    ids = contest.add_workflows(control, part.count)
    control.forget_requests()
    with _colleague(load, control) as clicks:
        end = peers.run(who, control, ids, load.limit_seconds)
    refused = limit_errors(control.requests())
    finished = contest.finished(control, ids)
    return Run(who, end.seconds, part.count, finished, refused, share, end.error, clicks)


@contextmanager
def _colleague(load: Load, control: Control) -> Iterator[list[float]]:
    """Let a colleague click while the block runs, where the load has one; the list is filled at its end."""
    clicks: list[float] = []
    if not load.has_colleague:
        yield clicks
        return
    url = f"{control.portal()['webhooks'][0]}profile"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.colleague", url, str(_CLICK_EVERY_SECONDS)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        # Past its start, so that its clicks are its own time and not that of a starting interpreter.
        time.sleep(1.0)
        try:
            yield clicks
        finally:
            answer, _ = process.communicate("")
            clicks += json.loads(answer)
