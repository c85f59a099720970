"""Jobs and items made by hand, without a portal to ask: for tests of what the database lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.utils import timezone

from bxapp.portals.models import AccessGrant, Portal
from bxapp.terminations.models import Item, Job
from bxapp.terminations.states import Doubt, ItemState, JobState, Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.terminations.states import State


def new_grant() -> AccessGrant:
    """Return the pair of an administrator of a portal that nobody can reach."""
    now = timezone.now()
    portal = Portal.objects.create(
        member_id=uuid4().hex,
        domain="portal.example",
        client_endpoint="https://portal.example/rest/",
        authorization_server="https://oauth.example",
        installed_at=now,
        confirmed_at=now,
    )
    return AccessGrant.objects.create(
        portal=portal,
        user_id=1,
        user_name="Anna Berg",
        is_admin=True,
        expires_at=now,
        renewed_at=now,
        confirmed_at=now,
    )


def new_job(grant: AccessGrant, **fields: Any) -> Job:
    """Return a job of one workflow that has not begun."""
    return Job.objects.create(
        **{
            "portal": grant.portal,
            "grant": grant,
            "installation": grant.portal.installation,
            "created_by_id": grant.user_id,
            "message": "Stopped",
            "idempotency_key": uuid4().hex,
            "total": 1,
            "created_at": timezone.now(),
            **fields,
        }
    )


def new_item(job: Job, **fields: Any) -> Item:
    """Return a workflow of a job whose turn has not come."""
    return Item.objects.create(
        **{"job": job, "portal": job.portal, "position": 0, "workflow_id": uuid4().hex[:32], **fields}
    )


def job_fields(state: JobState) -> dict[str, Any]:
    """Return the columns of a job in a state, as the constraints want them."""
    return {"state": state, "finished_at": timezone.now() if state == JobState.FINISHED else None}


def item_fields(state: ItemState) -> dict[str, Any]:
    """Return the columns of an item in a state, as the constraints want them."""
    is_done = state == ItemState.DONE
    return {
        "state": state,
        "lease": uuid4() if state == ItemState.SENT else None,
        "doubt": Doubt.ANSWER_LOST if state == ItemState.UNSURE else Doubt.NONE,
        "outcome": Outcome.TERMINATED if is_done else "",
        "reason": Reason.NONE,
        "finished_at": timezone.now() if is_done else None,
    }


def way_to(wanted: State, first: State, transitions: Mapping[State, Mapping[State, str]]) -> list[State]:
    """Return the states to pass from the first one to ``wanted``, without the first."""
    ways: dict[State, list[State]] = {first: []}
    for before in transitions:
        for after in transitions[before] if before in ways else {}:
            ways.setdefault(after, [*ways[before], after])
    return ways[wanted]
