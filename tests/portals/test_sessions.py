"""Sessions: of one document, one person and one installation, and over when any of them is."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpResponse
from django.test import Client

from bxapp.portals import removal, sessions
from bxapp.portals.access import administrator
from bxapp.portals.middleware import ActorMiddleware
from bxapp.portals.models import AccessGrant, Portal
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from django.test import RequestFactory

    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db


@dataclass
class Page:
    """A loaded page of the frame, and what it carries."""

    client: Client
    session: str
    document: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session}", "X-Flowstop-Document": self.document}

    def renew(self, fields: dict[str, str], **changes: Any) -> Any:
        body = {name: fields[name] for name in ("AUTH_ID", "REFRESH_ID", "AUTH_EXPIRES", "member_id")}
        return self.client.post(
            "/session/renew/",
            json.dumps(body | {"document": self.document} | changes),
            content_type="application/json",
            headers=self.headers,
        )


@pytest.fixture
def page(client: Client, sandbox: Sandbox) -> Page:
    context = client.post(*sandbox.launch(installer=False)).context
    return Page(client, context["session_token"], context["document_id"])


def _later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time
    monkeypatch.setattr("django.core.signing.time.time", lambda: now() + seconds)


def test_a_session_says_who_acts(page: Page) -> None:
    actor = sessions.read(page.session, page.document)

    assert actor is not None
    assert (actor.name, actor.user_id, actor.channel) == ("Anna Berg", 1, "frame")


def test_it_is_good_for_its_document_only(page: Page) -> None:
    assert sessions.read(page.session, sessions.new_document()) is None
    assert sessions.read(page.session, "") is None


def test_it_cannot_be_changed(page: Page) -> None:
    head, _, tail = page.session.partition(":")
    assert sessions.read(f"{head[:-1]}A:{tail}", page.document) is None
    assert sessions.read("", page.document) is None


def test_it_ends_after_half_an_hour(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    _later(monkeypatch, sessions.LIFETIME_SECONDS + 5)

    assert sessions.read(page.session, page.document) is None


def test_it_ends_with_the_installation(page: Page) -> None:
    Portal.objects.update(installation=2)
    assert sessions.read(page.session, page.document) is None

    Portal.objects.update(installation=1, state=Portal.State.UNINSTALLED)
    assert sessions.read(page.session, page.document) is None


@pytest.mark.parametrize("change", [{"is_admin": False}, {"state": AccessGrant.State.DROPPED}])
def test_it_ends_with_the_persons_rights(page: Page, change: dict[str, Any]) -> None:
    AccessGrant.objects.update(**change)

    assert sessions.read(page.session, page.document) is None


def test_a_page_left_open_over_night_goes_on(
    page: Page, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _later(monkeypatch, 12 * 3600)
    _, fields = sandbox.launch(installer=False)

    answer = page.renew(fields)

    assert answer.status_code == 200, answer.content
    assert answer.json()["expires_in_seconds"] == sessions.LIFETIME_SECONDS
    assert sessions.read(answer.json()["session"], page.document) is not None
    assert AccessGrant.objects.get().access_token == fields["AUTH_ID"]


def test_a_renewal_keeps_what_a_launch_said(page: Page, sandbox: Sandbox) -> None:
    Portal.objects.update(language="de")
    AccessGrant.objects.update(language="de")
    token = Portal.objects.get().application_token

    page.renew(sandbox.launch(installer=False)[1])

    assert (Portal.objects.get().language, AccessGrant.objects.get().language) == ("de", "de")
    assert Portal.objects.get().application_token == token


def test_a_renewal_is_verified_like_a_launch(page: Page, sandbox: Sandbox) -> None:
    _, fields = sandbox.launch(installer=False)

    for changes, reason in (
        ({"AUTH_ID": "0" * 70}, "unknown_token"),
        ({"AUTH_ID": sandbox.launch(client_id="local.foreign")[1]["AUTH_ID"]}, "wrong_application"),
        ({"AUTH_ID": sandbox.launch(2, installer=False)[1]["AUTH_ID"]}, "unknown_token"),
        ({"AUTH_ID": sandbox.launch(installer=False, user_id=2)[1]["AUTH_ID"]}, "session_ended"),
        ({"member_id": sandbox.member_id(2)}, "session_ended"),
        ({"document": sessions.new_document()}, "session_ended"),
        ({"AUTH_ID": ""}, "form_incomplete"),
    ):
        answer = page.renew(fields, **changes)
        assert (answer.json()["refusal"], answer.status_code >= 400) == (reason, True), changes
    assert AccessGrant.objects.count() == 1


def test_a_renewal_needs_the_session_that_the_page_had(page: Page, sandbox: Sandbox) -> None:
    _, fields = sandbox.launch(installer=False)
    page.session = ""

    assert page.renew(fields).json()["refusal"] == "session_ended"


def test_a_renewal_is_refused_to_somebody_who_lost_the_rights(page: Page, sandbox: Sandbox) -> None:
    sandbox.control("POST", "/portals/1/users/1", admin=False)

    answer = page.renew(sandbox.launch(installer=False)[1])

    assert answer.json()["refusal"] == "not_administrator"
    assert sessions.read(page.session, page.document) is None


def test_a_renewal_is_refused_after_a_reinstallation(page: Page, sandbox: Sandbox) -> None:
    Portal.objects.update(installation=2)

    assert page.renew(sandbox.launch(installer=False)[1]).json()["refusal"] == "session_ended"


@pytest.mark.parametrize("body", ["", "[]", "7", "{", '{"AUTH_ID": {"a": 1}}', "[" * 100_000])
def test_a_renewal_that_is_no_form_is_refused(page: Page, body: str) -> None:
    answer = page.client.post("/session/renew/", body, content_type="application/json", headers=page.headers)

    assert answer.status_code in {400, 403}


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Flowstop was removed from this portal"),
        ("de", "Flowstop wurde aus diesem Portal entfernt"),
        ("es", "Flowstop se ha eliminado de este portal"),
        ("fr", "Flowstop a été supprimé de ce portail"),
        ("pl", "Flowstop został usunięty z tego portalu"),
        ("pt-br", "O Flowstop foi removido deste portal"),
        ("ru", "Flowstop удалён с этого портала"),
    ],
)
def test_a_page_whose_application_was_removed_is_told_so(page: Page, language: str, title: str) -> None:
    removal.uninstall(Portal.objects.get().pk)

    headers = {**page.headers, "HX-Request": "true", "Accept-Language": language}
    answer = page.client.get("/workflows/", headers=headers)

    assert (answer.status_code, answer["X-Flowstop-Refusal"]) == (403, "removed")
    assert title in answer.content.decode()
    # Nothing of the portal or its people.
    assert "Anna Berg" not in answer.content.decode()
    assert "localhost" not in answer.content.decode()


def test_it_is_told_so_also_after_a_night_and_when_it_wants_to_go_on(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    removal.uninstall(Portal.objects.get().pk)
    _later(monkeypatch, 12 * 3600)

    asked = page.client.get("/workflows/", headers=page.headers)
    # The portal gives such a page no pair any more.
    renewed = page.client.post(
        "/session/renew/",
        json.dumps({"document": page.document}),
        content_type="application/json",
        headers=page.headers,
    )

    assert asked["X-Flowstop-Refusal"] == "removed"
    assert renewed.json()["refusal"] == "removed"
    _later(monkeypatch, sessions.RENEWABLE_SECONDS + 5)
    assert page.client.get("/workflows/", headers=page.headers)["X-Flowstop-Refusal"] == "session_ended"


def test_a_browser_that_was_signed_in_is_told_so(page: Page) -> None:
    browser = Client()
    session = browser.session
    sessions.sign_in(session, Portal.objects.get(), AccessGrant.objects.get())
    session.save()
    browser.cookies["flowstop_session"] = session.session_key or ""
    removal.uninstall(Portal.objects.get().pk)

    assert browser.get("/workflows/")["X-Flowstop-Refusal"] == "removed"


def test_strangers_are_not_told_that_it_was_removed(page: Page) -> None:
    removal.uninstall(Portal.objects.get().pk)
    forged = page.session.replace(":", "x:", 1)

    for headers, reason in (
        ({}, "outside_portal"),
        ({**page.headers, "X-Flowstop-Document": sessions.new_document()}, "session_ended"),
        ({**page.headers, "X-Flowstop-Document": ""}, "session_ended"),
        ({**page.headers, "Authorization": f"Bearer {forged}"}, "session_ended"),
        ({**page.headers, "Authorization": "Bearer "}, "session_ended"),
    ):
        answer = page.client.get("/workflows/", headers=headers)
        assert answer["X-Flowstop-Refusal"] == reason, headers


def test_after_another_installation_only_the_session_is_over(page: Page, sandbox: Sandbox) -> None:
    removal.uninstall(Portal.objects.get().pk)
    page.client.post(*sandbox.launch())

    answer = page.client.get("/workflows/", headers=page.headers)

    assert (answer.status_code, answer["X-Flowstop-Refusal"]) == (401, "session_ended")


def test_views_are_closed_to_strangers(rf: RequestFactory) -> None:
    seen = []

    @administrator
    def view(request: Any) -> HttpResponse:
        seen.append(request.actor)
        return HttpResponse()

    browser = rf.get("/workflows/")
    frame = rf.get("/workflows/", headers={"Authorization": "Bearer nonsense"})
    for request, reason in ((browser, RefusalReason.OUTSIDE_PORTAL), (frame, RefusalReason.SESSION_ENDED)):
        request.session = {}  # type: ignore[assignment]  # an empty cookie session
        with pytest.raises(Refusal) as refused:
            ActorMiddleware(view)(request)
        assert refused.value.reason is reason
    assert seen == []


def test_a_frame_is_judged_by_its_header_alone(client: Client, page: Page) -> None:
    portal, grant = Portal.objects.get(), AccessGrant.objects.get()
    session = client.session
    sessions.sign_in(session, portal, grant)
    session.save()
    client.cookies["flowstop_session"] = session.session_key or ""

    assert client.post("/install/handlers/", headers={"Authorization": "Bearer old"}).status_code == 401


def test_a_browsers_form_needs_proof_of_origin(page: Page) -> None:
    browser = Client(enforce_csrf_checks=True)
    session = browser.session
    sessions.sign_in(session, Portal.objects.get(), AccessGrant.objects.get())
    session.save()
    browser.cookies["flowstop_session"] = session.session_key or ""

    refused = browser.post("/install/handlers/")
    assert refused.status_code == 403
    assert refused["X-Flowstop-Refusal"] == "form_expired"
    assert browser.post("/logout/").status_code == 403
    assert (
        Client(enforce_csrf_checks=True).post("/install/handlers/", headers=page.headers).status_code == 200
    )


def test_a_form_of_a_session_that_is_over_is_refused_as_such(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not as a forged one: the page renews its session and sends the form again."""
    _later(monkeypatch, sessions.LIFETIME_SECONDS + 1)

    answer = page.client.post("/settings/preferences/", {"language": "de"}, headers=page.headers)

    assert (answer.status_code, answer["X-Flowstop-Refusal"]) == (401, "session_ended")
