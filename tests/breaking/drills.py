"""Plans made by hand, under negative numbers: where chance alone would seldom bring the moment about."""

from __future__ import annotations

from tests.breaking.blows import FreezeWorker, KillWorker
from tests.breaking.murder import Victim
from tests.breaking.plan import JobPlan, Plan, PortalPlan

# Twenty seconds of work: the successor must not have finished when the frozen one wakes up, for the database
# takes no more outcomes than a job has workflows.
_WORKFLOWS = 1000


def frozen_holder(number: int) -> Plan:
    """The only worker is frozen with a volley under way; the other one comes and takes over; it wakes up.

    What it finds then are answers to calls of which its successor has told the outcomes.
    """
    settings = {"terminate_seconds": 1.0, "executing_seconds": 2.0, "life_rate_per_second": 0.0}
    return Plan(
        number,
        (PortalPlan(1, settings, {"normal": _WORKFLOWS}),),
        (JobPlan(1, 1, 1, tuple(range(_WORKFLOWS)), "Stopped while its worker was frozen", 2.0),),
        (
            KillWorker(at=0.1, seconds=6.0, name="worker2", victim=Victim.EVERYTHING),
            # A lease is 20 s, and a portal's answers wait in the sockets meanwhile.
            FreezeWorker(at=4.0, seconds=31.0, name="worker"),
        ),
    )


DRILLS = {number: drill(number) for number, drill in ((-1, frozen_holder),)}
