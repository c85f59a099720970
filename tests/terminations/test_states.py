"""The state machines: drawn as they are, and held by the database."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from bxapp.terminations import drawing, guards, states
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import ItemState, JobState, Outcome, Reason
from tests.terminations.rows import item_fields, job_fields, new_grant, new_item, new_job, way_to

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("database")


def refusal(write: Callable[[], Any]) -> str:
    """Return with what words the database refuses something; nothing of it stays either way."""
    try:
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
    except IntegrityError as error:
        return str(error).splitlines()[0]
    return ""


def job_in(state: JobState) -> Job:
    job = new_job(new_grant())
    for passed in way_to(state, states.FIRST_JOB_STATE, states.JOB_TRANSITIONS):
        Job.objects.filter(pk=job.pk).update(**job_fields(passed))
    return job


def item_in(state: ItemState) -> Item:
    item = new_item(new_job(new_grant()))
    for passed in way_to(state, states.FIRST_ITEM_STATE, states.ITEM_TRANSITIONS):
        Item.objects.filter(pk=item.pk).update(**item_fields(passed))
    return item


def test_every_state_has_its_transitions_and_a_meaning() -> None:
    assert set(states.JOB_TRANSITIONS) == set(states.JOB_MEANINGS) == set(JobState)
    assert set(states.ITEM_TRANSITIONS) == set(states.ITEM_MEANINGS) == set(ItemState)


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    page = (settings.BASE_DIR / "docs" / "states.md").read_text(encoding="utf-8")

    assert page == drawing.page(), "Run manage.py draw_states."


@pytest.mark.parametrize(("before", "after"), [*product(JobState, JobState)])
def test_which_job_state_may_follow_which(before: JobState, after: JobState) -> None:
    job = job_in(before)

    refused = refusal(lambda: Job.objects.filter(pk=job.pk).update(**job_fields(after)))

    is_legal = before == after or after in states.JOB_TRANSITIONS[before]
    assert refused == ("" if is_legal else "This job state may not follow that one.")


@pytest.mark.parametrize(("before", "after"), [*product(ItemState, ItemState)])
def test_which_item_state_may_follow_which(before: ItemState, after: ItemState) -> None:
    item = item_in(before)

    refused = refusal(lambda: Item.objects.filter(pk=item.pk).update(**item_fields(after)))

    is_legal = before == after or after in states.ITEM_TRANSITIONS[before]
    assert refused == ("" if is_legal else "This item state may not follow that one.")


@pytest.mark.parametrize("state", [state for state in JobState if state != states.FIRST_JOB_STATE])
def test_a_job_begins_in_its_first_state(state: JobState) -> None:
    grant = new_grant()

    assert refusal(lambda: new_job(grant, **job_fields(state))) == "A new job is queued."


@pytest.mark.parametrize("state", [state for state in ItemState if state != states.FIRST_ITEM_STATE])
def test_an_item_begins_in_its_first_state(state: ItemState) -> None:
    job = new_job(new_grant())

    assert refusal(lambda: new_item(job, **item_fields(state))) == "A new item is queued."


@pytest.mark.parametrize("before", Outcome)
def test_an_outcome_stays_but_for_what_came_back(before: Outcome) -> None:
    item = new_item(new_job(new_grant()))
    own = Item.objects.filter(pk=item.pk)
    own.update(**{**item_fields(ItemState.DONE), "outcome": before})

    refusals = {
        (outcome, reason): refusal(partial(own.update, outcome=outcome, reason=reason))
        for outcome, reason in product(Outcome, Reason)
    }

    let_through = {change for change, refused in refusals.items() if not refused}
    assert let_through == {(before, Reason.NONE), *states.AMENDMENTS.get(before, ())}
    assert set(refusals.values()) == {"", "The outcome of an item that is done stays as it is."}


def test_the_guards_are_those_of_the_states() -> None:
    wanted = {(guard.name, guard.table, guard.digest) for guard in guards.guards()}

    assert guards.installed(connection) == wanted


def test_a_guard_that_was_lost_is_put_back_with_the_next_migrate() -> None:
    name, table, _ = min(guards.installed(connection))
    on_table = "" if connection.vendor == "sqlite" else f" ON {table}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on_table}")
    assert len(guards.installed(connection)) == len(guards.guards()) - 1

    call_command("migrate", verbosity=0)

    assert len(guards.installed(connection)) == len(guards.guards())


def test_guards_of_other_states_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = {**states.JOB_TRANSITIONS, JobState.QUEUED: {}}
    monkeypatch.setattr(states, "JOB_TRANSITIONS", fewer)
    guards.ensure()
    job = new_job(new_grant())

    refused = refusal(lambda: Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING))

    assert refused == "This job state may not follow that one."
