"""Whose turn it is: whatever comes when, shares stay even and nobody starves."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bxapp.terminations.engine.fairness import (
    HEAD_START_SECONDS,
    LONGEST_WAITING_EVERY,
    QUANTUM,
    OpenJob,
    Standing,
    Turn,
    after_turn,
    next_job,
    next_turn,
)

LARGEST_BATCH = 50


def test_who_has_waited_longest_is_next() -> None:
    waiting = [Standing(1, 5.0, is_new=False), Standing(2, 4.0, is_new=False)]

    assert next_turn(waiting, 9.0) == Turn(2, QUANTUM, ())


def test_three_workflows_of_another_portal_go_before_portals_that_have_just_been_served() -> None:
    served = [Standing(number, 10.0 - number / 100, is_new=False) for number in range(1, 20)]
    small = Standing(99, 10.1)

    turn = next_turn([*served, small], 10.2)

    assert turn is not None
    assert turn.portal_id == 99


def test_who_has_waited_more_than_a_second_longer_is_not_overtaken() -> None:
    turn = next_turn([Standing(1, 5.0, is_new=False), Standing(2, 6.1)], 7.0)

    assert turn is not None
    assert turn.portal_id == 1


def test_who_has_taken_more_than_its_share_sits_out_until_it_is_paid() -> None:
    standing = after_turn(Standing(1, 0.0), Turn(1, 10, ()), used=10 + QUANTUM, now=1.0)
    other = Standing(2, 2.0, is_new=False)

    turn = next_turn([standing, other], 3.0)

    assert turn == Turn(2, QUANTUM, (Standing(1, 3.0, credit=0, is_new=False),))


def test_when_all_are_in_debt_the_rounds_that_nobody_can_use_are_gone_through_at_once() -> None:
    poor = Standing(1, 0.0, credit=-3 * QUANTUM, is_new=False)
    poorer = Standing(2, 1.0, credit=-5 * QUANTUM, is_new=False)

    turn = next_turn([poor, poorer], 3.0)

    assert turn == Turn(1, QUANTUM, (Standing(2, 1.0, credit=-2 * QUANTUM, is_new=False),))


def test_credit_is_not_saved() -> None:
    assert after_turn(Standing(1, 0.0), Turn(1, QUANTUM, ()), used=1, now=1.0).credit == 0


def test_what_was_taken_while_nobody_waited_is_not_held_against_a_portal() -> None:
    assert after_turn(Standing(1, 0.0), Turn(1, QUANTUM, ()), used=100_000, now=1.0).credit == -QUANTUM


def test_without_anybody_waiting_there_is_no_turn() -> None:
    assert next_turn([], 0.0) is None
    assert next_job([], 0) is None


def test_a_small_job_overtakes_a_big_one() -> None:
    big, small = OpenJob(1, 10_000, waits_since=0.0), OpenJob(2, 1, waits_since=5.0)

    assert next_job([big, small], 0) == small


def test_every_fourth_request_is_for_the_job_that_has_waited_longest() -> None:
    big, small = OpenJob(1, 10_000, waits_since=0.0), OpenJob(2, 1, waits_since=5.0)

    chosen = [next_job([big, small], number) for number in range(8)]

    assert chosen == [small, small, small, big] * 2


@dataclass
class _Portal:
    standing: Standing
    left: int
    # What each other took while this one had waited for more than the head start.
    overtaken_by: dict[int, int] = field(default_factory=dict)
    # The same since both have had work without a break.
    taken: int = 0


class PortalsTakeTurns(RuleBasedStateMachine):
    """Portals get work and are served, in any order, with batches larger than what they may take."""

    def __init__(self) -> None:
        super().__init__()
        self.portals: dict[int, _Portal] = {}
        self.now = 0.0

    @rule(portal_id=st.integers(1, 6), workflows=st.integers(1, 5000), seconds=st.floats(0.001, 5))
    def get_work(self, portal_id: int, workflows: int, seconds: float) -> None:
        self.now += seconds
        if portal_id in self.portals:
            self.portals[portal_id].left += workflows
            return
        self.portals[portal_id] = _Portal(Standing(portal_id, self.now), workflows)
        for portal in self.portals.values():
            portal.taken = 0

    @precondition(lambda self: self.portals)
    @rule(beyond=st.integers(0, LARGEST_BATCH - 1), seconds=st.floats(0.001, 0.5))
    def serve(self, beyond: int, seconds: float) -> None:
        turn = next_turn([portal.standing for portal in self.portals.values()], self.now)
        assert turn is not None
        assert turn.workflows > 0
        for standing in turn.standings:
            self.portals[standing.portal_id].standing = standing
        portal = self.portals[turn.portal_id]
        begun = self.now
        used = min(portal.left, turn.workflows + beyond)
        self.now += seconds
        portal.standing = after_turn(portal.standing, turn, used, self.now)
        portal.left -= used
        portal.taken += used
        portal.overtaken_by.clear()
        for other in self.portals.values():
            if other is not portal and begun - other.standing.waits_since > HEAD_START_SECONDS:
                before = other.overtaken_by.get(turn.portal_id, 0)
                other.overtaken_by[turn.portal_id] = before + used
        if not portal.left:
            del self.portals[turn.portal_id]
            for other in self.portals.values():
                other.taken = 0

    @invariant()
    def no_other_takes_more_than_two_turns_while_one_waits(self) -> None:
        # Its own turn, and one more while this one pays a debt.
        for portal in self.portals.values():
            assert all(taken <= 2 * (QUANTUM + LARGEST_BATCH) for taken in portal.overtaken_by.values())

    @invariant()
    def those_that_have_work_get_the_same(self) -> None:
        taken = [portal.taken for portal in self.portals.values()]
        assert max(taken, default=0) - min(taken, default=0) <= 4 * (QUANTUM + LARGEST_BATCH)


class JobsTakeRequests(RuleBasedStateMachine):
    """One portal's jobs: small ones come all the time, and the big one goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[int, OpenJob] = {}
        # Since it last had a request: how many others were had, and how many jobs stood before it then.
        self.overtaken: dict[int, int] = {}
        self.ahead: dict[int, int] = {}
        self.requests = 0
        self.next_id = 1

    @rule(workflows=st.integers(1, 1000))
    def queue(self, workflows: int) -> None:
        self.jobs[self.next_id] = OpenJob(self.next_id, workflows, float(self.requests))
        self.overtaken[self.next_id], self.ahead[self.next_id] = 0, len(self.jobs) - 1
        self.next_id += 1

    @precondition(lambda self: self.jobs)
    @rule(size=st.integers(1, 50))
    def send(self, size: int) -> None:
        job = next_job(self.jobs.values(), self.requests)
        assert job is not None
        smaller = [other for other in self.jobs.values() if other.remaining < job.remaining]
        assert not smaller or self.requests % LONGEST_WAITING_EVERY == LONGEST_WAITING_EVERY - 1
        self.requests += 1
        for job_id in self.overtaken:
            self.overtaken[job_id] += 1
        self.overtaken[job.job_id], self.ahead[job.job_id] = 0, len(self.jobs) - 1
        if job.remaining <= size:
            del self.jobs[job.job_id], self.overtaken[job.job_id]
        else:
            self.jobs[job.job_id] = OpenJob(job.job_id, job.remaining - size, float(self.requests))

    @invariant()
    def no_job_starves(self) -> None:
        # Each fourth request goes to one that has waited at least as long, and then stands behind.
        for job_id, overtaken in self.overtaken.items():
            assert overtaken <= LONGEST_WAITING_EVERY * (self.ahead[job_id] + 1)


TestPortalsTakeTurns = PortalsTakeTurns.TestCase
TestPortalsTakeTurns.settings = settings(max_examples=50, stateful_step_count=60, deadline=None)
TestJobsTakeRequests = JobsTakeRequests.TestCase
TestJobsTakeRequests.settings = settings(max_examples=50, stateful_step_count=60, deadline=None)
