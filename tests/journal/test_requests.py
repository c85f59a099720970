"""Each HTTP request is one row, whatever came of it; and no row, nor anything else, holds a secret."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings

from bxapp.bitrix.errors import Unheard
from bxapp.bitrix.methods import profile, stop
from bxapp.journal import writing
from bxapp.journal.models import JournalEntry
from bxapp.portals.grants import client_for
from bxapp.portals.models import AccessGrant
from tests.journal.conftest import shown

if TYPE_CHECKING:
    from tests.terminations.scene import Scene

TERMINATE = "bizproc.workflow.terminate"


def _asked(scene: Scene) -> list[str]:
    """Return the methods of every HTTP request that the sandbox itself has seen, in order."""
    return [_name(one["method"]) for one in scene.sandbox.asked()]


def _name(method: str) -> str:
    return method.rsplit("/", 1)[-1]


def _written() -> list[JournalEntry]:
    writing.write()
    return list(JournalEntry.objects.order_by("at"))


def _fresh_grant() -> AccessGrant:
    return AccessGrant.objects.select_related("portal").get()


def test_a_job_leaves_one_row_for_each_request(scene: Scene) -> None:
    job = scene.finish(scene.queue(scene.add(120)))

    rows = _written()
    # Several requests are under way at once, so the two records may differ in their order.
    assert Counter(_name(row.method) for row in rows) == Counter(_asked(scene))
    of_job = [row for row in rows if row.job_id == job.pk]
    alone = sum(row.method == TERMINATE for row in of_job)
    assert alone + sum(row.commands.get(TERMINATE, 0) for row in of_job) == 120
    assert {row.member_id for row in rows} == {scene.sandbox.member_id()}
    assert all(row.status == 200 and not row.error and row.attempt == 1 for row in rows)


def test_a_batch_says_what_its_commands_share_once(scene: Scene) -> None:
    ids = scene.add(3)
    stop(client_for(_fresh_grant()), dict.fromkeys(ids, "Stopped for Greta"))

    (batch,) = [row for row in _written() if TERMINATE in row.commands]
    assert batch.params["commands"] == [
        {
            "method": TERMINATE,
            "count": 3,
            "params": {"STATUS": "Stopped for Greta"},
            "each": {"ID": ids},
        }
    ]
    assert batch.answer == {"answered": 3}


def test_a_renewed_token_shows_as_three_rows(scene: Scene) -> None:
    scene.sandbox.control("POST", "/portals/1/tokens/expire")
    scene.sandbox.forget()
    writing.write()
    JournalEntry.objects.all().delete()

    profile(client_for(_fresh_grant()))

    refused, renewal, repeated = _written()
    assert (refused.method, refused.attempt, refused.error) == ("profile", 1, "RefreshNeeded")
    assert refused.error_code == "expired_token"
    assert (renewal.method, renewal.params) == ("token", {"grant_type": "refresh_token"})
    assert renewal.member_id == scene.sandbox.member_id()
    assert (repeated.method, repeated.attempt, repeated.error) == ("profile", 2, "")
    assert len(_asked(scene)) == 3


def test_a_moved_portal_shows_as_three_rows(scene: Scene) -> None:
    writing.write()
    JournalEntry.objects.all().delete()
    scene.sandbox.settings(moved=True)
    scene.sandbox.forget()

    profile(client_for(_fresh_grant()))

    redirect, confirmation, repeated = _written()
    assert (redirect.status, redirect.error) == (302, "Redirected")
    assert confirmation.method == "app.info"
    assert (repeated.status, repeated.attempt) == (200, 2)
    assert repeated.server != redirect.server
    assert len(_asked(scene)) == 3


@pytest.mark.parametrize(
    ("fault", "status"), [("http500", 500), ("cut_after", None), ("empty", 200), ("wrong_json", 200)]
)
def test_what_was_not_heard_is_a_row_too(scene: Scene, fault: str, status: int | None) -> None:
    scene.sandbox.fault(kind=fault, method="profile", times=1)

    with pytest.raises(Unheard):
        profile(client_for(_fresh_grant()))

    row = _written()[-1]
    assert (row.method, row.status, row.error) == ("profile", status, "Unheard")
    assert row.error_words


def test_commands_that_failed_are_told_with_their_words(scene: Scene) -> None:
    scene.sandbox.fault(kind="operating", method=TERMINATE, times=1)
    stop(client_for(_fresh_grant(), job_id=7), dict.fromkeys(scene.add(3), "Stopped"))
    writing.write()

    (row,) = shown("--job", "7", "--method", TERMINATE, "--errors")
    assert row["failed"] == 1
    (said,) = row["command_errors"].values()
    assert "OPERATION_TIME_LIMIT" in said


def test_no_token_and_no_secret_is_in_any_row(scene: Scene) -> None:
    scene.finish(scene.queue(scene.add(60)))
    scene.sandbox.control("POST", "/portals/1/tokens/expire")
    profile(client_for(_fresh_grant()))
    scene.sandbox.fault(kind="http500", method="profile", times=1)
    with pytest.raises(Unheard):
        profile(client_for(_fresh_grant()))

    rows = _written()
    written = json.dumps(list(JournalEntry.objects.values()), default=str)
    issued: dict[str, Any] = scene.sandbox.control("GET", "/tokens")
    secrets = [one for kind in issued.values() for one in kind]
    assert len(rows) > 5
    assert len(secrets) >= 4
    for secret in [*secrets, django_settings.BITRIX24_CLIENT_SECRET]:
        assert secret not in written
