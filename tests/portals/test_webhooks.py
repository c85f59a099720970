"""Coming in by an incoming webhook: proved by the portal, kept apart from installations, never told."""

from __future__ import annotations

import logging
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bxapp.audit.models import AuditEntry
from bxapp.bitrix.errors import EndpointRefused, PortalMoved, RightsLost, TokenRefused, Unheard
from bxapp.bitrix.methods import profile
from bxapp.bitrix.webhooks import Webhook, read_webhook
from bxapp.journal import writing
from bxapp.portals import operators, upkeep, webhooks
from bxapp.portals.grants import client_for
from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.operators import NoSuchPortal, actor_for

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def webhook(sandbox: Sandbox, settings: Settings) -> Webhook:
    found = read_webhook(sandbox.portal()["webhooks"][0], allow_insecure=True)
    settings.BITRIX24_WEBHOOK = found
    return found


def test_a_webhook_makes_a_portal_usable_without_an_installation(webhook: Webhook, sandbox: Sandbox) -> None:
    actor = actor_for()

    assert (actor.portal.kind, actor.portal.domain) == ("webhook", webhook.domain)
    assert (actor.user_id, actor.grant.user_name) == (1, "Anna Berg")
    assert actor.name.startswith("Anna Berg (command line")
    assert profile(client_for(actor.grant)).user_id == 1
    assert {one["auth_in"] for one in sandbox.asked("portal")} == {"webhook"}
    assert sandbox.asked("authorization") == []


def test_no_token_is_sent_along(webhook: Webhook, sandbox: Sandbox) -> None:
    actor_for()
    assert [one["token_in_url"] for one in sandbox.asked("portal")] == [False]


def test_opening_again_is_no_news_and_a_new_secret_replaces_the_old_one(webhook: Webhook) -> None:
    first = webhooks.opened(webhook)
    again = webhooks.opened(webhook)

    assert again.pk == first.pk
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.OPENED).count() == 1
    AccessGrant.objects.update(access_token="an0ld0n3an0ld0n3")
    assert webhooks.opened(webhook).access_token == webhook.secret


def test_the_same_portal_may_be_installed_too_and_both_are_kept_apart(
    webhook: Webhook, client: Client, sandbox: Sandbox
) -> None:
    client.post(*sandbox.launch(installer=False))
    by_webhook = actor_for()
    installed = actor_for(sandbox.member_id())

    assert by_webhook.portal.domain == installed.portal.domain
    assert by_webhook.portal.pk != installed.portal.pk
    assert actor_for(webhook.domain).portal.pk == installed.portal.pk
    assert actor_for(webhook.portal_id).portal.pk == by_webhook.portal.pk
    sandbox.forget()
    profile(client_for(installed.grant))
    profile(client_for(by_webhook.grant))
    assert [one["auth_in"] for one in sandbox.asked("portal")] == ["auth", "webhook"]


def test_an_event_or_a_launch_cannot_name_a_webhooks_portal(
    webhook: Webhook, client: Client, sandbox: Sandbox
) -> None:
    portal = actor_for().portal
    address, fields = sandbox.launch(installer=False)

    assert client.post(address, fields | {"member_id": portal.member_id}).status_code >= 400
    event = sandbox.event("ONAPPUNINSTALL", overrides={"auth[member_id]": portal.member_id})
    assert client.post("/events/", event).status_code >= 400
    portal.refresh_from_db()
    assert portal.state == Portal.State.INSTALLED


@pytest.mark.parametrize(("secret", "user_id"), [("wr0ngs3cr3twr0ng", 1), (None, 2)], ids=["secret", "user"])
def test_a_webhook_that_the_portal_does_not_know(webhook: Webhook, secret: str | None, user_id: int) -> None:
    wrong = Webhook(webhook.rest_endpoint, user_id, secret or webhook.secret)

    with pytest.raises(TokenRefused):
        webhooks.opened(wrong)
    assert not Portal.objects.exists()


