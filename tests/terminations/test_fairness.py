"""Whose turn it is: whatever comes when, shares stay even and nobody starves."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bxapp.terminations.fairness import (
    LONGEST_WAITING_EVERY,
    QUANTUM,
    OpenJob,
    Share,
    Waiting,
    next_job,
    next_turn,
    tally_after_turn,
    tally_on_arrival,
)


def test_three_workflows_of_another_portal_are_next_at_once() -> None:
    big, small = Waiting(1, 40_000, since=0.0), Waiting(2, tally_on_arrival(0, [40_000]), since=9.0)

    assert next_turn([big, small]) == Share(1, QUANTUM)
    big = Waiting(1, tally_after_turn(big.tally, QUANTUM), since=10.0)
    assert next_turn([big, small]) == Share(2, QUANTUM)


def test_a_portal_alone_may_take_all() -> None:
    assert next_turn([Waiting(1, 7, since=0.0)]) == Share(1, None)


def test_without_anybody_waiting_there_is_no_turn() -> None:
    assert next_turn([]) is None
    assert next_job([], 0) is None


def test_old_savings_are_not_spent() -> None:
    assert tally_on_arrival(10, [500, 700]) == 500
    assert tally_on_arrival(600, [500, 700]) == 600


def test_old_debts_are_no_more_than_a_turn() -> None:
    assert tally_on_arrival(90_000, [500, 700]) == 500 + QUANTUM


def test_a_small_job_overtakes_a_big_one() -> None:
    big, small = OpenJob(1, 10_000, waits_since=0.0), OpenJob(2, 1, waits_since=5.0)

    assert next_job([big, small], 0) == small


def test_every_fourth_request_is_for_the_job_that_has_waited_longest() -> None:
    big, small = OpenJob(1, 10_000, waits_since=0.0), OpenJob(2, 1, waits_since=5.0)

    chosen = [next_job([big, small], number) for number in range(8)]

    assert chosen == [small, small, small, big] * 2


@dataclass
class _Portal:
    left: int = 0
    tally: int = 0
    since: float = 0.0
    served: int = 0
    # What the others had since this one last had a turn or got work.
    overtaken_by: int = 0


class PortalsTakeTurns(RuleBasedStateMachine):
    """Portals get work and workers serve them, in any order, with batches larger than what they may take."""

    def __init__(self) -> None:
        super().__init__()
        self.portals: dict[int, _Portal] = {}
        self.moment = 0.0

    @rule(portal_id=st.integers(1, 6), workflows=st.integers(1, 5000))
    def get_work(self, portal_id: int, workflows: int) -> None:
        self.moment += 1
        portal = self.portals.setdefault(portal_id, _Portal())
        if not portal.left:
            others = [other.tally for other in self.portals.values() if other.left]
            portal.tally = tally_on_arrival(portal.tally, others)
            portal.since, portal.overtaken_by = self.moment, 0
        portal.left += workflows

    @precondition(lambda self: any(portal.left for portal in self.portals.values()))
    @rule(beyond=st.integers(0, 49))
    def serve(self, beyond: int) -> None:
        self.moment += 1
        share = next_turn(
            Waiting(portal_id, portal.tally, portal.since)
            for portal_id, portal in self.portals.items()
            if portal.left
        )
        assert share is not None
        portal = self.portals[share.portal_id]
        used = portal.left if share.workflows is None else min(portal.left, share.workflows + beyond)
        portal.left -= used
        portal.served += used
        portal.tally = tally_after_turn(portal.tally, used)
        portal.since, portal.overtaken_by = self.moment, 0
        for other in self.portals.values():
            if other is not portal and other.left:
                other.overtaken_by += used

    @invariant()
    def nobody_waits_longer_than_two_turns_of_each_other(self) -> None:
        most = 2 * (QUANTUM + 49) * max(0, len(self.portals) - 1)
        for portal in self.portals.values():
            assert not portal.left or portal.overtaken_by <= most

    @invariant()
    def who_has_work_has_had_no_more_than_two_turns_beyond_another(self) -> None:
        tallies = [portal.tally for portal in self.portals.values() if portal.left]
        assert max(tallies, default=0) - min(tallies, default=0) <= 2 * (QUANTUM + 49)


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
