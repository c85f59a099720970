"""Who is no administrator any more sees and does nothing more, in the frame as in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from bxapp.audit.models import AuditEntry
from bxapp.portals import sessions
from bxapp.portals.models import AccessGrant, Portal
from tests.portals.frame import opened_frame

if TYPE_CHECKING:
    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db

SCREENS = ["/workflows/", "/jobs/", "/audit/", "/settings/"]


@pytest.fixture
def browser(sandbox: Sandbox) -> Client:
    """A browser in which the first administrator of portal 1 has signed in just now."""
    opened_frame(sandbox)
    signed_in = Client()
    session = signed_in.session
    sessions.sign_in(session, Portal.objects.get(), AccessGrant.objects.get())
    session.save()
    signed_in.cookies["flowstop_session"] = session.session_key or ""
    return signed_in


def _after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LIFETIME_SECONDS", -1)


def _refusals() -> list[tuple[int | None, str]]:
    return list(AuditEntry.objects.filter(kind="refused").values_list("actor_id", "reason"))


def test_the_first_refusal_by_the_portal_closes_every_screen(sandbox: Sandbox) -> None:
    frame = opened_frame(sandbox)
    sandbox.control("POST", "/portals/1/users/1", admin=False)

    assert frame.get("/workflows/")["X-Flowstop-Refusal"] == "not_administrator"

    assert [frame.get(screen).status_code for screen in SCREENS] == [401] * 4
    assert _refusals() == [(1, "not_administrator")]


def test_the_other_administrators_go_on(sandbox: Sandbox) -> None:
    anna, boris = opened_frame(sandbox), opened_frame(sandbox, user_id=2)
    sandbox.control("POST", "/portals/1/users/1", admin=False)

    anna.get("/workflows/")

    assert boris.get("/workflows/").status_code == 200


def test_a_browser_is_asked_about_now_and_then(
    browser: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.control("POST", "/portals/1/users/1", admin=False)
    assert browser.get("/audit/").status_code == 200, "the portal was not asked for anything"
    _after_an_hour(monkeypatch)

    assert browser.get("/audit/")["X-Flowstop-Refusal"] == "not_administrator"

    assert [browser.get(screen)["X-Flowstop-Refusal"] for screen in SCREENS] == ["outside_portal"] * 4
    assert _refusals() == [(1, "not_administrator")]


def test_an_administrator_notices_nothing(
    browser: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.get("/audit/")
    sandbox.forget()
    with monkeypatch.context() as later:
        _after_an_hour(later)
        assert browser.get("/audit/").status_code == 200
    assert [one["method"] for one in sandbox.asked("portal")] == ["profile"]

    assert browser.get("/audit/").status_code == 200
    assert len(sandbox.asked("portal")) == 1, "asked once, then believed for a while"


def test_a_browser_whose_pair_is_void_may_sign_in_again(browser: Client, sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/tokens/revoke")

    page = browser.get("/workflows/")

    assert (page.status_code, page["X-Flowstop-Refusal"]) == (403, "session_ended")
    assert 'action="/oauth/login/"' in page.content.decode()


def test_a_dismissed_administrator_is_not_confirmed(
    browser: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.control("POST", "/portals/1/users/1", active=False)
    _after_an_hour(monkeypatch)

    assert browser.get("/audit/")["X-Flowstop-Refusal"] == "session_ended"
