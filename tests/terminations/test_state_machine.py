"""Whatever people, the portal and time do, in any order: states follow as ``states.py`` says."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bxapp.audit.models import AuditEntry
from bxapp.terminations.jobs.cancelling import cancel
from bxapp.terminations.jobs.pausing import go_on, pause
from bxapp.terminations.jobs.queueing import queue
from bxapp.terminations.jobs.retrying import failed_of
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import (
    AMENDMENTS,
    ITEM_TRANSITIONS,
    JOB_TRANSITIONS,
    ItemState,
    JobState,
    Outcome,
    Reason,
    State,
    Transitions,
)

if TYPE_CHECKING:
    from hypothesis.stateful import MultipleResults

    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"
KINDS = ("normal", "hung", "corrupt", "halfway", "title_refused", "php_failure")
FAULTS = ("cut_before", "cut_after", "http500", "http502", "empty", "limit", "portal_deleted", "operating")


class AnythingHappens(RuleBasedStateMachine):
    """One portal with some workflows; jobs are confirmed, held, ended and worked on in any order."""

    scene: Scene
    workflows: Bundle[str] = Bundle("workflows")
    jobs: Bundle[int] = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.own: list[int] = []
        self.job_states: dict[int, str] = {}
        self.item_states: dict[int, tuple[str, str, str]] = {}

    # --- what people do ----------------------------------------------------------------------------------

    @initialize(target=workflows, kinds=st.lists(st.sampled_from(KINDS), min_size=2, max_size=6))
    def begin(self, kinds: list[str]) -> MultipleResults[str]:
        return multiple(*(self.scene.add(behaviour=kind)[0] for kind in kinds))

    @rule(target=jobs, chosen=st.sets(workflows, min_size=1, max_size=6))
    def confirm(self, chosen: set[str]) -> int:
        # A message of its own for every job: the portal's record then tells whose call it was.
        job = self.scene.queue(sorted(chosen), f"Stopped {len(self.own)}")
        self.own.append(job.pk)
        return job.pk

    @rule(job_id=jobs)
    def pause(self, job_id: int) -> None:
        pause(self.scene.actor, job_id)

    @rule(job_id=jobs)
    def go_on(self, job_id: int) -> None:
        go_on(self.scene.actor, job_id)

    @rule(job_id=consumes(jobs))
    def cancel(self, job_id: int) -> None:
        cancel(self.scene.actor, job_id)

    @rule(target=jobs, job_id=jobs)
    def try_failed_ones_again(self, job_id: int) -> int | MultipleResults[int]:
        failed = failed_of(Job.objects.get(pk=job_id))
        if not failed:
            return multiple()
        job = queue(self.scene.actor, failed, f"Once more {len(self.own)}", f"again-{job_id}-{len(self.own)}")
        self.own.append(job.pk)
        return job.pk

    # --- what the portal and time do ---------------------------------------------------------------------

    @rule(workflow_id=workflows)
    def end_by_itself(self, workflow_id: str) -> None:
        self.scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", end=0)

    @rule(workflow_id=workflows)
    def be_executed_for_a_moment(self, workflow_id: str) -> None:
        self.scene.sandbox.control("POST", f"/portals/1/workflows/{workflow_id}", resume=0.2)

    @rule(kind=st.sampled_from(FAULTS), method=st.sampled_from(("", TERMINATE)))
    def fail_once(self, kind: str, method: str) -> None:
        self.scene.sandbox.fault(kind=kind, method=method, times=1)

    @rule(seconds=st.sampled_from((5, 40, 200)))
    def let_time_pass(self, seconds: int) -> None:
        self.scene.let_time_pass(timedelta(seconds=seconds))

    @rule()
    def work(self) -> None:
        self.scene.work()

    # --- what nobody may do ------------------------------------------------------------------------------

    @rule(job_id=jobs, state=st.sampled_from([*JobState]))
    def force_a_job(self, job_id: int, state: JobState) -> None:
        job = Job.objects.get(pk=job_id)
        if state != job.state and state not in JOB_TRANSITIONS[JobState(job.state)]:
            self._is_refused(Job, job_id, {"state": state})

    @rule(job_id=jobs, state=st.sampled_from([*ItemState]), outcome=st.sampled_from([*Outcome]))
    def force_an_item(self, job_id: int, state: ItemState, outcome: Outcome) -> None:
        for item in Item.objects.filter(job_id=job_id):
            if state != item.state and state not in ITEM_TRANSITIONS[ItemState(item.state)]:
                self._is_refused(Item, item.pk, {"state": state})
            amended = AMENDMENTS.get(Outcome(item.outcome)) if item.outcome else frozenset()
            if item.outcome and outcome != item.outcome and (outcome, item.reason) not in (amended or ()):
                self._is_refused(Item, item.pk, {"outcome": outcome})

    @staticmethod
    def _is_refused(model: type[Job] | type[Item], key: int, values: dict[str, str]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            model._default_manager.filter(pk=key).update(**values)

    # --- what always holds -------------------------------------------------------------------------------

    @invariant()
    def states_follow(self) -> None:
        for job in Job.objects.filter(pk__in=self.own):
            before = self.job_states.get(job.pk, JobState.QUEUED)
            assert job.state in _reachable(JOB_TRANSITIONS, JobState(before))
            self.job_states[job.pk] = job.state
        for item in Item.objects.filter(job__in=self.own):
            state, outcome, reason = self.item_states.get(item.pk, (ItemState.QUEUED, "", ""))
            assert item.state in _reachable(ITEM_TRANSITIONS, ItemState(state))
            if outcome:
                kept = (item.outcome, item.reason) == (outcome, reason)
                assert kept or (Outcome(item.outcome), Reason(item.reason)) in AMENDMENTS[Outcome(outcome)]
            self.item_states[item.pk] = (item.state, item.outcome, item.reason)

    @invariant()
    def every_outcome_is_counted_and_told_once(self) -> None:
        for job in Job.objects.filter(pk__in=self.own):
            done = list(job.items.filter(state=ItemState.DONE))
            assert {name: number for name, number in job.counts.items() if number} == Counter(
                item.outcome for item in done
            )
            told = AuditEntry.objects.filter(job_id=job.pk, kind=AuditEntry.Kind.OUTCOME)
            assert sorted(told.values_list("workflow_id", flat=True)) == sorted(
                item.workflow_id for item in done
            )
            assert (job.state == JobState.FINISHED) == (len(done) == job.total)

    def teardown(self) -> None:
        """Let everything come to its end, and compare with the portal's own record."""
        if not self.own:
            return
        self.scene.sandbox.control("DELETE", "/faults")
        for job_id in self.own:
            go_on(self.scene.actor, job_id)
        for job in Job.objects.filter(pk__in=self.own):
            self.scene.finish(job)
        self.states_follow()
        self.every_outcome_is_counted_and_told_once()
        for item in Item.objects.filter(job__in=self.own):
            record = self.scene.record(item.workflow_id)
            match Outcome(item.outcome):
                case Outcome.TERMINATED:
                    assert record["ended_how"] == "terminate" or item.reason == Reason.ANSWER_LOST
                case Outcome.ALREADY_FINISHED:
                    assert record["state"] == "ended"
                case Outcome.FAILED:
                    assert record["behaviour"] in {"corrupt", "php_failure"}
                case Outcome.CANCELLED:
                    own = [call["result"] for call in record["calls"] if call["title"] == item.message]
                    assert "stopped" not in own


def _reachable(transitions: Transitions[State], first: State) -> set[State]:
    """Return the states that a number of transitions, or none, lead to."""
    found, fresh = {first}, {first}
    while fresh:
        fresh = {after for before in fresh for after in transitions[before]} - found
        found |= fresh
    return found


@pytest.mark.timeout(600)
def test_anything_may_happen_in_any_order(scene: Scene) -> None:
    class Here(AnythingHappens):
        pass

    Here.scene = scene
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            # Without making a failure smaller: each example takes seconds.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
