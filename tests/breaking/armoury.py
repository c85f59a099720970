"""What may go wrong, how often, and how hard: blows drawn by chance, each for a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.breaking.battlefield import CLOCKS, WORKERS
from tests.breaking.blows import (
    DoubleMessages,
    DropDatabase,
    FlushRedis,
    FreezeWorker,
    KillBeat,
    KillRedis,
    KillWeb,
    KillWorker,
    LoseMessages,
    PauseRedis,
    PowerFailure,
    SetClock,
)
from tests.breaking.blows_on_portals import (
    ClosePortal,
    EndSome,
    ExpireTokens,
    MovePortal,
    PortalFault,
    ResumeSome,
    RevokeTokens,
    TakeRights,
)
from tests.breaking.murder import Victim

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from tests.breaking.blows import Blow
    from tests.breaking.plan import JobPlan, PortalPlan

    Draw = Callable[[random.Random, Sequence[PortalPlan], Sequence[JobPlan]], list[Blow]]

_AFTER_CONFIRMATION = (0.0, 3.5)
_TERMINATE = "bizproc.workflow.terminate"
_LISTING = "bizproc.workflow.instances"
_MINUTE = 60.0
_SHAPES = ("html", "truncated", "null", "list", "result_null", "batch_results_null", "batch_command_lost")
_NO_LISTS = ("lists_wrapped", "lists_refused", "lists_of_null", "lists_empty_object")
# A lease is 20 s: frozen for longer, a worker wakes up when another has taken over.
_LONG_FREEZE = (22.0, 28.0)


def draw_blow(chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]) -> list[Blow]:
    """Return one thing that goes wrong, which may be several blows."""
    draws, weights = zip(*_DRAWS, strict=True)
    draw: Draw = chance.choices(draws, weights)[0]
    return draw(chance, portals, jobs)


def draw_clocks(chance: random.Random) -> list[Blow]:
    """Return clocks a minute apart, from the beginning on."""
    wrong_by = chance.choice((-_MINUTE, _MINUTE))
    names = WORKERS if chance.random() < 0.3 else chance.sample(CLOCKS, chance.choice((1, 2)))
    return [SetClock(at=0.0, name=name, wrong_by=wrong_by) for name in names]


def draw_unreadable_lists(
    chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]
) -> list[Blow]:
    """Return some lists that are none, of which nobody may be taken for gone."""
    options = (
        ("seed", chance.randrange(10**6)),
        ("method", _LISTING),
        ("shape", chance.choice(_NO_LISTS)),
        ("probability", 0.5),
    )
    place, at = chance.choice(portals).place, max(0.0, _moment(chance, jobs) - 1.0)
    return [
        PortalFault(
            kind="list unreadable",
            at=at,
            seconds=chance.uniform(4.0, 9.0),
            portal=place,
            fault="wrong_json",
            options=options,
        )
    ]


def _moment(chance: random.Random, jobs: Sequence[JobPlan]) -> float:
    """Return a moment at which a job is probably at work."""
    return chance.choice(jobs).at + chance.uniform(*_AFTER_CONFIRMATION)


def _kill_worker(chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]) -> list[Blow]:
    names = WORKERS if chance.random() < 0.5 else (chance.choice(WORKERS),)
    at, victim = _moment(chance, jobs), chance.choice([*Victim])
    return [
        KillWorker(at=at + chance.uniform(0, 1), seconds=chance.uniform(0, 3), name=name, victim=victim)
        for name in names
    ]


def _kill_part(chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]) -> list[Blow]:
    if chance.random() < 0.15:
        at, seconds = _moment(chance, jobs), chance.uniform(0.5, 5.0)
        return [PowerFailure(at=at, seconds=seconds)]
    kind, name, longest = chance.choice(
        (
            (KillWeb, "web", 3.0),
            (KillBeat, "beat", 15.0),
            (KillRedis, "redis", 5.0),
            (KillRedis, "redis", 5.0),
        )
    )
    return [kind(at=_moment(chance, jobs), seconds=chance.uniform(0.0, longest), name=name)]


def _freeze_worker(
    chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]
) -> list[Blow]:
    seconds = chance.uniform(*(_LONG_FREEZE if chance.random() < 0.7 else (1.0, 6.0)))
    return [FreezeWorker(at=_moment(chance, jobs), seconds=seconds, name=chance.choice(WORKERS))]


def _redis(chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]) -> list[Blow]:
    if chance.random() < 0.5:
        return [FlushRedis(at=_moment(chance, jobs)) for _ in range(chance.choice((1, 3)))]
    return [PauseRedis(at=_moment(chance, jobs), seconds=chance.uniform(1.0, 8.0), name="redis")]


def _database(chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]) -> list[Blow]:
    return [
        DropDatabase(at=_moment(chance, jobs), seconds=chance.uniform(0.2, 4.0))
        for _ in range(chance.choice((1, 3)))
    ]


def _messages(chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]) -> list[Blow]:
    at, seconds, seed = chance.uniform(0.0, 2.0), chance.uniform(3.0, 8.0), chance.randrange(10**6)
    if chance.random() < 0.5:
        return [LoseMessages(at=at, seconds=seconds, lost=1.0, seed=seed)]
    return [DoubleMessages(at=at, seconds=seconds, lost=0.1, seed=seed)]


def _portal_answers(
    chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]
) -> list[Blow]:
    """One request, or a share of all for a while, ends badly."""
    seed = chance.randrange(10**6)
    kind, fault, extra = chance.choice(
        (
            ("portal slow", "slow", (("seconds", chance.choice((1.0, 4.0, 12.0))),)),
            ("portal slow", "slow_after", (("seconds", chance.choice((1.0, 4.0, 12.0))),)),
            ("portal 500", "http500", (("after_work", chance.random() < 0.5),)),
            ("portal HTML", "http502", (("after_work", chance.random() < 0.5),)),
            ("portal HTML", "wrong_json", (("shape", chance.choice(_SHAPES)),)),
            ("portal HTML", "empty", (("after_work", chance.random() < 0.5),)),
            ("cut before the work", "cut_before", ()),
            ("cut after the work", "cut_after", ()),
            ("cut after the work", "cut_after", ()),
            ("503", "limit", ()),
            ("429", "operating", ()),
            ("token revoked", "token_revoked", (("times", 1),)),
            ("302", "redirect", ()),
        )
    )
    options: list[tuple[str, object]] = [("seed", seed), *extra]
    if chance.random() < 0.5 or fault in {"operating", "token_revoked"}:
        options += [("method", _TERMINATE), ("skip", chance.choice((0, 0, 1, 2)))]
        if "times" not in dict(extra):
            options.append(("times", chance.choice((1, 1, 2))))
    else:
        options += [("method", chance.choice(("", _TERMINATE, _LISTING))), ("probability", 0.3)]
    place = chance.choice(portals).place
    at, seconds = max(0.0, _moment(chance, jobs) - 1.0), chance.uniform(4.0, 9.0)
    return [PortalFault(kind=kind, at=at, seconds=seconds, portal=place, fault=fault, options=tuple(options))]


def _portal_itself(
    chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]
) -> list[Blow]:
    job = chance.choice(jobs)
    at, seconds = _moment(chance, jobs), chance.uniform(1.0, 5.0)
    match chance.randrange(6):
        case 0:
            return [MovePortal(at=at, portal=job.portal)]
        case 1:
            return [ClosePortal(at=at, seconds=seconds, portal=job.portal)]
        case 2:
            return [TakeRights(at=at, seconds=seconds, portal=job.portal, user_id=job.user_id)]
        case 3:
            return [RevokeTokens(at=at, seconds=seconds, portal=job.portal, user_id=job.user_id)]
    return [ExpireTokens(at=at, portal=job.portal)]


def _authorization(
    chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]
) -> list[Blow]:
    """Tokens run out, and the authorization server fails in that moment."""
    place, at = chance.choice(jobs).portal, _moment(chance, jobs)
    fault = chance.choice(("http500", "cut_before", "cut_after", "slow"))
    options = (("server", "authorization"), ("method", "oauth/token"), ("times", chance.choice((1, 3))))
    return [
        PortalFault(kind="token expired", at=at, seconds=5.0, portal=place, fault=fault, options=options),
        ExpireTokens(at=at + 0.01, portal=place),
    ]


def _life(chance: random.Random, portals: Sequence[PortalPlan], jobs: Sequence[JobPlan]) -> list[Blow]:
    job = chance.choice(jobs)
    blows: list[Blow] = []
    for _ in range(chance.choice((1, 2, 4))):
        places = tuple(chance.sample(job.chosen, max(1, len(job.chosen) // 8)))
        at = job.at + chance.uniform(0.0, 3.0)
        if chance.random() < 0.5:
            blows.append(EndSome(at=at, portal=job.portal, places=places))
        else:
            executing = chance.uniform(1.0, 4.0)
            blows.append(ResumeSome(at=at, portal=job.portal, places=places, executing=executing))
    return blows


_DRAWS: tuple[tuple[Draw, float], ...] = (
    (_kill_worker, 4),
    (_kill_part, 3),
    (_freeze_worker, 2),
    (_redis, 2),
    (_database, 2),
    (_messages, 2),
    (_portal_answers, 7),
    (_portal_itself, 3),
    (_authorization, 1),
    (_life, 3),
)
