"""The end of an installation that nobody told of, and a portal that moves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from bxapp.audit.models import AuditEntry
from bxapp.bitrix.errors import BitrixError, NotInstalled, PortalClosed, TokenRefused
from bxapp.bitrix.methods import profile
from bxapp.portals import lifecycle, removal, upkeep
from bxapp.portals.grants import client_for
from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.verification import verify
from bxapp.web.refusals import Refusal

if TYPE_CHECKING:
    from django.test import Client

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal(client: Client, sandbox: Sandbox) -> Portal:
    client.post(*sandbox.launch(installer=False))
    sandbox.forget()
    return Portal.objects.get()


def _ask() -> None:
    profile(client_for(AccessGrant.objects.select_related("portal").get()))


def _removed_without_a_word(sandbox: Sandbox) -> None:
    """Remove the application; the stored token is one that the portal still knows."""
    sandbox.control("POST", "/portals/1/uninstall", send_event=False)
    grant = AccessGrant.objects.get()
    grant.access_token = sandbox.launch(installer=False)[1]["AUTH_ID"]
    grant.save()


def _days_pass(days: float) -> None:
    Portal.objects.update(absent_since=timezone.now() - timedelta(days=days))


@pytest.mark.parametrize("code", ["APPLICATION_NOT_FOUND", "NOT_INSTALLED", "ERROR_OAUTH"])
def test_one_sign_is_not_enough(portal: Portal, sandbox: Sandbox, code: str) -> None:
    sandbox.settings(absent_code=code)
    _removed_without_a_word(sandbox)

    for _ in range(3):
        with pytest.raises(NotInstalled):
            _ask()

    portal.refresh_from_db()
    assert portal.state == Portal.State.INSTALLED
    assert portal.absent_since is not None


def test_signs_that_last_end_the_installation(portal: Portal, sandbox: Sandbox) -> None:
    _removed_without_a_word(sandbox)
    with pytest.raises(NotInstalled):
        _ask()
    _days_pass(1)

    upkeep.look_again_where_absent()

    portal.refresh_from_db()
    assert portal.state == Portal.State.UNINSTALLED
    assert AccessGrant.objects.get().refresh_token == ""
    assert AuditEntry.objects.get(kind="uninstalled").reason == "inferred"


def test_a_refresh_that_fails_for_good_is_a_sign(portal: Portal, sandbox: Sandbox) -> None:
    AccessGrant.objects.update(expires_at=timezone.now())
    sandbox.control("POST", "/portals/1/uninstall", send_event=False)

    with pytest.raises(NotInstalled):
        _ask()

    portal.refresh_from_db()
    assert portal.absent_since is not None


def test_an_answer_clears_the_signs(portal: Portal) -> None:
    _days_pass(20)

    upkeep.look_again_where_absent()

    portal.refresh_from_db()
    assert (portal.state, portal.absent_since) == (Portal.State.INSTALLED, None)


def test_an_opening_clears_the_signs(portal: Portal, client: Client, sandbox: Sandbox) -> None:
    _days_pass(20)

    client.post(*sandbox.launch(installer=False))

    portal.refresh_from_db()
    assert portal.absent_since is None


@pytest.mark.parametrize("status", [403, 410, 500])
def test_a_closed_portal_is_never_removed(portal: Portal, sandbox: Sandbox, status: int) -> None:
    sandbox.settings(closed=True, closed_status=status)
    with pytest.raises(PortalClosed):
        _ask()
    assert Portal.objects.get().absent_since is None
    _days_pass(300)

    upkeep.look_again_where_absent()

    portal.refresh_from_db()
    assert portal.state == Portal.State.INSTALLED


def test_a_token_that_the_portal_does_not_know_leads_to_the_truth(portal: Portal, sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/uninstall", send_event=False)
    with pytest.raises(TokenRefused):
        _ask()
    # By then the token's hour is over, and the authorization server is asked.
    _days_pass(1)
    AccessGrant.objects.update(expires_at=timezone.now())

    upkeep.look_again_where_absent()

    portal.refresh_from_db()
    assert portal.state == Portal.State.UNINSTALLED


@pytest.mark.parametrize("kind", ["http500", "cut_before", "limit"])
def test_no_other_trouble_is_a_sign(portal: Portal, sandbox: Sandbox, kind: str) -> None:
    sandbox.fault(kind=kind, times=1)

    with pytest.raises(BitrixError):
        _ask()

    assert Portal.objects.get().absent_since is None


def test_a_wrong_secret_of_ours_removes_nobody_soon(portal: Portal, sandbox: Sandbox) -> None:
    AccessGrant.objects.update(expires_at=timezone.now())
    sandbox.fault(kind="oauth_error", server="authorization", method="oauth/token", code="invalid_client")
    with pytest.raises(NotInstalled):
        _ask()
    for days, state in ((25, Portal.State.INSTALLED), (31, Portal.State.UNINSTALLED)):
        _days_pass(days)
        upkeep.look_again_where_absent()
        portal.refresh_from_db()
        assert portal.state == state


def test_when_every_pair_is_refused_it_takes_a_month(portal: Portal, sandbox: Sandbox) -> None:
    AccessGrant.objects.update(expires_at=timezone.now())
    sandbox.control("POST", "/portals/1/tokens/revoke")
    with pytest.raises(BitrixError):
        _ask()
    for days, state in ((25, Portal.State.INSTALLED), (31, Portal.State.UNINSTALLED)):
        _days_pass(days)
        upkeep.look_again_where_absent()
        portal.refresh_from_db()
        assert portal.state == state


def test_an_opening_from_before_the_removal_does_not_undo_it(portal: Portal, sandbox: Sandbox) -> None:

    _, fields = sandbox.launch(installer=False)
    caller = verify(fields["AUTH_ID"], server_hint="", member_id=fields["member_id"])
    lifecycle.uninstall(portal.pk)

    with pytest.raises(Refusal):
        lifecycle.opened(caller)

    portal.refresh_from_db()
    assert portal.state == Portal.State.UNINSTALLED


def test_other_rooms_are_told_inside_the_transaction(portal: Portal) -> None:
    def object_to_it(**told: Any) -> None:
        assert told["portal"].state == Portal.State.UNINSTALLED
        raise LookupError

    removal.portal_removed.connect(object_to_it)
    try:
        with pytest.raises(LookupError):
            lifecycle.uninstall(portal.pk)
    finally:
        removal.portal_removed.disconnect(object_to_it)

    portal.refresh_from_db()
    assert portal.state == Portal.State.INSTALLED


def test_idle_pairs_are_renewed_before_they_end(portal: Portal, sandbox: Sandbox) -> None:
    upkeep.renew_idle_grants()
    assert AccessGrant.objects.get().pair_number == 1
    AccessGrant.objects.update(renewed_at=timezone.now() - timedelta(days=151))

    upkeep.renew_idle_grants()
    upkeep.renew_idle_grants()

    assert AccessGrant.objects.get().pair_number == 2


def test_a_portal_that_moved_is_followed_where_the_authorization_server_says(
    portal: Portal, sandbox: Sandbox
) -> None:
    sandbox.settings(moved=True)

    _ask()

    portal.refresh_from_db()
    assert portal.client_endpoint == f"{sandbox.portal()['new_url']}/rest/"
    assert [one["method"] for one in sandbox.asked()] == ["profile", "app.info", "profile"]


def test_the_end_of_browser_sessions_is_tidied(client: Client) -> None:

    session = client.session
    session.save()
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))

    upkeep.forget_ended_browser_sessions()

    assert not Session.objects.exists()
