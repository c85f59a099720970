"""Renewing a pair: one refresh at a time, each new pair saved before it is used."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from bxapp.bitrix.errors import GrantRefused, TryLater, Unheard
from bxapp.bitrix.methods import profile
from bxapp.portals import refreshing
from bxapp.portals.grants import client_for
from bxapp.portals.models import AccessGrant
from deploy.stack import ROOT

if TYPE_CHECKING:
    from django.test import Client

    from bxapp.bitrix.oauth import TokenPair
    from tests.portals.sandbox import Sandbox


@pytest.fixture
def grant(database: None, client: Client, sandbox: Sandbox) -> AccessGrant:
    """An administrator's pair whose access token is over."""
    client.post(*sandbox.launch(installer=False))
    sandbox.control("POST", "/portals/1/tokens/expire")
    sandbox.forget()
    return _grant()


def _grant() -> AccessGrant:
    return AccessGrant.objects.select_related("portal").get()


def _refreshes(sandbox: Sandbox) -> int:
    return sum(one["method"] == "oauth/token" for one in sandbox.asked("authorization"))


def test_a_refused_token_is_renewed_once_and_the_call_repeated(grant: AccessGrant, sandbox: Sandbox) -> None:
    assert profile(client_for(grant)).user_id == 1

    renewed = _grant()
    assert (renewed.pair_number, renewed.state) == (2, AccessGrant.State.ACTIVE)
    assert renewed.access_token != grant.access_token
    assert renewed.refresh_token != grant.refresh_token
    assert (renewed.refresh_holder, renewed.refresh_until) == (None, None)
    assert _refreshes(sandbox) == 1


def test_a_valid_token_is_never_renewed(database: None, client: Client, sandbox: Sandbox) -> None:
    client.post(*sandbox.launch(installer=False))

    for _ in range(3):
        profile(client_for(_grant()))

    assert _refreshes(sandbox) == 0


def test_a_token_whose_time_is_over_is_renewed_before_it_is_used(
    grant: AccessGrant, sandbox: Sandbox
) -> None:
    AccessGrant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    profile(client_for(_grant()))

    assert [one["error"] for one in sandbox.asked("portal")] == [""]


def test_twenty_threads_renew_once(grant: AccessGrant, sandbox: Sandbox) -> None:
    sandbox.fault(kind="slow_after", server="authorization", method="oauth/token", seconds=0.5)
    together = threading.Barrier(20)

    def ask(_: int) -> int:
        try:
            client = client_for(grant)
            together.wait()
            return profile(client).user_id
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(20))) == [1] * 20
    assert _refreshes(sandbox) == 1
    assert _grant().pair_number == 2


def test_threads_that_share_a_client_renew_once(grant: AccessGrant, sandbox: Sandbox) -> None:
    client = client_for(grant)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: profile(client).user_id, range(8))) == [1] * 8

    assert _refreshes(sandbox) == 1


_ASK = """
import django; django.setup()
from bxapp.bitrix.methods import profile
from bxapp.portals.grants import client_for
from bxapp.portals.models import AccessGrant
client = client_for(AccessGrant.objects.select_related("portal").get())
print("ready", flush=True); input()
print(profile(client).user_id)
"""


def test_several_processes_renew_once(grant: AccessGrant, sandbox: Sandbox) -> None:
    sandbox.fault(kind="slow_after", server="authorization", method="oauth/token", seconds=0.5)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "bxapp.settings",
        "DATABASE_URL": _database_url(),
        "BITRIX24_OAUTH_SERVERS": sandbox.authorization,
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _ASK],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    assert [process.communicate(timeout=30)[0] for process in processes] == ["1\n"] * 4
    assert _refreshes(sandbox) == 1


def _database_url() -> str:
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def test_a_new_pair_is_saved_before_it_is_used(grant: AccessGrant, sandbox: Sandbox) -> None:
    sandbox.fault(kind="cut_after", method="profile", skip=1, times=1)

    with pytest.raises(Unheard):
        profile(client_for(grant))

    assert _grant().pair_number == 2
    assert profile(client_for(_grant())).user_id == 1
    assert _refreshes(sandbox) == 1


def test_a_lost_answer_is_asked_for_again(grant: AccessGrant, sandbox: Sandbox) -> None:
    sandbox.settings(one_time_refresh=False)
    sandbox.fault(kind="cut_after", server="authorization", method="oauth/token", times=1)

    assert profile(client_for(grant)).user_id == 1

    assert _refreshes(sandbox) == 2


def test_a_pair_whose_answer_is_lost_for_good_needs_its_user(grant: AccessGrant, sandbox: Sandbox) -> None:
    sandbox.fault(kind="cut_after", server="authorization", method="oauth/token", times=1)

    with pytest.raises(GrantRefused):
        profile(client_for(grant))

    refused = _grant()
    assert (refused.state, refused.access_token, refused.refresh_token) == (AccessGrant.State.REFUSED, "", "")


def test_a_refused_pair_is_not_asked_about_again(
    grant: AccessGrant, client: Client, sandbox: Sandbox
) -> None:
    sandbox.control("POST", "/portals/1/tokens/revoke")
    AccessGrant.objects.update(expires_at=timezone.now())
    for _ in range(3):
        with pytest.raises(GrantRefused):
            profile(client_for(_grant()))
    assert _refreshes(sandbox) == 1

    client.post(*sandbox.launch(installer=False))

    assert profile(client_for(_grant())).user_id == 1


