"""Redis loses all, and a process that never worked for the portal goes on: both limits still hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix.limits import Reservation, Spent
from bxapp.bitrix.methods.terminating import METHOD
from bxapp.journal import writing
from bxapp.journal.models import JournalEntry
from bxapp.portals.past_requests import limits_execution_time, requests_within
from bxapp.terminations.models import Item
from bxapp.terminations.pace.permits import Permits
from tests.limits import flush_limits, forget_limits

if TYPE_CHECKING:
    from tests.terminations.scene import Scene


def test_the_journal_tells_what_the_portal_was_asked(scene: Scene) -> None:
    portal = scene.actor.portal
    before = requests_within(portal.domain, 30)
    scene.finish(scene.queue(scene.add(3)))
    writing.write()

    assert requests_within(portal.domain, 30) > before
    assert requests_within("elsewhere.bitrix24.com", 30) == 0
    scene.let_time_pass()
    assert requests_within(portal.domain, 30) == 0


def test_a_portal_in_use_is_not_given_another_burst(scene: Scene) -> None:
    """As another slot of the same worker finds it, or one that a deploy starts together with Redis."""
    scene.finish(scene.queue(scene.add(6)))

    forget_limits()

    permits = Permits(scene.actor.portal)
    assert permits.requests(45) == 0
    assert permits.wait_seconds > 0


def test_what_was_called_lately_is_taken_off_the_budget(scene: Scene) -> None:
    scene.sandbox.settings(operating_limited=True)
    scene.finish(scene.queue(scene.add(4)))
    writing.write()

    forget_limits()

    # Ten calls of 48 s are the whole budget.
    first, second = Permits(scene.actor.portal).reserve([10, 1], 48.0, at_once=False)
    assert isinstance(first, Reservation)
    assert first.calls == 10 - 4
    assert isinstance(second, Spent)


def test_nothing_is_taken_off_where_the_last_answer_told_no_execution_time(scene: Scene) -> None:
    scene.sandbox.settings(operating_limited=True)
    scene.finish(scene.queue(scene.add(1)))
    scene.sandbox.settings(operating_limited=False)
    scene.finish(scene.queue(scene.add(4)))
    writing.write()

    forget_limits()

    (reservation,) = Permits(scene.actor.portal).reserve([10], 48.0, at_once=False)
    assert isinstance(reservation, Reservation)
    assert reservation.calls == 10


def test_what_failed_does_not_tell_that_nothing_is_limited(scene: Scene) -> None:
    scene.sandbox.settings(operating_limited=True)
    scene.finish(scene.queue(scene.add(4)))
    writing.write()
    told = JournalEntry.objects.filter(operating_seconds__isnull=False).latest("at")
    # A batch of which all was refused: what is refused has no stamps.
    refused = {"method": "batch", "commands": {METHOD: 2}, "failed": 2, "operating_seconds": None}
    told.pk = None
    for name, value in (refused | {"at": timezone.now()}).items():
        setattr(told, name, value)
    told.save()

    assert limits_execution_time(told.member_id, METHOD, 3600)

    told.failed = 1
    told.save()
    assert not limits_execution_time(told.member_id, METHOD, 3600)

    # As where the answer was no JSON, or an error under a status of success.
    told.method, told.commands, told.failed, told.error = METHOD, {}, 0, "Unheard"
    told.save()
    assert limits_execution_time(told.member_id, METHOD, 3600)


def test_who_takes_the_turn_again_counts_what_others_called_meanwhile(scene: Scene) -> None:
    scene.sandbox.settings(operating_limited=True)
    scene.finish(scene.queue(scene.add(4)))

    flush_limits()

    # What this process knows is whole, but whoever had the turn since may have sent those four.
    (reservation,) = Permits(scene.actor.portal).reserve([10], 48.0, at_once=False)
    assert isinstance(reservation, Reservation)
    assert reservation.calls == 10 - 4


def test_a_portal_that_nobody_has_called_lately_begins_at_full_speed(scene: Scene) -> None:
    scene.finish(scene.queue(scene.add(6)))

    scene.let_time_pass()
    Item.objects.update(sent_at=None)

    permits = Permits(scene.actor.portal)
    assert permits.requests(60) == 45
    (reserved,) = permits.reserve([10], 48.0, at_once=False)
    assert isinstance(reserved, Reservation)
    assert reserved.calls == 10