def test_an_employee_who_is_no_administrator(webhook: Webhook, sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/users/1", admin=False)

    with pytest.raises(RightsLost):
        actor_for()
    assert not Portal.objects.exists()


def test_a_webhook_that_moved_is_not_followed(webhook: Webhook, sandbox: Sandbox) -> None:
    sandbox.settings(moved=True)

    with pytest.raises(PortalMoved):
        actor_for()
    assert len(sandbox.asked("portal")) == 1


def test_plain_http_is_refused_once_it_is_not_allowed_any_more(webhook: Webhook, settings: Settings) -> None:
    grant = webhooks.opened(webhook)
    settings.BITRIX24_ALLOW_INSECURE = False

    with pytest.raises(EndpointRefused):
        client_for(grant)


def test_it_is_never_renewed(webhook: Webhook, sandbox: Sandbox) -> None:
    grant = webhooks.opened(webhook)
    AccessGrant.objects.update(renewed_at=timezone.now() - timedelta(days=400))

    upkeep.renew_idle_grants()

    grant.refresh_from_db()
    assert grant.state == AccessGrant.State.ACTIVE
    assert sandbox.asked("authorization") == []


def test_the_secret_is_nowhere_in_clear(
    webhook: Webhook, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.ERROR, "urllib3")
    actor = actor_for()
    client = client_for(actor.grant)
    profile(client)
    said = [repr(client), repr(actor), repr(actor.grant), repr(webhook)]
    for fault in ("cut_after", "http500"):
        sandbox.fault(kind=fault, method="profile", times=1)
        with pytest.raises(Unheard) as failure:
            profile(client)
        said.append(f"{failure.value!r} {failure.getrepr(style='native')}")
    writing.write()
    out = StringIO()
    call_command("journal", stdout=out)
    call_command("journal", "--json", stdout=out)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  (the names are the database's own)
            said.append(str(cursor.fetchall()))

    assert "profile" in out.getvalue()
    for text in (*said, out.getvalue(), caplog.text):
        assert webhook.secret not in text
    assert webhook.secret in serializers.serialize("json", AccessGrant.objects.all()), "readable with the key"


def test_which_portal_when_none_is_named(client: Client, sandbox: Sandbox, settings: Settings) -> None:
    settings.BITRIX24_WEBHOOK = None
    with pytest.raises(NoSuchPortal, match="No portal is installed"):
        actor_for()

    client.post(*sandbox.launch(1, installer=False))
    assert actor_for().portal.member_id == sandbox.member_id(1)

    client.post(*sandbox.launch(2, installer=False))
    with pytest.raises(NoSuchPortal, match="Name the portal"):
        actor_for()
    with pytest.raises(NoSuchPortal, match="not an installed portal"):
        actor_for("nowhere.example")
    assert actor_for(sandbox.member_id(2)).portal.member_id == sandbox.member_id(2)


def test_whose_rights(client: Client, sandbox: Sandbox, settings: Settings) -> None:
    settings.BITRIX24_WEBHOOK = None
    client.post(*sandbox.launch(user_id=1, installer=False))
    client.post(*sandbox.launch(user_id=2, installer=False))

    assert actor_for().user_id == 2, "who opened it last"
    assert actor_for(user_id=1).user_id == 1
    with pytest.raises(NoSuchPortal, match="no administrator with the ID 3"):
        actor_for(user_id=3)
    AccessGrant.objects.update(state=AccessGrant.State.REFUSED)
    with pytest.raises(NoSuchPortal, match="let one open it"):
        actor_for()


def test_the_webhooks_rights_are_its_users(webhook: Webhook) -> None:
    with pytest.raises(NoSuchPortal, match="user 1's"):
        actor_for(user_id=2)


def test_a_process_without_a_login_name_acts_all_the_same(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)

    assert operators.actor_for().name == "Anna Berg (command line)"