def test_a_server_that_fails_leaves_the_pair_as_it_was(grant: AccessGrant, sandbox: Sandbox) -> None:
    sandbox.fault(kind="cut_before", server="authorization", method="oauth/token", times=2)

    with pytest.raises(Unheard):
        profile(client_for(grant))

    same = _grant()
    assert (same.state, same.pair_number, same.refresh_holder) == (AccessGrant.State.ACTIVE, 1, None)
    assert profile(client_for(same)).user_id == 1


def test_a_launch_meanwhile_wins(
    grant: AccessGrant, client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, launched = threading.Event(), threading.Event()
    check_owner = refreshing._check_owner

    def after_the_launch(grant: AccessGrant, pair: TokenPair) -> None:
        answered.set()
        assert launched.wait(60)
        check_owner(grant, pair)

    monkeypatch.setattr(refreshing, "_check_owner", after_the_launch)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(lambda: profile(client_for(grant)).user_id)
        assert answered.wait(60)
        _, fields = form = sandbox.launch(installer=False)
        client.post(*form)
        launched.set()
        assert asking.result() == 1

    assert (_grant().pair_number, _grant().access_token) == (2, fields["AUTH_ID"])


def test_a_refresh_token_of_another_portal_is_not_used(
    database: None, client: Client, sandbox: Sandbox
) -> None:
    address, fields = sandbox.launch(installer=False)
    _, foreign = sandbox.launch(2, installer=False)
    client.post(address, fields | {"REFRESH_ID": foreign["REFRESH_ID"]})
    sandbox.control("POST", "/portals/1/tokens/expire")

    with pytest.raises(GrantRefused):
        profile(client_for(_grant()))

    assert _grant().state == AccessGrant.State.REFUSED
    assert [one for one in sandbox.asked("portal") if one["portal"] == 2] == []


def test_nothing_is_done_in_the_name_of_a_system_user(grant: AccessGrant, sandbox: Sandbox) -> None:
    sandbox.settings(moves_pairs_of_dismissed=True)
    sandbox.control("POST", "/portals/1/users/1", active=False)

    with pytest.raises(GrantRefused):
        profile(client_for(grant))


def test_a_lease_that_nobody_gives_back_ends(grant: AccessGrant, sandbox: Sandbox) -> None:
    dead = {"refresh_holder": uuid.uuid4(), "refresh_until": timezone.now() + timedelta(seconds=0.5)}
    AccessGrant.objects.update(**dead)

    assert profile(client_for(grant)).user_id == 1


def test_the_lease_lasts_as_long_on_every_machine_whichever_way_clocks_differ(
    grant: AccessGrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = timezone.now
    apart = timedelta(minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: present() - apart)
    assert refreshing._take_lease(grant, uuid.uuid4())

    monkeypatch.setattr(timezone, "now", lambda: present() + apart)
    AccessGrant.objects.update(refresh_until=F("refresh_until") - refreshing.LEASE + timedelta(seconds=30))
    assert not refreshing._take_lease(grant, uuid.uuid4())

    AccessGrant.objects.update(refresh_until=F("refresh_until") - timedelta(seconds=31))
    monkeypatch.setattr(timezone, "now", lambda: present() - apart)
    assert refreshing._take_lease(grant, uuid.uuid4())


def test_a_late_answer_makes_a_refused_pair_work(
    grant: AccessGrant, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's attempt with the same token is refused while the answer to the first is on its way."""
    revived: list[AccessGrant] = []

    def note(grant: AccessGrant, **_signal: object) -> None:
        revived.append(grant)

    refreshing.pair_revived.connect(note)
    answers = refreshing._check_owner

    def refused_meanwhile(grant: AccessGrant, pair: TokenPair) -> None:
        monkeypatch.setattr(refreshing, "_check_owner", answers)
        AccessGrant.objects.update(refresh_holder=None, refresh_until=None)
        with pytest.raises(GrantRefused):
            refreshing.newer_pair(grant.pk, 1)
        assert _grant().state == AccessGrant.State.REFUSED
        answers(grant, pair)

    monkeypatch.setattr(refreshing, "_check_owner", refused_meanwhile)

    assert profile(client_for(grant)).user_id == 1

    assert _refreshes(sandbox) == 2
    assert (_grant().state, _grant().pair_number) == (AccessGrant.State.ACTIVE, 2)
    assert [(one.state, one.pair_number) for one in revived] == [(AccessGrant.State.ACTIVE, 2)]
    refreshing.pair_revived.disconnect(note)


def test_who_waits_too_long_tries_later(
    grant: AccessGrant, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "WAIT_SECONDS", 0.3)
    held = {"refresh_holder": uuid.uuid4(), "refresh_until": timezone.now() + timedelta(seconds=60)}
    AccessGrant.objects.update(**held)

    with pytest.raises(TryLater):
        profile(client_for(grant))

    assert _refreshes(sandbox) == 0


def test_nothing_is_renewed_inside_a_transaction(grant: AccessGrant, sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        profile(client_for(grant))

    assert _refreshes(sandbox) == 0


def test_a_thread_of_a_pool_keeps_no_connection(grant: AccessGrant) -> None:
    def ask() -> bool:
        profile(client_for(grant))
        return connection.connection is None

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(ask).result()
