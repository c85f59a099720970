"""Many at once: twenty portals with four workers, and single terminates beside a job of ten thousand."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.bench import contest
from tests.bench.figures import Run, Table, duel_table, limit_errors, percentile
from tests.bench.loads import CLOUD, LOADS, Load
from tests.bench.stage import SLOTS, staged
from tests.bench.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.contest import Confirmation
    from tests.visitor import Visitor

WORKERS = 4
# How long a single terminate is waited for, and how often someone wants one.
_SINGLE_WITHIN_SECONDS = 15.0
_SINGLE_EVERY_SECONDS = 1.0


def twenty_portals(*, quick: bool, on_sqlite: bool, tell: Callable[[str], None]) -> Table:
    """Measure the same job in one portal and in many at once; return the table."""
    portals = 3 if quick else 20
    load = Load("portals", 60 if quick else 300, 0.1 if quick else 1.0, "flight", CLOUD, 180.0)
    with staged(portals=portals + 1, workers=WORKERS, on_sqlite=on_sqlite) as (stage, watch):
        # One after the other: laying out is not measured, and the machine has few cores.
        people = [contest.administrator(stage, number) for number in range(1, portals + 2)]
        laid_out = [contest.lay_out(load, visitor) for visitor in people]
        confirmations = [confirmation for _, confirmation in laid_out]
        alone = contest.confirm(watch, confirmations[:1], load.limit_seconds)
        people[0].control.forget_requests()
        together = None
        if alone is not None:
            together = contest.confirm(watch, confirmations[1:], load.limit_seconds)
        refused = limit_errors(people[0].control.requests())
        counts = [
            contest.finished(visitor.control, ids) for visitor, (ids, _) in zip(people, laid_out, strict=True)
        ]
    runs = [
        Run("Flowstop, one alone", alone, load.count, counts[0], 0),
        Run("Flowstop, all together", together, portals * load.count, sum(counts[1:]), refused),
    ]
    if alone and together:
        runs[1] = replace(runs[1], notes=[f"{together / alone:.2f} × one alone"])
    for run in runs:
        tell(f"portals: {run.who}: {run.told_seconds}, {run.finished}/{run.asked}. {run.told_notes}")
    name = f"{portals} portals × {load.title}, {WORKERS} workers of {SLOTS} slots"
    return duel_table(name, load.bound_seconds, runs)


@dataclass(slots=True)
class _Singles:
    """Someone stops one workflow, again and again, in one portal."""

    where: str
    prepared: list[Confirmation]
    waits: list[float] = field(default_factory=list)
    lost: int = 0

    def stop_one(self, watch: Watch) -> None:
        wait = contest.confirm(watch, [self.prepared.pop()], _SINGLE_WITHIN_SECONDS)
        if wait is None:
            self.lost += 1
        else:
            self.waits.append(wait)

    def row(self, big_job: str) -> tuple[str, ...]:
        # One that had no outcome in time counts as the longest wait.
        waits = [*self.waits, *[_SINGLE_WITHIN_SECONDS] * self.lost]
        return (
            f"one terminate, {self.where} {big_job}",
            str(len(waits)),
            *(f"{percentile(waits, share):.2f} s" for share in (0.5, 0.95, 1.0)),
            str(self.lost),
        )


def singles(*, quick: bool, on_sqlite: bool, tell: Callable[[str], None]) -> Table:
    """Stop single workflows while a big job runs, in its portal and in another by turns; return the table."""
    load = LOADS["cloud-5ms"].quick() if quick else LOADS["cloud-5ms"]
    with staged(portals=2, on_sqlite=on_sqlite) as (stage, watch), Watch(stage.database_url) as second_watch:
        here, there = contest.administrator(stage, 1), contest.administrator(stage, 2)
        repetitions = 2 if quick else 60
        places = [
            _Singles("in the same portal as the", _prepared(here, repetitions)),
            _Singles("in another portal beside the", _prepared(there, repetitions)),
        ]
        there.control.change_settings(**load.portal_settings)
        _, big = contest.lay_out(load, here)
        with ThreadPoolExecutor(1) as person:
            sent = person.submit(contest.confirm, second_watch, [big], load.limit_seconds)
            time.sleep(0.0 if quick else 2.0)
            _alternate(places, watch, until=sent.done, quick=quick)
            seconds = sent.result()
    tell(
        f"singles: the big job took {_told(seconds)}; " + "; ".join(" ".join(one.row("it")) for one in places)
    )
    heads = (
        "what",
        "repetitions",
        "median",
        "p95",
        "longest",
        f"without outcome in {_SINGLE_WITHIN_SECONDS:.0f} s",
    )
    return Table(heads, [one.row(f"job of {load.title}, done in {_told(seconds)}") for one in places])


def _alternate(places: Sequence[_Singles], watch: Watch, *, until: Callable[[], bool], quick: bool) -> None:
    while all(place.prepared for place in places) and (quick or not until()):
        for place in places:
            begun = time.monotonic()
            place.stop_one(watch)
            if not quick:
                time.sleep(max(0.0, _SINGLE_EVERY_SECONDS - (time.monotonic() - begun)))


def _prepared(visitor: Visitor, repetitions: int) -> list[Confirmation]:
    ids = contest.add_workflows(visitor.control, repetitions)
    return [contest.prepare(visitor, {"selected": [row]}, 1) for row in contest.ticked(visitor, ids)]


def _told(seconds: float | None) -> str:
    return "unfinished" if seconds is None else f"{seconds:,.2f} s"
