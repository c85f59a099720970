"""Language, theme and time zone: a person's own, in the frame without any cookie and in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client

from bxapp.audit.models import AuditEntry
from bxapp.portals import preferences, removal
from bxapp.portals.models import AccessGrant, Portal, Preference
from bxapp.portals.sessions import Actor, Channel
from bxapp.web.middleware import supported_language
from tests.portals.frame import opened_frame

if TYPE_CHECKING:
    from tests.portals.sandbox import Sandbox

pytestmark = pytest.mark.django_db

SECOND_ADMINISTRATOR = 2


def _root(page: str) -> dict[str, str]:
    """Return the attributes of a page's root."""
    found = re.search(r"<html ([^>]*)>", page)
    assert found, page[:200]
    return dict(re.findall(r'([\w-]+)="([^"]*)"', found[1]))


def _launched(sandbox: Sandbox, **wishes: Any) -> dict[str, str]:
    answer = Client().post(*sandbox.launch(installer=False, **wishes))
    root = _root(answer.content.decode())
    assert answer["Content-Language"] == root["lang"]
    return root


def _whole(frame: Client, path: str) -> str:
    return frame.get(path, headers={"HX-Request": "false"}).content.decode()


def _signed_in(sandbox: Sandbox, **headers: str) -> Client:
    browser = Client(headers=headers)
    there = browser.get("/oauth/login/", {"portal": sandbox.portals[0]})
    back = requests.get(there["Location"], allow_redirects=False, timeout=10)
    address = urlsplit(back.headers["Location"])
    assert browser.get(f"{address.path}?{address.query}").status_code == 302
    return browser


@pytest.mark.parametrize(
    ("told", "spoken"),
    [
        ("en", "en"),
        ("ru", "ru"),
        ("de", "de"),
        ("la", "es"),
        ("br", "pt-br"),
        ("fr", "fr"),
        ("pl", "pl"),
        ("ua", "en"),
        ("kz", "en"),
        ("xx", "en"),
    ],
)
def test_a_page_speaks_the_portals_language(sandbox: Sandbox, told: str, spoken: str) -> None:
    assert _launched(sandbox, language=told) == {"lang": spoken, "dir": "ltr", "data-theme": "system"}


def test_what_a_person_prefers_holds_from_the_launch_on(sandbox: Sandbox) -> None:
    frame = opened_frame(sandbox)

    answer = frame.post("/settings/preferences/", {"language": "pl", "theme": "dark"})

    assert answer.status_code == 200
    wanted = {"lang": "pl", "dir": "ltr", "data-theme": "dark"}
    assert _launched(sandbox, language="de") == wanted
    for path in ("/workflows/", "/jobs/", "/audit/", "/settings/"):
        assert _root(_whole(frame, path)) == wanted, path
    assert "Set-Cookie" not in answer


def test_it_is_of_one_person_and_one_portal(sandbox: Sandbox) -> None:
    sandbox.control("POST", f"/portals/1/users/{SECOND_ADMINISTRATOR}", admin=True)
    opened_frame(sandbox).post("/settings/preferences/", {"language": "fr", "theme": "light"})

    assert _launched(sandbox, user_id=SECOND_ADMINISTRATOR)["lang"] == "en"
    assert _launched(sandbox, number=2)["data-theme"] == "system"
    assert _launched(sandbox)["lang"] == "fr"


def test_as_in_the_portal_again(sandbox: Sandbox) -> None:
    frame = opened_frame(sandbox)
    frame.post("/settings/preferences/", {"language": "fr", "theme": "light"})

    frame.post("/settings/preferences/", {"language": "", "theme": "system"})

    assert _launched(sandbox, language="ru") == {"lang": "ru", "dir": "ltr", "data-theme": "system"}
    assert Preference.objects.count() == 1


def test_a_browser_of_its_own_has_them_too(sandbox: Sandbox) -> None:
    opened_frame(sandbox).post("/settings/preferences/", {"language": "es", "theme": "dark"})

    browser = _signed_in(sandbox, accept_language="de")

    assert _root(browser.get("/settings/").content.decode())["lang"] == "es"
    form = {"language": "", "theme": "light"}
    assert browser.post("/settings/preferences/", form)["Location"] == "/settings/#preferences"
    root = _root(browser.get("/settings/").content.decode())
    assert (root["lang"], root["data-theme"]) == ("en", "light"), "the portal's, not the browser's"


def test_where_the_portal_told_no_language_the_browser_does(sandbox: Sandbox) -> None:
    browser = _signed_in(sandbox, accept_language="de")

    assert _root(browser.get("/settings/").content.decode())["lang"] == "de"
    assert (Portal.objects.get().language, AccessGrant.objects.get().language) == ("", "")


@pytest.mark.parametrize(
    "form",
    [
        {"language": "tlh", "theme": "dark"},
        {"language": "de", "theme": "neon"},
        {"language": "de", "theme": ""},
        {},
    ],
)
def test_what_no_form_offers_is_refused(sandbox: Sandbox, form: dict[str, str]) -> None:
    frame = opened_frame(sandbox)

    answer = frame.post("/settings/preferences/", form)

    assert answer["X-Flowstop-Refusal"] == "form_incomplete"
    assert not Preference.objects.exists()


def test_they_go_with_the_application(sandbox: Sandbox) -> None:
    opened_frame(sandbox).post("/settings/preferences/", {"language": "fr", "theme": "dark"})
    grant = AccessGrant.objects.select_related("portal").get()

    removal.uninstall(grant.portal_id)

    assert not Preference.objects.exists()
    with pytest.raises(preferences.NoSuchChoiceError):
        preferences.choose(Actor(grant.portal, grant, Channel.FRAME), language="de", theme="dark")
    assert _launched(sandbox)["lang"] == "en"


def test_an_unknown_language_of_the_portal_means_english() -> None:
    assert [supported_language(code) for code in ("uk", "kk", "de-at", "pt-br", "")] == [
        *("en", "en", "de", "pt-br", "en")
    ]


def test_moments_are_in_the_persons_zone_everywhere(sandbox: Sandbox) -> None:
    """In the frame, at the launch, in the audit log, and in a browser."""
    sandbox.control("POST", "/portals/1/users/1", time_zone="Asia/Kolkata")
    frame = opened_frame(sandbox)
    browser = _signed_in(sandbox)

    pages = [frame.get(path).content.decode() for path in ("/workflows/", "/audit/", "/settings/")]
    pages += [browser.get(path).content.decode() for path in ("/workflows/", "/audit/", "/settings/")]

    assert AuditEntry.objects.exists()
    for page in pages:
        moments = re.findall(r'<time datetime="([^"]+)" title="([^"]+)">', page)
        assert moments
        for written, title in moments:
            assert written.endswith("+05:30")
            assert title.endswith(" IST")
